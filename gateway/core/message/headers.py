"""Bytes to header fields: a splitter and decoders of our own, that take any bytes and never raise.

The standard library's parsers raise on fields that real mail carries (`Message-ID: <[x]@y>`, `From: a@`), recurse on
nested comments, and are quadratic in long address lists. Here each field is cut to 64 kB, all of them to 256 kB, and
every function is linear in what is left. Decoded values hold no line ends and no control characters.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.core.message.facts import Person

_MOST_FIELD = 64 * 1024
_MOST_ALL = 256 * 1024
_MOST_PEOPLE = 1000
_MOST_IDS = 200

_END = re.compile(rb"\r?\n(?:\r?\n|\Z)")
_UNFOLD = re.compile(rb"\r?\n(?=[ \t])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WORD = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")
_ID = re.compile(r"<[^<>]{1,998}>")
_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")
#: Codecs that Python knows by these names and that are no charsets of mail.
_NO_CHARSET = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
#: What the names mean in practice (WHATWG Encoding 4.2): nobody sends C1 controls.
_WIDER = {"ascii": "utf-8", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}


@dataclass(frozen=True, slots=True)
class Headers:
    """The header fields of a message or a part, in order; names are lower case, values unfolded and raw."""

    fields: tuple[tuple[str, bytes], ...]
    defects: tuple[str, ...] = ()
    #: The values by name: a message is asked for some sixty fields, most of which it has not.
    _named: Mapping[str, Sequence[bytes]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sorts them by name."""
        named: dict[str, list[bytes]] = {}
        for name, value in self.fields:
            named.setdefault(name, []).append(value)
        object.__setattr__(self, "_named", named)

    def raw(self, name: str) -> Sequence[bytes]:
        """All values of a field, top first."""
        return self._named.get(name.lower(), ())

    def all(self, name: str) -> list[str]:
        """All values of a field as text, encoded words decoded (RFC 2047), top first."""
        return [decode_words(as_text(value)) for value in self.raw(name)]

    def get(self, name: str) -> str:
        """The first value as text; empty where there is none."""
        return next(iter(self.all(name)), "")

    def plain(self, name: str) -> str:
        """The first value as text, encoded words left alone: for fields that machines read."""
        return next((_tidy(as_text(value)) for value in self.raw(name)), "")

    def __contains__(self, name: str) -> bool:
        """Whether there is such a field, even an empty one."""
        return name.lower() in self._named


