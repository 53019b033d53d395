"""Tells the admin what needs a person: one sentence a trouble, with the mend, in the log and on the pages.

In go codes with ids (a mailbox, an effect), out come log lines and what stands. It says the same thing at most once an
hour, however often a loop runs into it, and never knows people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from gateway.metrics import Metrics
from gateway.ports import Clock

log = structlog.get_logger(__name__)

#: The same trouble with the same ids is told again only after this time.
AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an alert says. `critical` means that mail waits or promises are at stake until somebody acts."""

    words: str
    critical: bool = False


#: code -> what it means and how to mend it; `{mailbox}` and the like are filled from the ids.
TROUBLES: dict[str, Trouble] = {
    "record-down": Trouble(
        "The database does not answer. Mail still flows; nothing is acked, tagged or counted until it is back. "
        "Check that it runs and that store.url in gateway.yaml is right.",
        critical=True,
    ),
    "downstream-down": Trouble(
        "The mailbox server of {mailbox} does not take mail; senders keep it and try again for some days. "
        "Check that the server runs and that `deliver` is right.",
        critical=True,
    ),
    "watcher-down": Trouble(
        "The mailbox {mailbox} can't be watched: what is read and answered there goes unnoticed until it can. "
        "Check that the server runs and that `watch` is right."
    ),
    "login-refused": Trouble(
        "The mailbox {mailbox} refused the gateway's login. Renew its `password` (or application password) and reload; "
        "where it has `oauth2`, let the right person sign in again: `handrail login {mailbox}`.",
        critical=True,
    ),
    "tag-refused": Trouble(
        "The mailbox {mailbox} keeps no keywords: urgent messages show a star there, or only the X-Handrail fields. "
        "Set tags to one that its server keeps."
    ),
    "move-refused": Trouble(
        "The mailbox {mailbox} does not let messages be moved: urgent ones stay in the inbox, with their tags. "
        "Check that `tags.folder` can be made there, or take it out."
    ),
    "calendar-unreadable": Trouble(
        "A calendar of the mailbox {mailbox} can't be read: what it said last still holds. "
        "The log of the same minute says why; `absences_calendar` and `sessions_calendar` in gateway.yaml say where."
    ),
    "smarthost-down": Trouble(
        "The smart host does not take our mail: acks, receipts and alerts wait and are tried again. "
        "Check `smarthost` and what `handrail outbox list` says.",
        critical=True,
    ),
    "sign-in-needed": Trouble(
        "Somebody must sign in for {place}: nobody has yet, or the provider ended it. Mail goes on; what needs the "
        "sign-in waits. Run `{command}`.",
        critical=True,
    ),
    "sign-in-unregistered": Trouble(
        "The provider refuses the gateway's registration for {place}: its client secret may have run out. Mend "
        "`oauth2` there and at the provider, then reload; the log of the same minute has its code.",
        critical=True,
    ),
    "sending-off": Trouble(
        "Reading works, sending is blocked by the administrator: the provider has SMTP sign-in switched off for this "
        "mailbox (535 5.7.139), so acks, receipts and alerts wait. In the Microsoft 365 admin center: Users, Active "
        "users, the user, Mail, Manage email apps, Authenticated SMTP.",
        critical=True,
    ),
    "given-up": Trouble(
        "A message of ours was given up after its last try. `handrail outbox list` shows it with the reason; "
        "mend that, then `handrail outbox retry NUMBER`.",
        critical=True,
    ),
    "template-failed": Trouble(
        "A template can't be rendered, so what it should say is not sent. "
        "`handrail check` names the template and the line."
    ),
    "restart-needed": Trouble(
        "The settings have changed in a way that only a restart can take up (what is listened on, or whom it is "
        "connected to), so the running ones stay in force, all of them. The log names the keys."
    ),
    "reload-refused": Trouble(
        "The new settings are wrong, so the running ones stay in force. `handrail check` names file, line and mend."
    ),
    "change-skipped": Trouble(
        "That a message in the mailbox {mailbox} was read or answered could not be noted: its writer is told nothing. "
        "The log of the same minute has its key and the kind of fault: please report that."
    ),
    "message-skipped": Trouble(
        "A message in the mailbox {mailbox} could not be taken up: it is neither acked, tagged nor counted. "
        "The log of the same minute has its uid and the kind of fault: please report that."
    ),
    "policies-not-taken-up": Trouble(
        "The versions of policies, or the roster, can't be read: policies hold as they were last known, or as their "
        "files say. The log of the same minute tells the kind of fault; put the newer gateway back if there was one.",
        critical=True,
    ),
    "unexpected": Trouble(
        "Something went wrong that the gateway has no name for; senders were told to try again. "
        "The log of the same minute has its place in the code: please report that."
    ),
}


@dataclass(frozen=True, slots=True)
class _Standing:
    code: str
    ids: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.ids)])


class LogAlerts:
    """`ports.Alerts` by the log; what stands is shown on the pages and in `handrail status`."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        """Nothing stands yet."""
        self._clock = clock
        self._metrics = metrics
        self._told: dict[_Standing, datetime] = {}

    def tell(self, code: str, **ids: str) -> None:
        """Log it at error or critical, unless the same was told within the hour. Never raises for an unknown code."""
        what, now = _standing(code, ids), self._clock.now()
        last = self._told.get(what)
        if last is not None and timedelta() <= now - last < AGAIN:
            return
        self._told[what] = now
        self._metrics.troubles.labels(code).inc()
        named = log.bind(**dict(what.ids))
        say = named.critical if _trouble(code).critical else named.error
        say(code, mend=_sentence(what))

    def standing(self) -> Mapping[str, str]:
        """What was told and not cleared, oldest first: code and ids to the sentence with its mend."""
        return MappingProxyType({str(what): _sentence(what) for what in self._told})

    def clear(self, code: str, **ids: str) -> None:
        """It is well again; says so once. Without ids it clears the code for every id."""
        named = _standing(code, ids)
        for what in [one for one in self._told if one == named or (not ids and one.code == code)]:
            del self._told[what]
            log.bind(**dict(what.ids)).info("well-again", code=code)


def _standing(code: str, ids: Mapping[str, str]) -> _Standing:
    return _Standing(code, tuple(sorted(ids.items())))


def _trouble(code: str) -> Trouble:
    return TROUBLES.get(code, TROUBLES["unexpected"])


def _sentence(what: _Standing) -> str:
    return _trouble(what.code).words.format_map(_Ids(what.ids))


class _Ids(dict[str, str]):
    """Ids for a sentence; one that was not given is shown as a question mark, for an alert must not fail."""

    def __missing__(self, name: str) -> str:
        return "?"
