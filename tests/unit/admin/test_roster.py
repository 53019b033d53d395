"""What is noted about clients is checked as people write it, and a table goes out and comes back the same."""

import csv
import io
import re
from datetime import date, time
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admin.roster import COLUMNS, BadTable, changed, read_table, value, write_table
from gateway.core.policy.client import Client, SessionRule
from gateway.core.policy.units import Weekday

CLEO = Client(address="cleo@client.example", name="Cleo", urgent_word="lighthouse", messages=3)


def faults(table: str, *known: Client, policies: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(BadTable) as refused:
        read_table(table, known, policies)
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("field", "text", "means"),
    [
        ("name", "  Carla \n Reyes ", "Carla Reyes"),
        ("country", "fr", "FR"),
        ("timezone", "Pacific/Auckland", "Pacific/Auckland"),
        ("messages", "3", 3),
        ("messages", "0", None),
        ("messages", "", None),
        ("quiet", "Yes", True),
        ("quiet", "", False),
        ("acks", "", True),
        ("acks", "no", False),
        ("policy", "", ""),
        ("sessions", "", ()),
        ("sessions", " ; ", ()),
        ("sessions", "thu 15:00-15:50", (SessionRule(day=Weekday.THU, start=time(15), end=time(15, 50)),)),
        (
            "sessions",
            "THU 15:00-15:50; thu 15:00-15:50 ;mon 9:00-9:50 every 2 weeks from 2026-11-23",
            (
                SessionRule(day=Weekday.THU, start=time(15), end=time(15, 50)),
                SessionRule(day=Weekday.MON, start=time(9), end=time(9, 50), every=2, since=date(2026, 11, 23)),
            ),
        ),
    ],
)
def test_a_text_means_what_its_field_says(field: str, text: str, means: Any) -> None:
    assert value(field, text) == means


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("address", "", "'' is no address; write for example carla@client.example"),
        ("language", "German", "'German' is no language; write for example en or de-AT"),
        ("country", "Germany", "'Germany' is no country; did you mean DE?"),
        ("country", "EU", "'EU' is no country; write two letters (ISO 3166-1), for example AU or DE"),
        ("country", "ß!", "'ß!' is no country; write two letters"),
        ("timezone", "Europe/Berln", "'Europe/Berln' is no time zone; did you mean Europe/Berlin?"),
        ("timezone", "Europe", "'Europe' is no time zone; "),
        ("timezone", "sydney", "'sydney' is no time zone; did you mean Australia/Sydney?"),
        ("timezone", "../etc/passwd", "'../etc/passwd' is no time zone; write for example Europe/Berlin"),
        ("messages", "-1", "'-1' is no number of messages; write for example 3, or 0 for the policy's own"),
        ("messages", "few", "'few' is no number of messages"),
        ("quiet", "perhaps", "'perhaps' is neither yes nor no; write yes or no"),
        ("sessions", "thu 15:00-15:50; thursdays", "'thursdays' is no session; write thu 15:00-15:50, or"),
        ("sessions", "thu 15:50-15:00", "'thu 15:50-15:00' ends before it begins"),
        ("sessions", "thu 15:00-15:50 every 2 weeks from 2026-11-27", "2026-11-27 is no thu"),
        ("sessions", "thu 15:00-15:50 every 99 weeks from 2026-11-26", "every 1 to 52 weeks is what can be written"),
    ],
)
def test_what_means_nothing_is_refused_with_the_mend(field: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        value(field, text)


def test_every_value_is_read_from_the_table_and_the_rest_stays() -> None:
    table = "address,quiet,messages\nCLEO@client.example,yes,\nnoor@client.example,,2\n"
    first, second = read_table(table, [CLEO], [])
    assert (first.line, first.what) == (2, "changed")
    assert first.client == changed(CLEO, {"address": "CLEO@client.example", "quiet": True, "messages": None})
    assert (second.line, second.what) == (3, "new")
    assert second.client == Client(address="noor@client.example", messages=2)


def test_what_is_in_the_table_as_it_was_noted_is_unchanged() -> None:
    (entry,) = read_table(write_table([CLEO]), [CLEO], [])
    assert (entry.client, entry.what) == (CLEO, "unchanged")


def test_a_table_of_another_spreadsheet_is_read_alike() -> None:
    table = "\N{BYTE ORDER MARK}Address;Urgent Word\r\ncleo@client.example;beacon\r\n;\r\n\r\n"
    (entry,) = read_table(table, [CLEO], [])
    assert entry.client == CLEO.model_copy(update={"urgent_word": "beacon"})


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", ["line 1, address: the column is missing; name the fields in the first line"]),
        ("name\nCleo\n", ["line 1, address: the column is missing; name the fields in the first line"]),
        ("adress,name\n", ["line 1, adress: unknown column; did you mean address?"]),
        ("address,name,name\n", ["line 1, name: stands there twice"]),
        ("address,name\ncleo@client.example\n", ["line 2: 1 cells below 2 columns"]),
        ('address,name\na@b.example,"Cleo\n', ["line 2: no table can be read: unexpected end of data"]),
        ("address\na@b.example\nA@b.example\n", ["line 3, address: it stands in line 2 already"]),
        ("address,policy\na@b.example,open-dor\n", ["line 2, policy: no policy 'open-dor'; did you mean open-door?"]),
        (
            "address,quiet,country\nnobody,perhaps,de\n\na@b.example,no,Frnce\n",
            [
                "line 2, address: 'nobody' is no address; write for example carla@client.example",
                "line 2, quiet: 'perhaps' is neither yes nor no; write yes or no",
                "line 4, country: 'Frnce' is no country; did you mean FR?",
            ],
        ),
    ],
)
def test_every_fault_of_a_table_is_told_by_line_and_column(table: str, why: list[str]) -> None:
    assert faults(table, policies=("open-door",)) == why


