"""What is noted about clients, as people write it: on the command line, and in a table that a spreadsheet makes.

In go texts by the names of `Client`'s fields; out come checked values, or every fault with its line and the mend.
Knows no store: who is on the roster already is told to it.
"""

from __future__ import annotations

import csv
import io
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from babel import Locale
from pydantic import ValidationError

from gateway.core import addresses
from gateway.core.policy.client import Client, SessionRule, session_rule
from gateway.settings.mends import suggest

#: The columns of a table, in the order in which one is written.
COLUMNS = tuple(Client.model_fields)
_ADDRESS = re.compile(r"[^\s<>,;@]+@[^\s<>,;@]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: Two letters of CLDR that are no country of ISO 3166-1: unions, outlying parts, and what stands for "unknown".
_NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
#: What a spreadsheet takes for the beginning of a formula; a mark in front makes a text of it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARK = "'"


def value(field: str, text: str) -> Any:
    """What a text means for a field; an empty one is the field's default. Raises ValueError with the mend."""
    text = " ".join(text.split())
    default = Client.model_fields[field].default
    if field == "address" or text:
        return _READERS.get(field, _same)(text)
    return default


def changed(client: Client, changes: Mapping[str, Any]) -> Client:
    """The client with these values in place of what was noted; a clash is found as when it is read from the record."""
    return Client.model_validate({**client.model_dump(), **changes})


def _same(text: str) -> str:
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no address; write for example carla@client.example")
    return text


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError(f"{text!r} is no language; write for example en or de-AT")
    return text


def _country(text: str) -> str:
    code = text.upper()
    names = Locale("en").territories
    if len(code) == 2 and code.isalpha() and code in names and code not in _NO_COUNTRY:
        return code
    meant = {str(name).casefold(): key for key, name in names.items() if len(key) == 2 and key not in _NO_COUNTRY}
    near = suggest(text.casefold(), meant, "") if len(text) > 3 else ""
    found = meant.get(near.removeprefix("did you mean ").removesuffix("?"))
    mend = f"did you mean {found}?" if found else "write two letters (ISO 3166-1), for example AU or DE"
    raise ValueError(f"{text!r} is no country; {mend}")


def _timezone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = zoneinfo.available_timezones()
        place = min((zone for zone in known if zone.casefold().endswith(f"/{text.casefold()}")), default="")
        near = f"did you mean {place}?" if place else suggest(text, known, "")
        mend = near if near.startswith("did") else "write for example Europe/Berlin"
        raise ValueError(f"{text!r} is no time zone; {mend}") from error
    return text


def _messages(text: str) -> int | None:
    if not text.isdecimal() or len(text) > 6:
        raise ValueError(f"{text!r} is no number of messages; write for example 3, or 0 for the policy's own")
    return int(text) or None


def _yes_or_no(text: str) -> bool:
    if text.casefold() not in _YES_OR_NO:
        raise ValueError(f"{text!r} is neither yes nor no; write yes or no")
    return _YES_OR_NO[text.casefold()]


def _sessions(text: str) -> tuple[SessionRule, ...]:
    """Several stand behind each other, parted by semicolons."""
    written = [part for one in text.split(";") if (part := one.strip())]
    try:
        rules = [SessionRule.model_validate(session_rule(one)) for one in written]
    except ValidationError as error:
        raise ValueError(f"{text!r} is no session; every 1 to 52 weeks is what can be written") from error
    return tuple(dict.fromkeys(rules))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "address": _address,
    "language": _language,
    "country": _country,
    "timezone": _timezone,
    "messages": _messages,
    "sessions": _sessions,
    **dict.fromkeys((name for name, field in Client.model_fields.items() if field.annotation is bool), _yes_or_no),
}


@dataclass(frozen=True, slots=True)
class TableFault:
    """What is wrong with a table, at a line of its file; the head is line 1."""

    line: int
    column: str
    what: str

    def __str__(self) -> str:
        """For people."""
        return f"line {self.line}, {self.column}: {self.what}" if self.column else f"line {self.line}: {self.what}"


class BadTable(ValueError):
    """A table with faults, each of which is told."""

    def __init__(self, faults: Sequence[TableFault]) -> None:
        """There is at least one."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table, and what it makes of the roster."""

    line: int
    client: Client
    what: Literal["new", "changed", "unchanged"]


