"""What the settings say against themselves, each with its mend: promises that can't be kept, knobs without effect.

In go settings that are valid each by itself; out come findings, the gravest first. `check` is pure; `check_live`
asks the world by probes that it is given. Names, files and addresses that are wrong are `settings.load`'s affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum, unique
from urllib.parse import urlsplit

from gateway.core.policy.card import in_words
from gateway.core.policy.schema import AckWhen, Hours, Policy, PromiseKind, ReceiptSend
from gateway.core.policy.units import in_units
from gateway.ports import Unavailable
from gateway.settings.hosts import on_loopback
from gateway.settings.schema import Mailbox, Secret, Settings

#: The longest that one probe may take.
PATIENCE = timedelta(seconds=30)
#: What waits to be sent hangs on its message: for so long at least that is kept.
_SENDING = timedelta(days=1)
_PERIODS = {"week": timedelta(days=7), "month": timedelta(days=31)}
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


def check(settings: Settings) -> tuple[Finding, ...]:
    """Everything that the settings say against themselves, the gravest first."""
    found = [*_house(settings), *_mailboxes(settings), *_policies(settings)]
    return tuple(sorted(found, key=lambda finding: list(Severity).index(finding.severity)))


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
    if not gateway.practice.phone and not gateway.practice.crisis_line:
        yield Finding(
            Severity.WARNING,
            "gateway.yaml practice",
            "acks can't name a number for a crisis",
            "set `phone`, `crisis_line` or both",
        )
    exposed = [listen for listen in gateway.smtp.listen if not on_loopback(_host(listen))]
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
    if spoken not in {lexicon.language.partition("-")[0] for lexicon in settings.lexicons}:
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
    yield from _sign_in("gateway.yaml smarthost", smarthost, "password", settings.gateway.smarthost.password)
    for name, mailbox in settings.gateway.mailboxes.items():
        where = f"gateway.yaml mailboxes.{name}"
        yield from _cleartext(f"{where}.deliver", mailbox.deliver)
        yield from _cleartext(f"{where}.watch", mailbox.watch or "")
        yield from _sign_in(f"{where}.deliver", mailbox.deliver, "deliver_password", mailbox.deliver_password)
        yield from _sign_in(f"{where}.watch", mailbox.watch or "", "password", mailbox.password)


def _cleartext(where: str, url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.scheme in _CLEARTEXT and not on_loopback(parts.hostname or ""):
        yield Finding(
            Severity.WARNING,
            where,
            f"mail, and a password if there is one, goes over the network in clear text ({parts.scheme}:)",
            f"write {_CLEARTEXT[parts.scheme]}",
        )


def _sign_in(where: str, url: str, key: str, password: Secret | None) -> Iterator[Finding]:
    """A user and a password belong together; a watch over IMAP always signs in, as the mailbox's address if need be."""
    parts = urlsplit(url)
    signs_in = parts.scheme.startswith("imap") or bool(parts.username)
    if signs_in and password is None:
        what = "there is no password to sign in with"
        yield Finding(Severity.ERROR, where, what, f"set `{key}`, for example {key}: {{env: MAIL_PASSWORD}}")
    if password is not None and not signs_in:
        mend = f"take `{key}` out" if parts.scheme in ("", "maildir", "lmtp+unix") else "write user@host into the URL"
        yield Finding(Severity.WARNING, where, f"nothing signs in with its `{key}`", mend)


def _mailboxes(settings: Settings) -> Iterator[Finding]:
    for name, mailbox in settings.gateway.mailboxes.items():
        where = f"gateway.yaml mailboxes.{name}"
        used = [settings.policies[policy] for policy, names in policies_in_use(settings).items() if name in names]
        if mailbox.watch is None:
            yield from _unwatched(where, used)
        yield from _tags(where, mailbox)
        yield from _unreached(where, name, settings)
        yield from _alerts(where, mailbox, used)


def _tags(where: str, mailbox: Mailbox) -> Iterator[Finding]:
    tags = mailbox.tags
    if mailbox.watch is not None and not tags.urgent:
        yield Finding(
            Severity.WARNING,
            f"{where}.tags",
            "urgent messages get no tag in the mail program",
            "set `tags.urgent`, for example to $label1",
        )
    if tags.urgent and tags.urgent.casefold() == tags.scheduling.casefold():
        yield Finding(
            Severity.WARNING,
            f"{where}.tags",
            "urgent messages and those about appointments get the same tag",
            "set `tags.scheduling` to another, for example $label4, or leave it empty",
        )


def _unreached(where: str, name: str, settings: Settings) -> Iterator[Finding]:
    if settings.routes and name not in {route.mailbox for route in settings.routes}:
        yield Finding(
            Severity.WARNING,
            where,
            "no route leads here, so mail to its address is refused or goes to another mailbox",
            f"add {{to: {settings.gateway.mailboxes[name].address}, mailbox: {name}}} to routes.yaml",
        )


