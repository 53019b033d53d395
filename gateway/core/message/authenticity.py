"""Whether the author's address is verified: what the practice's own provider found out (RFC 8601).

Handrail checks no signature itself; it reads the Authentication-Results that the server before it wrote on top. Only
fields with the configured authserv-id count, of them only those above the next `Received:` (a sender may have written
others below), and of two results for one method the upper one. What is not sure is not verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.core import addresses
from gateway.core.message.facts import Facts
from gateway.core.message.headers import Headers, as_text, pieces
from gateway.core.reasons import Reason, because

_NAME = "authentication-results"
#: A quote that is never closed goes to the end: looked for again from each backslash, it would take minutes.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[^\s"]+')
_MOST_FIELDS = 20


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
    """Whether From names its true author, and by which method. An empty `authserv` believes nobody."""
    domain = addresses.split(addresses.key(facts.author.address))[1]
    unverified = False, because("unverified-author")
    if not authserv or not domain or "several-authors" in facts.defects:
        return unverified
    results: dict[str, tuple[str, dict[str, str]]] = {}
    dkim_passes = False
    for method, result, properties in _results(facts.authentication, authserv):
        results.setdefault(method, (result, properties))
        dkim_passes |= method == "dkim" and result == "pass" and _aligned(domain, properties.get("header.d", ""))
    verdict, properties = results.get("dmarc", ("", {}))
    if verdict and properties.get("header.from", domain).lower() == domain:
        return (True, because("verified-author", how="DMARC")) if verdict == "pass" else unverified
    if dkim_passes:
        return True, because("verified-author", how="DKIM")
    verdict, properties = results.get("spf", ("", {}))
    if verdict == "pass" and _aligned(domain, properties.get("smtp.mailfrom", "").rpartition("@")[2]):
        return True, because("verified-author", how="SPF")
    return unverified


def _aligned(author: str, domain: str) -> bool:
    """Same domain, or the parent of the author's. Stricter than RFC 7489 3.1, which needs the public suffix list."""
    domain = domain.lower().rstrip(".")
    return "." in domain and (author == domain or author.endswith(f".{domain}"))


def _results(fields: tuple[str, ...], authserv: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Method, result and properties (RFC 8601 2.2), of our server's fields only."""
    for field in fields:
        server, *results = pieces(_without_comments(field))
        if (server.split() or [""])[0].lower() != authserv.lower():
            continue
        for piece in results:
            pairs = [_pair(token) for token in _TOKEN.findall(piece.replace(" =", "=").replace("= ", "="))]
            if pairs and pairs[0][1]:
                method = pairs[0][0].partition("/")[0]
                yield method, pairs[0][1].lower(), dict(reversed(pairs[1:]))


def _pair(token: str) -> tuple[str, str]:
    name, _, value = token.partition("=")
    return name.lower(), value.strip('"')


def _without_comments(field: str) -> str:
    kept: list[str] = []
    depth = 0
    for letter in field:
        depth += letter == "("
        if not depth:
            kept.append(letter)
        depth -= letter == ")" and depth > 0
    return "".join(kept)