def read_table(text: str, known: Iterable[Client], policies: Iterable[str]) -> tuple[Entry, ...]:
    """The clients of a table with a head of field names, parted by commas or semicolons.

    A column that is not there leaves its field as it was noted; an empty cell takes back what was.
    Raises BadTable with every fault.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}"), newline=""), _dialect(text), strict=True)
    try:
        numbered = list(_numbered(rows))
    except csv.Error as error:
        raise BadTable([TableFault(rows.line_num, "", f"no table can be read: {error}")]) from error
    head, body = (numbered[0], numbered[1:]) if numbered else ((1, []), [])
    columns = [cell.strip().casefold().replace(" ", "_") for cell in head[1]]
    _must_have_columns(columns)
    return _entries(body, columns, {addresses.key(one.address): one for one in known}, frozenset(policies))


def _numbered(rows: Any) -> Iterator[tuple[int, Sequence[str]]]:
    """Each row with the line that it begins on: a cell may hold line ends."""
    begins = 1
    for row in rows:
        yield begins, row
        begins = rows.line_num + 1


def _dialect(text: str) -> type[csv.Dialect]:
    head = text.partition("\n")[0]
    return _Semicolons if head.count(";") > head.count(",") else csv.excel


class _Semicolons(csv.excel):
    """As spreadsheets write it where a comma stands in numbers."""

    delimiter = ";"


def _must_have_columns(columns: Sequence[str]) -> None:
    faults = [
        TableFault(1, one or "(no name)", f"unknown column; {suggest(one, COLUMNS, 'known')}")
        for one in columns
        if one not in COLUMNS
    ]
    faults += [TableFault(1, one, "stands there twice") for one in COLUMNS if columns.count(one) > 1]
    if "address" not in columns and not faults:
        faults.append(TableFault(1, "address", "the column is missing; name the fields in the first line"))
    if faults:
        raise BadTable(faults)


def _entries(
    body: Iterable[tuple[int, Sequence[str]]],
    columns: Sequence[str],
    known: Mapping[str, Client],
    policies: frozenset[str],
) -> tuple[Entry, ...]:
    faults: list[TableFault] = []
    found: dict[str, Entry] = {}
    for line, row in body:
        if not any(cell.strip() for cell in row):
            continue
        try:
            entry = _entry(line, row, columns, known, policies)
        except BadTable as error:
            faults += error.faults
            continue
        key = addresses.key(entry.client.address)
        if (before := found.get(key)) is not None:
            faults.append(TableFault(line, "address", f"it stands in line {before.line} already"))
        found[key] = entry
    if faults:
        raise BadTable(faults)
    return tuple(found.values())


def _entry(
    line: int, row: Sequence[str], columns: Sequence[str], known: Mapping[str, Client], policies: frozenset[str]
) -> Entry:
    if len(row) != len(columns):
        raise BadTable([TableFault(line, "", f"{len(row)} cells below {len(columns)} columns")])
    changes, faults = dict[str, Any](), list[TableFault]()
    for column, cell in zip(columns, row, strict=True):
        try:
            changes[column] = _must_exist(value(column, _unmarked(cell)), column, policies)
        except ValueError as error:
            faults.append(TableFault(line, column, str(error)))
    if faults:
        raise BadTable(faults)
    before = known.get(addresses.key(changes["address"]))
    client = changed(before or Client(address=changes["address"]), changes)
    return Entry(line, client, "new" if before is None else "unchanged" if client == before else "changed")


def _must_exist(found: Any, column: str, policies: frozenset[str]) -> Any:
    if column == "policy" and found and found not in policies:
        raise ValueError(f"no policy {found!r}; {suggest(found, policies, 'known')}")
    return found


def write_table(clients: Iterable[Client]) -> str:
    """A table that `read_table` reads back the same, and that runs no formula in a spreadsheet."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for client in clients:
        writer.writerow([_marked(cell(client, column)) for column in COLUMNS])
    return written.getvalue()


def cell(client: Client, field: str) -> str:
    """A field as a table says it: empty where it is the default."""
    found = getattr(client, field)
    if field == "sessions":
        return "; ".join(map(str, found))
    if isinstance(found, bool):
        return "" if found is Client.model_fields[field].default else "yes" if found else "no"
    return "" if found is None else str(found)


def _marked(text: str) -> str:
    return f"{_MARK}{text}" if text.startswith((*_FORMULA, _MARK)) else text


def _unmarked(text: str) -> str:
    return text[1:] if text.startswith(_MARK) and text[1:].startswith((*_FORMULA, _MARK)) else text
