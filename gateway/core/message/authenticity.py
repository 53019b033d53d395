"""Whether the author's address is verified: what the practice's own provider found out (RFC 8601).

Handrail checks no signature itself; it reads the Authentication-Results that the server before it, or the provider
that keeps the mailbox, wrote on top. Which fields are the provider's is said by `trusted_authserv`: an authserv-id, or
`topmost` for whatever server wrote the uppermost field, with an id or without one (Microsoft writes none). Of them only
those above the next `Received:` count, and of these for each method the uppermost field alone: what stands below may
be the sender's own. ARC-Authentication-Results are another field, and never read. What is not sure is not verified;
what is refuted is worse than that: nothing automatic goes to whoever is named in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.core import addresses
from gateway.core.message.facts import Facts
from gateway.core.message.headers import Headers, as_text, pieces
from gateway.core.reasons import Reason, because

#: In place of an authserv-id: the server that wrote the uppermost field is believed, whatever it calls itself.
TOPMOST = "topmost"

_NAME = "authentication-results"
#: A quote that is never closed goes to the end: looked for again from each backslash, it would take minutes.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[^\s"]+')
_MOST_FIELDS = 20
_METHODS = frozenset({"dmarc", "dkim", "spf"})
#: A field with so many of them is a server's whole verdict: nothing below it is asked for what it does not say.
_WHOLE = 2


@dataclass(frozen=True, slots=True)
class _Result:
    """One method's result with its properties (RFC 8601 2.2), all but their values in lower case."""

    method: str
    result: str
    properties: dict[str, str]

    def domain(self, *names: str) -> str:
        """The domain of the first of these properties that is there."""
        value = next((self.properties[name] for name in names if name in self.properties), "")
        return value.strip("<>").rpartition("@")[2].lower().rstrip(".")


def authentication(headers: Headers) -> tuple[str, ...]:
    """The fields that the last server before us can have written: from the top to the `Received:` under the first."""
    found: list[str] = []
    for name, value in headers.fields:
        if name == _NAME and len(found) < _MOST_FIELDS:
            found.append(as_text(value))
        elif name == "received" and found:
            break
    return tuple(found)


def verify(facts: Facts, authserv: str) -> tuple[bool, Reason]:
    """Whether From names its true author, and by which method. An empty `authserv` believes nobody.

    Only `fail` of DMARC tells of a forgery, and forbids to look further: `none` says that the domain's owner asks for
    nothing, and Microsoft's `bestguesspass` that nothing more is known.
    """
    domain = addresses.split(addresses.key(facts.author.address))[1]
    if not authserv or not domain:
        return False, because("unverified-author")
    results = tuple(_believed(facts.authentication, authserv))
    if refuted := _refuted(domain, results):
        return False, because("forged-author", how=refuted)
    how = "" if "several-authors" in facts.defects else _how(domain, results)
    return (True, because("verified-author", how=how)) if how else (False, because("unverified-author"))


def _refuted(domain: str, results: tuple[_Result, ...]) -> str:
    """The method that shows that the author's domain did not send this, empty for none: DMARC's `fail`; or, where its
    owner asks for no DMARC, SPF's, by which the owner says that this host may not (RFC 7208 8.4).
    """
    if any(one.method == "dmarc" and one.result == "fail" for one in results):
        return "DMARC"
    if _how(domain, results):
        return ""
    spf = [one for one in results if one.method == "spf" and one.result == "fail"]
    return "SPF" if any(_aligned(domain, one.domain("smtp.mailfrom", "smtp.mail")) for one in spf) else ""


def _how(domain: str, results: tuple[_Result, ...]) -> str:
    """The method that proves the domain, empty for none."""
    dmarc = [one for one in results if one.method == "dmarc"]
    if any(one.result == "pass" for one in dmarc):
        told = {(one.result, one.domain("header.from") or domain) for one in dmarc}
        return "DMARC" if told == {("pass", domain)} else ""
    signed = (one for one in results if one.method == "dkim" and one.result == "pass")
    if any(_aligned(domain, one.domain("header.d", "header.i")) for one in signed):
        return "DKIM"
    sent = [one for one in results if one.method == "spf" and one.domain("smtp.mailfrom", "smtp.mail")]
    by_sender = [one.result == "pass" and _aligned(domain, one.domain("smtp.mailfrom", "smtp.mail")) for one in sent]
    return "SPF" if by_sender and all(by_sender) else ""


def _aligned(author: str, domain: str) -> bool:
    """Same domain, or the parent of the author's. Stricter than RFC 7489 3.1, which needs the public suffix list."""
    return "." in domain and (author == domain or author.endswith(f".{domain}"))


def _believed(fields: Iterable[str], authserv: str) -> Iterator[_Result]:
    """The results of the server that is believed, each method's from the uppermost field that has it."""
    told: set[str] = set()
    for results in _fields_of(fields, authserv):
        fresh = [one for one in results if one.method in _METHODS - told]
        yield from fresh
        methods = {one.method for one in results} & _METHODS
        told |= methods
        if len(methods) >= _WHOLE:
            return


def _fields_of(fields: Iterable[str], authserv: str) -> Iterator[list[_Result]]:
    """The results of each field of the server that is believed, top first."""
    wanted = None if authserv == TOPMOST else authserv.lower()
    for field in fields:
        server, results = _read(field)
        if wanted is None:
            wanted = server
        if server == wanted or (authserv == TOPMOST and _of_one_provider(server, wanted)):
            yield results


def _of_one_provider(server: str, other: str) -> bool:
    """Whether two ids are hosts of one domain: providers sign their checks with the names of several machines."""
    domain = server.partition(".")[2]
    return "." in domain and domain == other.partition(".")[2]


def _read(field: str) -> tuple[str, list[_Result]]:
    """The server, empty where it names none, and its results. Pieces that are no result are passed over."""
    first, *rest = pieces(_without_comments(field))
    server = next(iter(first.split()), "").strip('"').lower()
    if "=" in server:  # Microsoft's begins with its first result
        server, rest = "", [first, *rest]
    return server, [found for piece in rest if (found := _result(piece)) is not None]


def _result(piece: str) -> _Result | None:
    pairs = [_pair(token) for token in _TOKEN.findall(piece.replace(" =", "=").replace("= ", "="))]
    if not pairs or not pairs[0][1]:
        return None
    method, verdict = pairs[0]
    return _Result(method.partition("/")[0], verdict.lower(), dict(reversed(pairs[1:])))


def _pair(token: str) -> tuple[str, str]:
    name, _, value = token.partition("=")
    return name.lower(), value.strip('"')


def _without_comments(field: str) -> str:
    """Empty where comments can't be told for sure: servers repeat the sender's address in them, and its local part may
    hold quotes and parentheses that make the rest look like a result.
    """
    kept: list[str] = []
    depth, quoted, skip = 0, False, False
    for letter in field:
        if skip:
            skip = False
        elif letter == "\\" and (quoted or depth):
            skip = True
        elif letter == '"':
            if depth:
                return ""
            quoted = not quoted
        elif letter in "()" and not quoted:
            depth += 1 if letter == "(" else -1
            if depth < 0:
                return ""
            letter = " "
        if not depth:
            kept.append(letter)
    return "" if depth or quoted else "".join(kept)
