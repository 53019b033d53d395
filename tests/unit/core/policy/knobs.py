"""Every knob of a policy, each with a policy in which turning it makes a difference to a client, or with why none can.

`knobs()` walks the schema, so that a knob that is new there has to find its place here.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from gateway.core.policy.about import About, Covering
from gateway.core.policy.calendar import Absence
from gateway.core.policy.schema import OtherDays, Policy, Promise
from gateway.core.policy.units import Money

ABOUT = About(
    phone="02 5550 1234",
    crisis_line="Lifeline 13 11 14",
    zone="Australia/Sydney",
    region="AU-NSW",
    language="en-AU",
    covers={"ben": Covering("Ben Okafor", "02 5550 9876")},
    absences=(
        Absence.model_validate({"from": date(2026, 12, 24), "until": date(2027, 1, 3), "cover": "ben"}),
        Absence.model_validate({"from": date(2027, 4, 1), "until": date(2027, 4, 9)}),
    ),
)
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")
_RATE = {"rate": "45.00 AUD"}
_EACH = {"messages": 5}


@dataclass(frozen=True)
class Turn:
    """A knob turned: `base` are the knobs of the policy, `to` the other value. `hidden` says why nobody notices."""

    to: Any
    base: Mapping[str, Any]
    hidden: str = ""


def _turn(to: Any, hidden: str = "", **base: Any) -> Turn:
    return Turn(to, base, hidden)


THERAPIST = "the therapist alone gets it"
TURNS: dict[str, Turn] = {
    "extends": _turn("open-door", "how a file is written"),
    "summary": _turn("Another.", "it opens the card, and is no rule"),
    "hours.reading": _turn("07:00-09:00"),
    "hours.days": _turn("mon-fri"),
    "hours.other": _turn({"fri": "08:00"}, hours={"reading": "07:00-09:00"}),
    "hours.before_session": _turn(True),
    "hours.holidays": _turn("open"),
    "hours.vacations": _turn("open"),
    "answer.promise": _turn("within 24h", answer={"when": "always"}),
    "answer.when": _turn("never"),
    "answer.request": _turn(["please answer"], answer={"when": "on-request"}),
    "answer.only": _turn(["scheduling"]),
    "answer.rest": _turn("session"),
    "answer.words": _turn(80),
    "answer.nudge": _turn("4h", THERAPIST, answer={"promise": "within 24h"}),
    "acknowledge.when": _turn(["first", "on-request"]),
    "acknowledge.request": _turn(["please confirm"], acknowledge={"when": "on-request"}),
    "acknowledge.at_most_every": _turn("4h"),
    "acknowledge.latest": _turn("12h"),
    "acknowledge.subject": _turn(True),
    "receipt.send": _turn("always"),
    "receipt.grace": _turn("10m"),
    "receipt.bulk": _turn(12),
    "receipt.take_request": _turn(True, "what the therapist's mail program asks for; the receipts are the same"),
    "urgency.alert": _turn("urgent"),
    "urgency.trust_all": _turn(True),
    "urgency.words": _turn(["urgent"]),
    "urgency.cover": _turn("ben"),
    "urgency.by_email": _turn(False),
    "allowance.messages": _turn(5),
    "allowance.minutes": _turn(30),
    "allowance.per": _turn("session", allowance=_EACH),
    "allowance.warn_at": _turn(0.5, allowance=_EACH),
    "allowance.answers": _turn(1),
    "allowance.remind": _turn("2d", THERAPIST, allowance={"answers": 1}),
    "billing.counts": _turn("nothing"),
    "billing.words_per_minute": _turn(200),
    "billing.typed_words_per_minute": _turn(30),
    "billing.rate": _turn("45.00 AUD"),
    "billing.increment": _turn("10m", billing=_RATE),
    "billing.free": _turn("15m", billing=_RATE),
    "billing.round": _turn("down", billing=_RATE),
    "billing.cluster": _turn({"messages": 4}, billing=_RATE),
    "billing.cluster.messages": _turn(5, billing={**_RATE, "cluster": {"messages": 4}}),
    "billing.cluster.within": _turn("2d", billing={**_RATE, "cluster": {"messages": 4}}),
    "billing.exempt": _turn(["scheduling"]),
    "billing.touchpoint": _turn(12, billing={"exempt": ["touchpoint"]}),
    "billing.suspended": _turn([{"from": "2020-03-16", "until": "2022-03-31"}], billing=_RATE),
    "presence.carry": _turn(False),
    "presence.lasts": _turn("7d"),
    "withdraw": _turn("unread"),
    "welcome.card": _turn(False),
    "digest.at": _turn("07:30", THERAPIST),
    "digest.before_session": _turn("2h", THERAPIST),
    "record.for": _turn("2y"),
    "record.subject": _turn(False),
    "record.letters": _turn(True),
    "record.readable_by": _turn("practice"),
    "change.notice": _turn("30d"),
    "change.announce_after": _turn("1h", "the therapist's time to think twice; the notice runs from the announcement"),
}
SEEN = {knob: turn for knob, turn in TURNS.items() if not turn.hidden}
HIDDEN = {knob: turn for knob, turn in TURNS.items() if turn.hidden}


def knobs(model: type[BaseModel] = Policy, above: str = "") -> Iterator[str]:
    """The dotted keys that a file may set; a value that is written as one text counts as one."""
    for name, field in model.model_fields.items():
        key = f"{above}{field.alias or name}"
        inner = _model(field.annotation)
        if inner is None or field.default is None:
            yield key
        if inner is not None:
            yield from knobs(inner, f"{key}.")


def _model(annotation: Any) -> type[BaseModel] | None:
    parts = get_args(annotation) if get_origin(annotation) is types.UnionType else (annotation,)
    found = [one for one in parts if isinstance(one, type) and issubclass(one, BaseModel)]
    return next((one for one in found if one not in (Promise, Money, OtherDays)), None)


def turned(knob: str) -> tuple[Policy, Policy]:
    """The policy before and after the knob is turned."""
    turn = TURNS[knob]
    after: dict[str, Any] = copy.deepcopy(dict(turn.base))
    *path, last = knob.split(".")
    place = after
    for step in path:
        place = place.setdefault(step, {})
    place[last] = turn.to
    return Policy.model_validate(copy.deepcopy(dict(turn.base))), Policy.model_validate(after)


#: Beside the turns: policies that say what no single turn brings about.
MORE: tuple[dict[str, Any], ...] = (
    {"answer": {"when": "if-urgent", "promise": "within 8h of reading time"}, "hours": {"reading": "09:00-17:00"}},
    {"answer": {"when": "always", "only": ["scheduling", "billing", "stressor", "homework"], "promise": "same-day"}},
    {"answer": {"when": "if-urgent", "only": ["touchpoint"]}, "billing": {"touchpoint": 12, "counts": "nothing"}},
    {"answer": {"promise": "next-reading-time"}, "hours": {"reading": ["07:00-09:00", "17:00"], "days": "mon,wed,sat"}},
    {"answer": {"promise": "next-working-day"}, "hours": {"days": "tue-thu"}},
    {"answer": {"promise": "before-session"}, "acknowledge": {"when": ["outside-hours", "if-urgent"]}},
    {"acknowledge": {"when": "never"}, "allowance": {"minutes": 30, "per": "month"}, "billing": _RATE},
    {"receipt": {"send": "important", "grace": "0"}, "change": {"notice": "0"}},
    {"receipt": {"send": "if-urgent"}, "billing": {**_RATE, "round": "nearest", "counts": "read"}},
    {"receipt": {"send": "never"}, "hours": {"days": []}},
    {"receipt": {"send": "always", "bulk": 0}},
    {"billing": {**_RATE, "free": "20m", "cluster": {"messages": 3, "within": "90m"}}},
    {"answer": {"when": "always"}},
)


def many() -> tuple[Policy, ...]:
    """Policies that together say everything that a card can say."""
    turns = [policy for knob in TURNS for policy in turned(knob)]
    return tuple(_distinct([*(Policy.model_validate(copy.deepcopy(one)) for one in MORE), *turns]))


def _distinct(policies: list[Policy]) -> list[Policy]:
    """Policies hold mappings, so that they can't be keys: the same file is the same policy."""
    return list({policy.model_dump_json(by_alias=True): policy for policy in policies}.values())