def _unwatched(where: str, policies: Sequence[Policy]) -> Iterator[Finding]:
    mend = "set `watch`, for example imaps://user@host, or take the rule out of the policy"
    if any(policy.receipt.send is not ReceiptSend.NEVER for policy in policies):
        what = "the policy sends receipts, but nothing sees when a message is read"
        yield Finding(Severity.WARNING, where, what, mend)
    if any(policy.billing.counts != "nothing" for policy in policies):
        what = "the policy counts time, but nothing sees what is read and answered"
        yield Finding(Severity.WARNING, where, what, mend)
    what = "urgent messages get no tag in the mail program, only the X-Handrail header fields"
    yield Finding(Severity.NOTICE, where, what, "set `watch`, for example imaps://user@host")


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
    elif "@" not in mailbox.alert.strip("@"):
        yield Finding(
            Severity.ERROR,
            f"{where}.alert",
            "alerts reach nobody: this is no address",
            "write for example ana@phone.example",
        )


def _policies(settings: Settings) -> Iterator[Finding]:
    categories = {lexicon.category for lexicon in settings.lexicons if lexicon.category}
    for name in policies_in_use(settings):
        where, policy = f"policies/{name}.yaml", settings.policies[name]
        yield from _promise(where, policy)
        yield from _silence(where, policy)
        yield from _forgetting(where, policy)
        if policy.urgency.trust_all and policy.urgency.alert == "urgent":
            yield Finding(
                Severity.NOTICE,
                f"{where} urgency",
                "every message counts as urgent, and each that is urgent causes an alert",
                "write `alert: crisis`, or `trust_all: false`",
            )
        unknown = [category for category in policy.billing.exempt if category not in categories]
        if unknown and policy.billing.counts != "nothing":
            yield Finding(
                Severity.WARNING,
                f"{where} billing.exempt",
                f"no lexicon recognises {', '.join(unknown)}, so nothing is ever exempt for it",
                f"take it out, or write one of: {', '.join(sorted(categories)) or 'none, there is no such lexicon'}",
            )


def _promise(where: str, policy: Policy) -> Iterator[Finding]:
    promise, hours = policy.answer.promise, policy.hours
    if not hours.days:
        what = "there is no day on which mail is read"
        yield Finding(Severity.ERROR, f"{where} hours.days", what, "write for example mon-fri, or take `days` out")
        return
    if promise.what is PromiseKind.NEXT_READING_TIME and not hours.reading:
        yield Finding(
            Severity.ERROR,
            f"{where} answer.promise",
            "an answer is promised by the next reading time, but no reading times are set",
            'set `hours.reading`, for example "07:00-09:00"',
        )
    gap = longest_gap(hours)
    if promise.what is PromiseKind.WITHIN and not promise.within:
        what = "an answer is promised at the very moment that a message comes"
        yield Finding(Severity.ERROR, f"{where} answer.promise", what, "write for example `within 24h`, or `none`")
    elif promise.what is PromiseKind.WITHIN and promise.within < gap:
        yield Finding(
            Severity.WARNING,
            f"{where} answer.promise",
            f"an answer is promised within {in_words(promise.within)}, "
            f"but up to {in_words(gap)} pass between two times at which mail is read",
            f"promise `within {in_units(gap)}` or more, `next-reading-time`, or read on more days",
        )


def _silence(where: str, policy: Policy) -> Iterator[Finding]:
    """What is set but nobody is told."""
    when = policy.acknowledge.when
    if when is AckWhen.OUTSIDE_HOURS and not policy.hours.reading:
        yield Finding(
            Severity.NOTICE,
            f"{where} acknowledge.when",
            "without reading hours every message is outside them, so every one is acked",
            "set `hours.reading`, or write `when: always`",
        )
    if when is not AckWhen.NEVER:
        return
    if policy.answer.promise.what is not PromiseKind.NONE:
        yield Finding(
            Severity.NOTICE,
            f"{where} acknowledge.when",
            "an answer is promised, but no ack says by when: only the policy card does",
            "write `when: always`, or tell clients of the card",
        )
    if policy.allowance.messages is not None:
        yield Finding(
            Severity.WARNING,
            f"{where} allowance",
            "there is a limit, but no ack tells clients how near they are to it",
            "write `acknowledge: {when: always}`, or take the limit out",
        )


def _forgetting(where: str, policy: Policy) -> Iterator[Finding]:
    """What is forgotten before it has done its work."""
    needed = {"what waits to be sent about them can go out": _SENDING}
    if policy.answer.promise.what is PromiseKind.WITHIN:
        needed["the promised answer is due"] = policy.answer.promise.within
    if policy.allowance.messages is not None:
        needed[f"the {policy.allowance.per} is over in which they are counted"] = _PERIODS[policy.allowance.per]
    reason, span = max(needed.items(), key=lambda one: one[1])
    if policy.record.kept_for < span:
        yield Finding(
            Severity.WARNING,
            f"{where} record.for",
            f"messages are forgotten after {in_words(policy.record.kept_for)}, before {reason}",
            f"write {in_units(span)} or more",
        )


def longest_gap(hours: Hours) -> timedelta:
    """The longest time in a week from the end of one reading to the beginning of the next; on the wall clock.

    There must be a day on which mail is read.
    """
    spans = hours.reading
    day = timedelta(days=1)
    readings = sorted(
        (weekday * day + _since_midnight(span.start), weekday * day + _since_midnight(span.end))
        for weekday in hours.days
        for span in spans
    ) or [(weekday * day, (weekday + 1) * day) for weekday in sorted(hours.days)]
    following = [*readings[1:], (readings[0][0] + 7 * day, readings[0][1] + 7 * day)]
    return max(later[0] - earlier[1] for earlier, later in zip(readings, following, strict=True))


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _host(listen: str) -> str:
    return listen.rpartition(":")[0].strip("[]")
