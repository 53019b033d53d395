"""What the settings say against themselves, each with its mend: promises that can't be kept, knobs without effect.

In go settings that are valid each by itself; out come findings, the gravest first. `check` is pure; `check_live`
asks the world by probes that it is given. Names, files and addresses that are wrong are `settings.load`'s affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from urllib.parse import urlsplit

from babel.numbers import get_territory_currencies

from gateway.core.events import Level
from gateway.core.policy.consistency import Inconsistency, inconsistencies
from gateway.core.policy.schema import Policy
from gateway.core.policy.waits import in_words
from gateway.ports import Unavailable
from gateway.settings.about import about
from gateway.settings.hosts import on_loopback
from gateway.settings.schema import Mailbox, Settings
from gateway.settings.sign_in import Secret

#: The longest that one probe may take.
PATIENCE = timedelta(seconds=30)
#: The category that a number of words makes, and no lexicon.
_TOUCHPOINT = "touchpoint"
_CLEARTEXT = {
    "smtp": "smtp+starttls",
    "imap": "imap+starttls",
    "lmtp": "lmtp+unix (or a tunnel)",
}


@unique
class Severity(StrEnum):
    """How grave a finding is. An error keeps mail or promises from working; a notice is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: where in the config folder (or in the world), what is so, and what mends it."""

    severity: Severity
    where: str
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks the world one thing. `ask` returns what it found in words, or raises Unavailable."""

    where: str
    mend: str
    ask: Callable[[], Awaitable[str]]


