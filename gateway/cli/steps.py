"""The steps of one decision, in the order in which they were taken: for people, and by name for programs.

In go the route, the decision with all that it was made from, and the words of each mail. Nobody is named whom the
message or the command line did not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.cli.output import say
from gateway.core.decide.case import Case
from gateway.core.decide.decision import Decision, Setting
from gateway.core.effects import INWARD, Mail
from gateway.core.events import Expect
from gateway.core.policy.client import Client
from gateway.core.routing import Route
from gateway.ports import Words

#: What is left out of the facts: the message itself.
_TEXTS = frozenset({"text", "new_text", "quoted_text"})
#: What names a client, or would let somebody else pass for them.
_PERSONAL = frozenset({"address", "name", "urgent_word", "calendar_name"})
_EXPECT = {Expect.ANSWER: "an answer", Expect.MAYBE: "perhaps an answer", Expect.NONE: "no answer by email"}
_COST = {
    "": "nothing",
    "may": "may cost, by the answer or by more messages",
    "will": "will cost, by reading alone",
}
#: Columns before what a step found.
_MARGIN = 11


@dataclass(frozen=True)
class Explained:
    """One decision with the words that it would bring about. `tried` is a policy that is in force for nobody here."""

    at: datetime
    route: Route
    case: Case
    decision: Decision
    said: tuple[tuple[Mail, Words], ...]
    tried: str = ""


def as_json(found: Explained) -> dict[str, Any]:
    """By name."""
    case, decision = found.case, found.decision
    facts, setting, usage = case.facts, case.setting, decision.usage
    assessment = decision.assessment
    return {
        "at": found.at,
        "route": found.route,
        "client": _client_json(case),
        "policy": _policy_json(setting, tried=bool(found.tried)),
        "facts": {name: getattr(facts, name) for name in facts.__dataclass_fields__ if name not in _TEXTS},
        "origin": {
            "origin": case.automation.origin,
            "answerable": case.automation.answerable,
            "verified": case.verified,
            "reasons": [str(reason) for reason in case.automation.reasons],
        },
        "urgency": {"level": assessment.level, "category": assessment.category, "hits": assessment.hits},
        "category": case.category,
        "expect": decision.received.expect,
        "away": {"until": case.absence.last, "cover": case.absence.cover} if case.absence else None,
        "session": case.session,
        "promise": decision.promised,
        "allowance": {name: getattr(usage, name) for name in (*usage.__dataclass_fields__, "over", "left")},
        "cost": case.cost,
        "effects": [_effect_json(effect, words) for effect, words in found.said],
        "fields": [{"name": name, "value": value} for name, value in decision.fields],
        "reasons": [{"code": reason.code, "why": str(reason)} for reason in decision.reasons],
    }


def _client_json(case: Case) -> dict[str, Any] | None:
    client = case.setting.client
    if client is None:
        return None
    return {"told_as_one": case.known, **client.model_dump(mode="json", exclude=set(_PERSONAL))}


def _policy_json(setting: Setting, *, tried: bool) -> dict[str, Any]:
    coming = setting.coming
    return {
        "name": setting.policy_name,
        "version": setting.version,
        "tried": tried,
        "coming": {"version": coming.number, "since": coming.since} if coming else None,
    }


def _effect_json(effect: Mail, words: Words) -> dict[str, Any]:
    return {
        "kind": effect.kind,
        "to": effect.to,
        "reader": _reader(effect),
        "due": effect.due,
        "language": words.language,
        "subject": words.subject,
        "body": words.text,
    }


def tell(found: Explained, zone: ZoneInfo) -> None:
    """For people; times are the practice's."""
    for name, value in _steps(found, zone):
        say(f"{name:10} {value}", " " * _MARGIN)
    say("\nwhy")
    for reason in found.decision.reasons:
        say(f"  - {reason}", "  ")
    if found.decision.fields:
        say("\nheader fields put on top")
    for name, value in found.decision.fields:
        say(f"  {name}: {value}", "  ")
    for effect, words in found.said:
        when = "at once" if effect.due <= found.at else local(effect.due, zone)
        say(f"\n{effect.kind} to {effect.to} ({_reader(effect)}), {when}\n  Subject: {words.subject}\n")
        say("\n".join(f"  {line}".rstrip() for line in words.text.splitlines()))
    if not found.said:
        say("\nNothing would be sent.")