def test_a_line_end_in_a_name_leads_nobody_astray() -> None:
    told = faults('address,name,quiet\na@b.example,"Cleo\nB",perhaps\nb@b.example,B,perhaps\n')
    assert [fault.partition(":")[0] for fault in told] == ["line 2, quiet", "line 4, quiet"]


def test_nothing_in_a_table_runs_as_a_formula() -> None:
    odd = Client(address="cleo@client.example", name="=1+1", urgent_word="-word", calendar_name="'quoted")
    (row,) = csv.DictReader(io.StringIO(write_table([odd])))
    assert (row["name"], row["urgent_word"], row["calendar_name"]) == ("'=1+1", "'-word", "''quoted")
    (entry,) = read_table(write_table([odd]), [], [])
    assert entry.client == odd


def test_a_table_has_every_field() -> None:
    assert write_table([]) == ",".join(Client.model_fields) + "\n"
    assert COLUMNS[0] == "address"


WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20).map(
    lambda s: " ".join(s.split())
)
RULES = st.builds(
    SessionRule,
    day=st.sampled_from(Weekday),
    start=st.sampled_from([time(0), time(9), time(11, 5)]),
    end=st.sampled_from([time(12), time(23, 59)]),
)
CLIENTS = st.builds(
    Client,
    address=st.integers(0, 999).map(lambda number: f"c{number}@client.example"),
    name=WORDS,
    language=st.sampled_from(["", "de", "pt-BR"]),
    country=st.sampled_from(["", "FR", "NZ"]),
    timezone=st.sampled_from(["", "Europe/Paris"]),
    urgent_word=WORDS,
    trusted=st.booleans(),
    always_person=st.booleans(),
    quiet=st.booleans(),
    acks=st.booleans(),
    policy=st.sampled_from(["", "open-door"]),
    messages=st.none() | st.integers(1, 99),
    exempt=st.booleans(),
    sessions=st.lists(RULES, max_size=3, unique=True).map(tuple),
    calendar_name=WORDS,
)


@hypothesis.settings(deadline=None)
@given(st.lists(CLIENTS, max_size=4, unique_by=lambda client: client.address), st.sampled_from([",", ";"]))
def test_a_roster_goes_out_and_comes_back_the_same(clients: list[Client], parted_by: str) -> None:
    written = write_table(clients)
    if parted_by == ";":
        again = io.StringIO()
        csv.writer(again, delimiter=";").writerows(csv.reader(io.StringIO(written)))
        written = again.getvalue()
    assert [entry.client for entry in read_table(written, [], ["open-door"])] == clients