def parse(content: bytes) -> tuple[Headers, int]:
    """The header fields and the offset at which the body begins. CRLF and bare LF both end lines."""
    if content[:1] == b"\n" or content[:2] == b"\r\n":
        return Headers(()), 1 if content[:1] == b"\n" else 2
    end = _END.search(content)
    block = content[: end.start()] if end else content
    defects = ["header-cut"] if len(block) > _MOST_ALL else []
    lines = _UNFOLD.sub(b"", block[:_MOST_ALL]).splitlines()
    fields: list[tuple[str, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name.strip() or b" " in name.strip() or len(name) > 998:
            defects.append("header-line")
            continue
        if len(value) > _MOST_FIELD:
            defects.append("header-cut")
        fields.append((name.strip().decode("ascii", "replace").lower(), value[:_MOST_FIELD].strip()))
    if not fields:
        return Headers((), ("no-header",)), 0
    return Headers(tuple(fields), tuple(dict.fromkeys(defects))), end.end() if end else len(content)


def as_text(raw: bytes) -> str:
    """Header bytes as text: UTF-8 (RFC 6532), else what Windows programs send."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def decode(raw: bytes, charset: str) -> tuple[str, bool]:
    """Bytes in a charset as text, and whether the charset was known and right. Falls back to UTF-8, then cp1252."""
    codec = _codec(charset)
    for name in dict.fromkeys(one for one in (codec, "utf-8") if one):
        try:
            # UTF-7 can name half a character, which no other encoding takes again.
            return raw.decode(name).encode("utf-8", "replace").decode("utf-8"), name == codec
        except (UnicodeError, LookupError, ValueError):
            continue
    return raw.decode("cp1252", "replace"), False


def _codec(charset: str) -> str:
    if not _CHARSET.fullmatch(charset):
        return ""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return ""
    return "" if name.replace("-", "_") in _NO_CHARSET else _WIDER.get(name, name)


def decode_words(value: str) -> str:
    """Encoded words to text (RFC 2047). A character torn between two words is put together again."""
    if "=?" not in value:
        return _tidy(value)
    text: list[str] = []
    held, charset, at = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        name = word[1].lower().partition("*")[0]
        if between.strip() or name != charset:
            text.append(decode(held, charset)[0] if held else "")
            held = b""
        if between.strip() or at == 0:
            text.append(between)
        held, charset, at = held + _word_octets(word[2], word[3]), name, word.end()
    text.append(decode(held, charset)[0] if held else "")
    return _tidy("".join([*text, value[at:]]))


def _word_octets(encoding: str, text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(octets, header=True)
    return base64_octets(octets)


def base64_octets(octets: bytes) -> bytes:
    """Base64 to bytes; what is no base64 is passed over, a torn end is dropped."""
    letters = re.sub(rb"[^A-Za-z0-9+/]+", b"", octets)
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _tidy(value: str) -> str:
    return _CONTROL.sub(" ", value).strip()


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """The ids in Message-ID, In-Reply-To or References, each once, in order, with their angle brackets.

    Kept exactly as they came but for blanks within; of very many the first and the last are kept.
    """
    found = list(dict.fromkeys("".join(one.split()) for value in values for one in _ID.findall(value)))
    return tuple(found if len(found) <= _MOST_IDS else [found[0], *found[1 - _MOST_IDS :]])


def people(values: Iterable[str]) -> tuple[Person, ...]:
    """The addresses of From, Reply-To and their like (RFC 5322 3.4), as raw text; group names are passed over."""
    return tuple(person for value in values for raw in _split(value) if (person := _person(raw)).address)[:_MOST_PEOPLE]


def _split(value: str) -> list[str]:
    """Cut an address list at its commas, semicolons and group names, with comments taken out."""
    pieces: list[str] = []
    now: list[str] = []
    depth, quoted, angle, skip = 0, False, False, False
    for letter in value:
        if skip:
            skip = False
        elif letter == "\\" and (quoted or depth):
            skip = True
        elif depth or (letter == "(" and not quoted):
            depth += (letter == "(") - (letter == ")")
            continue
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "<>":
            angle = letter == "<"
        elif not quoted and not angle and letter in ",;:":
            if letter != ":":
                pieces.append("".join(now))
            now = []
            continue
        if not depth:
            now.append(letter)
    return [*pieces, "".join(now)]


def _person(raw: str) -> Person:
    name, angle, rest = raw.rpartition("<")
    address = rest.partition(">")[0] if angle else raw
    bare = "".join(address.split())
    if "@" not in bare.strip("@") and bare.upper() != "MAILER-DAEMON":
        return Person("")
    return Person(_tidy(bare), _unquote(decode_words(name)))


def _unquote(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return decode_words(name) if "=?" in name else name


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """A structured value and its parameters (RFC 2045 5.1), both in lower case but for the parameters' values.

    Continuations and charsets (RFC 2231) are put together.
    """
    parts = pieces(value)
    found: dict[str, str] = {}
    for piece in parts[1:]:
        name, equals, given = piece.partition("=")
        stem, star, _ = name.strip().lower().partition("*")
        if equals and stem:
            found[stem] = found.get(stem, "") + _extended(_unquote(given)) if star else _unquote(given)
    return parts[0].strip().lower(), found


def _extended(value: str) -> str:
    charset, tick, rest = value.partition("'")
    octets = (rest.partition("'")[2] if tick else value).encode("utf-8", "replace")
    plain = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), octets)
    return decode(plain, charset if tick else "utf-8")[0]


def pieces(value: str) -> list[str]:
    """A structured value cut at its semicolons, those in quoted strings left alone; at most a hundred pieces."""
    found: list[str] = []
    start, quoted, skip = 0, False, False
    for at, letter in enumerate(value):
        if skip:
            skip = False
        elif letter == "\\" and quoted:
            skip = True
        elif letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            found.append(value[start:at])
            start = at + 1
    return [*found, value[start:]][:100]
