"""Effects that were never caused: to show every message before it goes out, and to try every branch of its templates.

In go a policy, a language and a mailbox; out come acks, receipts, alerts and all else as this policy would bring them
about, each with a name. The people are invented. Asked for every sort, it adds what the policy alone does not reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.decide.withdrawal import offers
from gateway.core.effects import (
    Ack,
    Alert,
    Digest,
    Mail,
    NoteKept,
    Notice,
    Nudge,
    Receipt,
    Reminder,
    Withdrawal,
)
from gateway.core.events import Expect, Level, Ref
from gateway.core.news import Open
from gateway.core.policy.calendar import Absence, Calendar, Session, instant
from gateway.core.policy.promise import promised
from gateway.core.policy.schema import AnswerWhen, Policy, PromiseKind, ReceiptSend
from gateway.wording.news_samples import actions, rare_actions, with_links, with_news
from gateway.wording.premises import Premises

CLIENT, NAME = "sample@client.example", "Sam"
#: A Monday; the evening's message, the weekend's, and the session to come are counted from it.
_MONDAY = date(2026, 11, 23)
_NIGHT, _SESSION = time(21, 10), time(15)
#: Versions of a policy that are none: as it stands, and what it might have been before.
NOW, BEFORE = 0, -1
_NOTE = "I am away next week, and I have not forgotten you.\n\nYour chair is waiting."


@dataclass(frozen=True, slots=True)
class Sample:
    """One message as it would go out."""

    #: The folder of its templates.
    message: str
    #: What brings it about, in a few English words.
    case: str
    effect: Mail


def premises_for_samples(premises: Premises) -> Premises:
    """The same, where a policy has had another version before, so that there is a change to tell of."""

    @cache
    def policy_of(name: str, version: int) -> Policy | None:
        policy = premises.policies.get(name)
        return _as_before(policy) if policy and version == BEFORE else policy

    return replace(premises, policy_of=policy_of)


def _as_before(policy: Policy) -> Policy:
    """A policy that differs in what every client would notice."""
    send = ReceiptSend.NEVER if policy.receipt.send is not ReceiptSend.NEVER else ReceiptSend.ALWAYS
    return policy.model_copy(update={"receipt": policy.receipt.model_copy(update={"send": send})})


def samples(policy: str, language: str, mailbox: str, premises: Premises, every: bool = False) -> Iterator[Sample]:
    """Every message under a policy; with `every`, also what templates may meet under others or older versions."""
    stage = _Stage(policy, premises.policies[policy], language, mailbox, premises)
    yield from stage.acks()
    yield from stage.receipts()
    yield from stage.withdrawals(every=every)
    yield from stage.inward()
    if every:
        yield from stage.rarities()


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the samples play."""

    name: str
    policy: Policy
    language: str
    mailbox: str
    premises: Premises

    @property
    def night(self) -> datetime:
        """Monday evening."""
        return instant(_MONDAY, _NIGHT, self.calendar.zone)

    @property
    def calendar(self) -> Calendar:
        """Without holidays and absences."""
        return Calendar(ZoneInfo(self.premises.practice.timezone))

    def calendar_until(self, away: date | None) -> Calendar:
        """The same, with an absence from the first day on."""
        absence = (Absence.model_validate({"from": _MONDAY, "until": away}),) if away else ()
        return replace(self.calendar, absences=absence)

    @property
    def session(self) -> Session:
        """On Thursday."""
        start = instant(_MONDAY + timedelta(days=3), _SESSION, self.calendar.zone)
        return Session(start, start + timedelta(minutes=50))

    @property
    def mail(self) -> dict[str, Any]:
        """What every effect has."""
        found = self.premises.mailboxes.get(self.mailbox)
        address = found.address if found else f"{self.mailbox}@practice.example"
        return {
            "ref": Ref(self.mailbox, "0" * 64),
            "due": self.night,
            "to": CLIENT,
            "sender": address,
            "language": self.language,
            "policy": self.name,
            "version": NOW,
        }

    @property
    def inner(self) -> dict[str, Any]:
        """What every effect to the therapist has."""
        return {**self.mail, "to": self.mail["sender"]}

    @property
    def control(self) -> str:
        """Where links lead."""
        found = self.premises.mailboxes.get(self.mailbox)
        return found.control if found and found.control else f"{self.mailbox}+handrail@practice.example"

    def acks(self) -> Iterator[Sample]:
        """As the policy would have it."""
        policy = self.policy
        yield self._ack("an ordinary message, on Monday night")
        yield self._ack("an ordinary message, on Saturday night", arrived=self.night + timedelta(days=5))
        yield self._ack("words of urgency", level=Level.URGENT)
        yield self._ack("words of crisis", level=Level.CRISIS)
        if policy.welcome.card:
            yield self._ack("the very first message of a client", welcome=True)
        yield from self._by_answer_rule()
        yield from self._by_allowance()
        if policy.billing.rate is not None:
            yield self._ack("time that may be charged", cost="may")
            yield self._ack("time that will be charged", cost="will")
        yield from self._away()
        if policy.presence.carry:
            yield self._ack("a presence note", note=_NOTE, note_written=self.night - timedelta(days=4))
        yield from self._abroad()
        yield self._ack("somebody whom the practice does not know", known=False)
        yield self._ack("somebody whom the practice does not know, in a crisis", known=False, level=Level.CRISIS)

    def _by_answer_rule(self) -> Iterator[Sample]:
        answer = self.policy.answer
        if answer.only:
            yield self._ack("a message that is answered", category=answer.only[0])
        if answer.when is AnswerWhen.ON_REQUEST:
            yield self._ack("an answer is asked for", asked=True)

    def _by_allowance(self) -> Iterator[Sample]:
        rule = self.policy.allowance
        for most, field in ((rule.messages, "used"), (rule.minutes, "minutes_used")):
            if most is None:
                continue
            for place, used in (("near", max(1, most - 1)), ("at", most), ("over", most + 1)):
                yield self._ack(f"{place} the limit ({most})", **{field: used}, warn=True)

    def _away(self) -> Iterator[Sample]:
        cover = next(iter(self.premises.covers), "")
        away = {"away_until": _MONDAY + timedelta(days=13)}
        yield self._ack("the therapist is away", **away)
        if cover:
            yield self._ack("the therapist is away, and somebody covers", **away, cover=cover)
            yield self._ack("words of crisis while somebody covers", level=Level.CRISIS, **away, cover=cover)

    def _abroad(self) -> Iterator[Sample]:
        lines = sorted(set(self.premises.crisis_lines) - {self.premises.country})
        zone = "Europe/Lisbon" if self.premises.practice.timezone != "Europe/Lisbon" else "Europe/Helsinki"
        case = "a client who lives in another country"
        yield self._ack(case, country=lines[0] if lines else "", timezone=zone)

    def _ack(self, case: str, **changed: Any) -> Sample:
        """`asked` for an answer, `arrived` at another time; all else are fields of the ack."""
        arrived, asked = changed.pop("arrived", self.night), changed.pop("asked", False)
        level, category = changed.get("level", Level.ROUTINE), changed.get("category", "")
        known = changed.get("known", True)
        expect = _expected(self.policy, level, category, asked)
        session = self.session if known and _speaks_of_sessions(self.policy) and arrived < self.session.start else None
        session = None if changed.get("away_until") else session
        due = promised(self.policy, self.calendar_until(changed.get("away_until")), arrived, session)
        ack = Ack(
            **self.mail | {"due": arrived},
            in_reply_to="<sample@client.example>",
            references=(),
            subject="A sample",
            known=known,
            level=level,
            received=arrived,
            read_by=due.read_by,
            answer_by=due.answer_by if expect is Expect.ANSWER else None,
            used=1,
            allowed=self.policy.allowance.messages,
            per=self.policy.allowance.per,
            warn=False,
            expect=expect,
            minutes_used=1,
            minutes_allowed=self.policy.allowance.minutes,
            session=session.start if session else None,
        )
        return Sample("ack" if known else "ack-neutral", case, replace(ack, **changed))

    def receipts(self) -> Iterator[Sample]:
        """Of a message that was read the next morning."""
        yield self._receipt("read the next morning")
        yield self._receipt("read at a time that nobody saw", exact=False)
        yield self._receipt("read after the promised time", answer_by=self.night + timedelta(hours=1))
        yield self._receipt("read, of somebody whom the practice does not know", known=False)

    def _receipt(self, case: str, **changed: Any) -> Sample:
        ack = self._ack(case, known=changed.get("known", True)).effect
        assert isinstance(ack, Ack)
        receipt = Receipt(
            **self.mail,
            form="plain",
            in_reply_to=ack.in_reply_to,
            references=(),
            subject=ack.subject,
            known=ack.known,
            received=ack.received,
            seen=ack.received + timedelta(hours=11),
            answer_by=ack.answer_by,
            expect=ack.expect,
            session=ack.session,
        )
        return Sample("receipt", case, replace(receipt, **changed))

    def withdrawals(self, *, every: bool) -> Iterator[Sample]:
        """Of a message that was to be taken back, where the policy has that."""
        found = self.premises.mailboxes.get(self.mailbox)
        if not (every or offers(self.policy, watched=found is not None and found.watch is not None)):
            return
        yield self._withdrawal("a message is taken back unread")
        yield self._withdrawal("a message to be taken back was read", staying="seen")
        yield self._withdrawal("a message to be taken back holds words of crisis", staying="crisis")
        yield self._withdrawal("a message to be taken back is not in the inbox", staying="gone")
        yield self._withdrawal("a message is taken back, of somebody whom the practice does not know", known=False)
        if every:
            yield self._withdrawal("", staying="policy")

    def _withdrawal(self, case: str, **changed: Any) -> Sample:
        withdrawal = Withdrawal(
            **self.mail | {"due": self.night + timedelta(minutes=40)},
            in_reply_to="<sample-again@client.example>",
            references=(),
            request="0" * 64,
            known=True,
            received=self.night,
        )
        return Sample("withdrawal", case, replace(withdrawal, **changed))

    def inward(self) -> Iterator[Sample]:
        """To the therapist and to who covers; and what is told of a change."""
        yield Sample("alert", "words of urgency", self._alert(Level.URGENT))
        yield Sample("alert", "words of crisis", self._alert(Level.CRISIS))
        cover = self.policy.urgency.cover or next(iter(self.premises.covers), "")
        if cover:
            yield Sample("alert-cover", "words of crisis, told to who covers", self._alert(Level.CRISIS, cover))
        yield Sample("nudge", "a promise is about to lapse", self._nudge(self.night + timedelta(hours=22)))
        yield Sample("digest", "what is open, each day", self._digest())
        yield Sample("digest", "what is open, before a session", self._digest(session=True))
        yield Sample("notice", "the policy changes", self._notice())
        yield Sample("reminder", "the therapist's own message is due", self._reminder(NAME))
        yield Sample("draft", "the draft for that", self._reminder(NAME))
        yield Sample("note-kept", "a presence note is kept", self._note(_NOTE))
        yield Sample("note-kept", "a presence note is taken back", self._note(""))
        for case, told in actions(self.inner, CLIENT, self.control):
            yield Sample("action-told", case, told)

    def rarities(self) -> Iterator[Sample]:
        """Times of every kind, every expectation, and whatever is not known."""
        hours, days = self.night + timedelta(hours=2), self.night + timedelta(days=4)
        midnight = instant(_MONDAY + timedelta(days=3), time(), self.calendar.zone)
        times: list[Mapping[str, Any]] = [
            {"read_by": None, "answer_by": None, "session": None},
            {"read_by": hours, "answer_by": None},
            {"read_by": None, "answer_by": days, "expect": Expect.ANSWER},
            {"read_by": hours, "answer_by": hours, "expect": Expect.ANSWER},
            {"read_by": days, "answer_by": midnight, "expect": Expect.ANSWER},
            {"read_by": days, "answer_by": days, "session": days, "expect": Expect.ANSWER},
        ]
        for one in times:
            yield self._ack("", **one)
            yield self._ack("", known=False, **{key: one[key] for key in ("read_by", "answer_by")})
        for expect in Expect:
            yield self._ack("", expect=expect, answer_by=None, session=None)
            yield self._ack("", expect=expect, answer_by=None, session=days)
            yield self._receipt("", expect=expect, answer_by=None, session=days)
        yield self._ack("", subject="")
        yield self._ack("", away_until=_MONDAY, cover="nobody")
        yield self._receipt("", answer_by=days, expect=Expect.ANSWER)
        yield Sample("alert-cover", "", self._alert(Level.URGENT, "nobody"))
        yield Sample("digest", "", replace(self._digest(), note_until=None, away_until=None, holidays=()))
        yield Sample("digest", "", replace(self._digest(), messages=(), control="", note_link=None, given_up=1))
        yield Sample("digest", "", replace(self._digest(), note="", unacked=(), charging=(), beyond=(), away=()))
        for told in rare_actions(self.inner, CLIENT, self.control):
            yield Sample("action-told", "", told)
        yield Sample("notice", "", replace(self._notice(), before=NOW))
        yield Sample("draft", "", self._reminder(""))
        yield Sample("note-kept", "", replace(self._note(_NOTE), expires=None))

    def _alert(self, level: Level, cover: str = "") -> Alert:
        return Alert(**self.inner, level=level, received=self.night, author=CLIENT, cover=cover)

    def _nudge(self, answer_by: datetime) -> Nudge:
        mail = self.inner | {"due": answer_by - timedelta(hours=2)}
        return Nudge(**mail, received=self.night, answer_by=answer_by, author=CLIENT)

    def _digest(self, *, session: bool = False) -> Digest:
        morning = self.night + timedelta(hours=10)
        opened = [
            _open("office@client.example", self.night, unsure=True, sign="List-*"),
            _open(CLIENT, self.night - timedelta(days=2), answer_by=self.night, level=Level.URGENT, read=True),
            _open(CLIENT, self.night, answer_by=morning + timedelta(hours=9), level=Level.CRISIS),
            _open(CLIENT, self.night, read=True),
        ]
        digest = Digest(**self.inner | {"due": morning}, messages=with_links(tuple(opened)), control=self.control)
        if session:
            at = self.session.start
            mine = digest.messages[1:]
            return replace(digest, due=at - timedelta(hours=20), client=NAME, session=at, messages=mine)
        return replace(
            with_news(digest, CLIENT, self.control),
            note_until=morning + timedelta(days=10),
            away_until=_MONDAY + timedelta(days=13),
            holidays=((_MONDAY.replace(month=12, day=25), "Christmas Day"),),
        )

    def _notice(self) -> Notice:
        since = instant(_MONDAY + timedelta(days=14), time(9), self.calendar.zone)
        return Notice(**self.mail, before=BEFORE, since=since)

    def _reminder(self, name: str) -> Reminder:
        ended = self.night - timedelta(days=3)
        return Reminder(**self.inner, client=CLIENT, client_name=name, session=ended)

    def _note(self, text: str) -> NoteKept:
        return NoteKept(
            **self.inner, message="0" * 64, note=text, expires=self.night + timedelta(days=14) if text else None
        )


def _open(author: str, received: datetime, **said: Any) -> Open:
    return replace(
        Open(author=author, received=received, answer_by=None, level=Level.ROUTINE, read=False, unsure=False), **said
    )


def _expected(policy: Policy, level: Level, category: str, asked: bool) -> Expect:
    """As `core.decide.expectation` finds it of a message that says nothing else."""
    if policy.answer.only and category not in policy.answer.only:
        return Expect.NONE
    urgent = level.rank >= Level.URGENT.rank
    return {
        AnswerWhen.ALWAYS: Expect.ANSWER,
        AnswerWhen.SOMETIMES: Expect.MAYBE,
        AnswerWhen.NEVER: Expect.NONE,
        AnswerWhen.ON_REQUEST: Expect.ANSWER if asked else Expect.NONE,
        AnswerWhen.IF_URGENT: Expect.ANSWER if urgent else Expect.NONE,
    }[policy.answer.when]


def _speaks_of_sessions(policy: Policy) -> bool:
    return (
        policy.hours.before_session
        or policy.answer.promise.what is PromiseKind.BEFORE_SESSION
        or policy.answer.rest == "session"
        or policy.allowance.per == "session"
    )