def check(settings: Settings, spoken: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """Everything that the settings say against themselves, the gravest first; `spoken` are languages with templates.

    Only policies that mail can come under are looked at.
    """
    found = [*_house(settings), *_mailboxes(settings), *_policies(settings, spoken)]
    return _gravest_first(found)


def check_policy(settings: Settings, name: str, spoken: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """What one policy says and can't keep, for each mailbox that it is used for; for all of them where for none."""
    mailboxes = policies_in_use(settings).get(name) or tuple(settings.gateway.mailboxes)
    return _gravest_first([*_policy(settings, name, mailboxes, spoken)])


def _gravest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without those that are told twice."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: list(Severity).index(finding.severity)))


async def check_live(probes: Sequence[Probe]) -> tuple[Finding, ...]:
    """What the world says to each probe, in their order; all are asked at once."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_ask(probe)) for probe in probes]
    return tuple(task.result() for task in asked)


async def _ask(probe: Probe) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return Finding(Severity.FINE, probe.where, await probe.ask())
    except TimeoutError:
        return Finding(Severity.ERROR, probe.where, f"no answer within {in_words(PATIENCE)}", probe.mend)
    except Unavailable as error:
        return Finding(Severity.ERROR, probe.where, str(error), probe.mend)


def policies_in_use(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Each policy that mail can come under, with the mailboxes that it is for."""
    found: dict[str, set[str]] = {}
    for name, mailbox in settings.gateway.mailboxes.items():
        found.setdefault(mailbox.policy, set()).add(name)
    for route in settings.routes:
        if route.policy:
            found.setdefault(route.policy, set()).add(route.mailbox)
    return {policy: tuple(sorted(names)) for policy, names in sorted(found.items())}


def _house(settings: Settings) -> Iterator[Finding]:
    gateway = settings.gateway
    if not gateway.practice.phone and not settings.crisis_line:
        yield Finding(
            Severity.WARNING,
            "gateway.yaml practice",
            "acks can't name a number for a crisis",
            "set `phone`, and `crisis_line` or `region`",
        )
    exposed = [listen for listen in gateway.smtp.listen if gateway.relays and not on_loopback(_host(listen))]
    if exposed and gateway.smtp.tls is None:
        yield Finding(
            Severity.WARNING,
            "gateway.yaml smtp",
            f"mail comes in over the network in clear text ({', '.join(exposed)})",
            "give `smtp.tls` a certificate and its key, or listen on 127.0.0.1",
        )
    if exposed and gateway.smtp.hostname == "localhost":
        yield Finding(
            Severity.NOTICE,
            "gateway.yaml smtp.hostname",
            "the gateway greets other servers as localhost",
            "set `smtp.hostname` to the name under which they find it",
        )
    if gateway.web is not None and not on_loopback(_host(gateway.web.listen)):
        yield Finding(
            Severity.WARNING,
            "gateway.yaml web.listen",
            "the pages have no sign-in, and anybody on the network can open them",
            "listen on 127.0.0.1 and put a proxy that signs people in before it",
        )
    spoken = gateway.practice.language.partition("-")[0]
    raising = [lexicon for lexicon in settings.lexicons if lexicon.level.rank >= Level.URGENT.rank]
    if spoken not in {lexicon.language.partition("-")[0] for lexicon in raising}:
        yield Finding(
            Severity.WARNING,
            "gateway.yaml practice.language",
            f"no lexicon knows words of urgency in {spoken}, so no message in it is ever urgent",
            f"add urgency/{spoken}/urgent.yaml; `handrail init` and the shipped config/urgency show the form",
        )
    yield from _ways_out(settings)


def _ways_out(settings: Settings) -> Iterator[Finding]:
    smarthost = settings.gateway.smarthost.url
    if urlsplit(smarthost).scheme == "maildir":
        yield Finding(
            Severity.NOTICE,
            "gateway.yaml smarthost",
            "your acks, receipts and alerts go into a folder, not to people",
            "set `smarthost.url` to your mail provider's submission server",
        )
    yield from _cleartext("gateway.yaml smarthost", smarthost)
    said = settings.gateway.smarthost
    if said.oauth2 is None and not said.sign_in:
        yield from _sign_in("gateway.yaml smarthost", smarthost, "password", said.password, user=said.user)
        yield from _outdated("gateway.yaml smarthost", said.provider, said.password)
    for name, mailbox in settings.gateway.mailboxes.items():
        where = f"gateway.yaml mailboxes.{name}"
        yield from _cleartext(f"{where}.deliver", mailbox.deliver or "")
        yield from _cleartext(f"{where}.watch", mailbox.watch or "")
        if mailbox.deliver is not None:
            yield from _sign_in(f"{where}.deliver", mailbox.deliver, "deliver_password", mailbox.deliver_password)
        if mailbox.oauth2 is None:
            yield from _sign_in(f"{where}.watch", mailbox.watch or "", "password", mailbox.password)
            yield from _outdated(f"{where}.watch", mailbox.provider, mailbox.password)


def _cleartext(where: str, url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.scheme in _CLEARTEXT and not on_loopback(parts.hostname or ""):
        yield Finding(
            Severity.WARNING,
            where,
            f"mail, and a password if there is one, goes over the network in clear text ({parts.scheme}:)",
            f"write {_CLEARTEXT[parts.scheme]}",
        )


def _sign_in(where: str, url: str, key: str, password: Secret | None, user: str = "") -> Iterator[Finding]:
    """A user and a password belong together; a watch over IMAP always signs in, as the mailbox's address if need be."""
    parts = urlsplit(url)
    signs_in = parts.scheme.startswith("imap") or bool(parts.username or user)
    if signs_in and password is None:
        what = "there is no password to sign in with"
        mend = f"set `{key}`, for example {key}: {{env: MAIL_PASSWORD}}; or `oauth2`, as docs/sign-in.md says"
        yield Finding(Severity.ERROR, where, what, mend)
    if password is not None and not signs_in:
        mend = f"take `{key}` out" if parts.scheme in ("", "maildir", "lmtp+unix") else "write user@host into the URL"
        yield Finding(Severity.WARNING, where, f"nothing signs in with its `{key}`", mend)


def _outdated(where: str, provider: str | None, password: Secret | None) -> Iterator[Finding]:
    """Microsoft ended passwords for IMAP in October 2022, and ends them for sending from December 2026 on."""
    if provider == "microsoft-365" and password is not None:
        what = "Microsoft 365 lets nobody sign in with a password any more"
        yield Finding(Severity.WARNING, where, what, "set `oauth2` in place of `password`, as docs/sign-in.md says")


def _mailboxes(settings: Settings) -> Iterator[Finding]:
    for name, mailbox in settings.gateway.mailboxes.items():
        where = f"gateway.yaml mailboxes.{name}"
        used = [settings.policies[policy] for policy, names in policies_in_use(settings).items() if name in names]
        if mailbox.watch is None:
            what = "urgent messages get no tag in the mail program, only the X-Handrail header fields"
            yield Finding(Severity.NOTICE, where, what, "set `watch`, for example imaps://user@host")
        yield from _tags(where, mailbox)
        if mailbox.deliver is None:
            yield from _without_us(where, name, settings)
        else:
            yield from _unreached(where, name, settings)
        yield from _alerts(where, mailbox, used)
        yield from _links(where, mailbox, used)


def _without_us(where: str, name: str, settings: Settings) -> Iterator[Finding]:
    """What can't be had for a mailbox that mail reaches without us."""
    mailbox = settings.gateway.mailboxes[name]
    if not mailbox.trusted_authserv:
        yield Finding(
            Severity.WARNING,
            f"{where}.trusted_authserv",
            "nobody's address is verified, so anybody may pass for somebody else",
            "set it to what your provider writes into Authentication-Results, for example mx.google.com, or to topmost",
        )
    changed = "mail is in the mailbox before we see it, and is not changed there"
    if mailbox.tags.subject:
        yield Finding(Severity.WARNING, f"{where}.tags.subject", changed, "take it out; `tags.urgent` marks them")
    if settings.policies[mailbox.policy].receipt.take_request:
        place = f"policies/{mailbox.policy}.yaml receipt.take_request, for {name}"
        yield Finding(Severity.WARNING, place, changed, "take it out, and tell your mail program to send no receipts")


def _links(where: str, mailbox: Mailbox, policies: Sequence[Policy]) -> Iterator[Finding]:
    """A digest is only sent for a mailbox that is watched."""
    told = any(policy.digest.at is not None or policy.digest.before_session for policy in policies)
    if mailbox.watch is not None and told and not mailbox.control:
        local, _, domain = mailbox.address.rpartition("@")
        yield Finding(
            Severity.NOTICE,
            f"{where}.control",
            "digests have no links to waive a charge, mute somebody or leave a presence note",
            f"set `control` to an address that reaches this mailbox too, for example {local}+handrail@{domain}",
        )


def _tags(where: str, mailbox: Mailbox) -> Iterator[Finding]:
    tags = mailbox.tags
    if mailbox.watch is not None and not tags.urgent:
        yield Finding(
            Severity.WARNING,
            f"{where}.tags",
            "urgent messages get no tag in the mail program",
            "set `tags.urgent`, for example to $label1",
        )
    if tags.subject and mailbox.deliver is not None:
        yield Finding(
            Severity.WARNING,
            f"{where}.tags.subject",
            "a signature (DKIM) that covers the subject of an urgent message does not hold any more behind us",
            "leave it empty, unless what stands behind the gateway trusts it and checks no signatures",
        )
    if tags.folder and mailbox.watch is None:
        yield Finding(
            Severity.WARNING,
            f"{where}.tags.folder",
            "urgent messages are to be moved, but nothing can be moved in a mailbox that is not watched",
            "set `watch`, for example imaps://user@host, or take `tags.folder` out",
        )
    urgent = {one.casefold() for one in (tags.crisis, tags.urgent) if one}
    for category, keyword in tags.categories.items():
        if keyword.casefold() in urgent:
            yield Finding(
                Severity.WARNING,
                f"{where}.tags.categories.{category}",
                "urgent messages and those of this category get the same tag",
                "set it to another keyword, for example $label4",
            )


def _unreached(where: str, name: str, settings: Settings) -> Iterator[Finding]:
    if settings.routes and name not in {route.mailbox for route in settings.routes}:
        yield Finding(
            Severity.WARNING,
            where,
            "no route leads here, so mail to its address is refused or goes to another mailbox",
            f"add {{to: {settings.gateway.mailboxes[name].address}, mailbox: {name}}} to routes.yaml",
        )


def _alerts(where: str, mailbox: Mailbox, policies: Sequence[Policy]) -> Iterator[Finding]:
    if all(policy.urgency.alert == "never" for policy in policies):
        return
    own = {mailbox.address.casefold(), *(alias.casefold() for alias in mailbox.aliases)}
    if not mailbox.alert or mailbox.alert.casefold() in own:
        yield Finding(
            Severity.WARNING,
            f"{where}.alert",
            "alerts go to the mailbox itself, where they wait like any other mail",
            "set `alert` to an address that reaches the therapist at once, for example a text-message gateway",
        )


def _policies(settings: Settings, spoken: frozenset[str]) -> Iterator[Finding]:
    for name, mailboxes in policies_in_use(settings).items():
        yield from _policy(settings, name, mailboxes, spoken)


def _policy(settings: Settings, name: str, mailboxes: Sequence[str], spoken: frozenset[str]) -> Iterator[Finding]:
    policy = settings.policies[name]
    found = {mailbox: inconsistencies(policy, about(settings, mailbox, spoken), name) for mailbox in mailboxes}
    for mailbox, ones in found.items():
        for one in ones:
            everywhere = all(one in others for others in found.values())
            yield Finding(Severity(one.severity), _place(one, mailbox, everywhere), one.what, one.mend)
    yield from _unrecognised(settings, name, policy)
    yield from _currency(settings, name, policy)


#: What stands in gateway.yaml, beside the absences: key of a finding -> key of a mailbox.
_OF_MAILBOX = {"urgency.alert": "alert"}


def _place(found: Inconsistency, mailbox: str, everywhere: bool) -> str:
    """Where it is mended; a mailbox is named where the policy holds for several and this is so for some."""
    if found.key in _OF_MAILBOX or found.key.startswith("absences"):
        return f"gateway.yaml mailboxes.{mailbox}.{_OF_MAILBOX.get(found.key, found.key)}"
    where = f"policies/{found.policy}.yaml {found.key}"
    return where if everywhere else f"{where}, for {mailbox}"


def _unrecognised(settings: Settings, name: str, policy: Policy) -> Iterator[Finding]:
    """Categories of which no message ever is."""
    known = {lexicon.category for lexicon in settings.lexicons if lexicon.category} | {_TOUCHPOINT}
    named = {"answer.only": policy.answer.only}
    if policy.billing.counts != "nothing":
        named["billing.exempt"] = policy.billing.exempt
    for key, categories in named.items():
        unknown = [category for category in categories if category not in known]
        if unknown:
            yield Finding(
                Severity.WARNING,
                f"policies/{name}.yaml {key}",
                f"no lexicon recognises {', '.join(unknown)}, so no message is ever of it",
                f"take it out, or write one of: {', '.join(sorted(known))}",
            )


def _currency(settings: Settings, name: str, policy: Policy) -> Iterator[Finding]:
    """A preset's price is an example: who takes the preset without looking would charge in somebody else's money."""
    rate, country = policy.billing.rate, settings.gateway.practice.region.partition("-")[0].upper()
    used = get_territory_currencies(country) if country else []
    if rate is not None and used and rate.currency not in used:
        yield Finding(
            Severity.WARNING,
            f"policies/{name}.yaml billing.rate",
            f"the price is in {rate.currency}, and the practice is in {country}, where people pay in {used[0]}",
            f"write your own price, for example {rate.amount} {used[0]}",
        )


def _host(listen: str) -> str:
    return listen.rpartition(":")[0].strip("[]")