def _steps(found: Explained, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """What each step found. A step that found nothing is told where its silence means something."""
    case, decision = found.case, found.decision
    facts = case.facts
    yield "at", local(found.at, zone)
    way = f"{found.route.pattern} leads to" if found.route.pattern else "it reaches, and is found in,"
    yield "route", f"{way} mailbox {found.route.mailbox}"
    yield "client", _client(case)
    yield "policy", _policy(case.setting, found.tried, zone)
    yield "read", f"{facts.new_words} new words, {facts.quoted_words} quoted, {facts.attachment_words} attached"
    yield "origin", _origin(case)
    yield "urgency", " ".join(filter(None, (decision.assessment.level.value, decision.assessment.category)))
    for hit in decision.assessment.hits:
        yield "", f"{hit.level.value}: {hit.phrase} ({hit.lexicon}), in: {hit.sentence}"
    yield "category", case.category or "none"
    yield "expects", _EXPECT[decision.received.expect]
    yield from _calendar(case, zone)
    yield "read by", local(decision.promised.read_by, zone) or "no time is said"
    yield "answer by", local(decision.promised.answer_by, zone) or "nothing is promised"
    yield "allowance", _allowance(decision)
    yield "cost", _COST[case.cost]
    yield from _follows(decision)


def _client(case: Case) -> str:
    client = case.setting.client
    if client is None:
        return "not on the roster" + ("" if case.known else ": told nothing that only a client may know")
    if not case.known:
        return "on the roster, but nothing proves that they wrote it: told nothing that only a client may know"
    noted = ", ".join(_noted(client))
    return f"on the roster: {noted}" if noted else "on the roster"


def _noted(client: Client) -> Iterator[str]:
    """What was agreed, without a name."""
    told = {
        f"language {client.language}": client.language,
        f"country {client.country}": client.country,
        f"time zone {client.timezone}": client.timezone,
        "an agreed word": client.urgent_word,
        "a policy of their own": client.policy,
        f"{client.messages} messages": client.messages,
        f"sessions {'; '.join(map(str, client.sessions))}": client.sessions,
        "always urgent": client.trusted,
        "always a person": client.always_person,
        "never charged": client.exempt,
        "quiet": client.quiet,
        "no acks": not client.acks,
    }
    return (words for words, holds in told.items() if holds)


def _policy(setting: Setting, tried: str, zone: ZoneInfo) -> str:
    version = f", version {setting.version}" if setting.version else ""
    coming = f"; version {setting.coming.number} from {local(setting.coming.since, zone)}" if setting.coming else ""
    return f"{setting.policy_name}{version}{' (on trial)' if tried else ''}{coming}"


def _origin(case: Case) -> str:
    answerable = "answerable" if case.automation.answerable else "not answerable"
    return f"{case.automation.origin.value}, {answerable}; author {'verified' if case.verified else 'not verified'}"


def _calendar(case: Case, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if case.absence is not None:
        covered = f", {case.absence.cover} covers" if case.absence.cover else ", nobody covers"
        yield "away", f"until the end of {case.absence.last:%A %Y-%m-%d}{covered}"
    if case.session is not None:
        yield "session", f"the next one is on {local(case.session.start, zone)}"


def _allowance(decision: Decision) -> str:
    usage = decision.usage
    limits = ((usage.used, usage.allowed, "messages"), (usage.minutes_used, usage.minutes_allowed, "minutes"))
    told = [f"{used} of {allowed} {unit}" for used, allowed, unit in limits if allowed is not None]
    if not told:
        return "no limit"
    near = ": beyond it" if usage.over else ": near it" if usage.warn else ""
    since = "since the last session" if usage.per == "session" else f"this {usage.per}"
    return f"{' and '.join(told)} {since}{near}"


def _follows(decision: Decision) -> Iterator[tuple[str, str]]:
    """What else a message does that is a command."""
    if decision.client is not None:
        yield "roster", "no more acks to this client"
    if decision.note is not None:
        yield "note", "a presence note is kept" if decision.note.text else "the presence note is taken back"


def _reader(effect: Mail) -> str:
    if not isinstance(effect, INWARD):
        return "client"
    return "cover" if getattr(effect, "cover", "") else "therapist"


def local(at: datetime | None, zone: ZoneInfo) -> str:
    """`Tuesday 2026-11-24 09:00 AEDT`; empty for none."""
    return f"{at.astimezone(zone):%A %Y-%m-%d %H:%M %Z}" if at else ""
