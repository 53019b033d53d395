"""Plays a story on a stage, and holds each mail, tag, promise and ledger line to what the story tells.

A story tells all that the gateway sends: a mail that it does not tell of before its next moment fails it. What follows
from an act is looked at a few minutes later, or when the next moment comes, so that times of grace are over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import singledispatchmethod

from gateway.core import addresses, history
from gateway.core.billing.charge import charges, total_charge
from gateway.core.billing.ledger import Line, ledger
from gateway.core.events import Received
from gateway.core.policy.client import Client
from gateway.core.policy.kept import track
from tests.stories import telling
from tests.stories.stage import THERAPIST, Mail, Stage, mail_of
from tests.stories.telling import Letter, Step, Story, StoryError

#: Longer than the time of grace of any preset.
A_FEW_MINUTES = timedelta(minutes=5)
#: Lines of a mail that a failure shows; the card is longer.
_SHOWN = 24
_INWARD = ("alert", "nudge", "digest", "reminder", "note-kept", "action-told")


async def play(story: Story, stage: Stage) -> None:
    """The whole story. Raises StoryError with the line that went otherwise."""
    await _Play(story, stage).run()


class _Play:
    def __init__(self, story: Story, stage: Stage) -> None:
        self._story, self._stage, self._cast = story, stage, stage.cast
        #: Each with its Message-ID.
        self._letters: list[tuple[Letter, str]] = []
        self._threads: dict[str, list[str]] = {}
        self._answers: dict[str, str] = {}
        self._sent = 0
        #: What the gateway has sent and the story has not told, and the last of each kind that it has.
        self._untold: list[Mail] = []
        self._known: set[str] = set()
        self._told: dict[str, Mail] = {}
        self._acted = False

    async def run(self) -> None:
        for number, step in enumerate(self._story.steps):
            following = self._story.steps[number + 1 :]
            next_at = next((one.at for one in following if one.at > step.at), None)
            try:
                await self._take(step, next_at)
                if not following or following[0].at > step.at:
                    await self._settle(next_at)
                    self._nothing_untold()
            except (StoryError, AssertionError) as error:
                raise StoryError(f"{self._story.name}.story:{step.line}: {error}\n    {step.what}") from None

    async def _take(self, step: Step, next_at: datetime | None) -> None:
        if step.at > self._stage.now:
            await self._stage.pass_to(step.at)
            await self._look()
        if isinstance(step.what, telling.Act):
            await self._act(step.what)
            self._acted = True
        else:
            await self._settle(next_at)
            await self._expect(step.what)

    async def _settle(self, next_at: datetime | None) -> None:
        if self._acted:
            until = self._stage.now + A_FEW_MINUTES
            await self._stage.pass_to(until if next_at is None else min(until, next_at))
            self._acted = False
        await self._look()

    async def _look(self) -> None:
        fresh = [mail for mail in await self._stage.mails() if mail.message_id + mail.kind not in self._known]
        self._known |= {mail.message_id + mail.kind for mail in fresh}
        self._untold += fresh

    def _nothing_untold(self) -> None:
        if self._untold:
            raise StoryError("the story does not tell of\n" + "\n".join(map(_shown, self._untold)))

    # What is done.

    @singledispatchmethod
    async def _act(self, act: telling.Act) -> None:
        raise NotImplementedError(act)

    @_act.register
    async def _(self, act: telling.Writes) -> None:
        letter = act.letter
        sender, thread = self._cast.address(letter.who), self._threads.setdefault(letter.who, [])
        mail = mail_of(
            f"{letter.who} <{sender}>",
            self._cast.therapist,
            letter.subject,
            letter.text,
            self._stage.now,
            self._story.zone,
        )
        message_id = mail["Message-ID"] = self._fresh_id("client")
        parent = self._parent(letter)
        if parent:
            mail["In-Reply-To"], mail["References"] = parent, " ".join([*thread, parent])
        else:
            thread.clear()
        thread.append(message_id)
        if letter.asks_for_receipt:
            mail["Disposition-Notification-To"] = sender
        if letter.important:
            mail["Importance"] = "high"
        if letter.by_machine:
            mail["Auto-Submitted"] = "auto-replied"
        self._letters.append((letter, message_id))
        await self._stage.deliver("" if letter.by_machine else sender, mail.as_bytes())

    def _parent(self, letter: Letter) -> str:
        match letter.goes_on:
            case "own":
                return self._threads[letter.who][-1]
            case "answer":
                return self._answers[letter.who]
            case "ack":
                return self._told["ack"].message_id
        return ""

    @_act.register
    async def _(self, act: telling.Opens) -> None:
        wanted = self._letters if act.everything else [self._letter(act.letter)]
        for _, message_id in wanted:
            await self._stage.set_seen(message_id, seen=True)

    @_act.register
    async def _(self, act: telling.Deletes) -> None:
        await self._stage.delete(self._letter(act.letter)[1])

    @_act.register
    async def _(self, act: telling.MarksUnread) -> None:
        await self._stage.set_seen(self._letter(act.letter)[1], seen=False)

    @_act.register
    async def _(self, act: telling.Answers) -> None:
        letter, parent = self._letter(act.letter)
        await self._therapist_writes(letter.who, f"Re: {letter.subject}", act.text, parent)

    @_act.register
    async def _(self, act: telling.WritesTo) -> None:
        await self._therapist_writes(act.who, "Between our sessions", act.text)

    async def _therapist_writes(self, who: str, subject: str, text: str, parent: str = "") -> None:
        address = self._cast.address(who)
        mail = mail_of(self._cast.therapist, address, subject, text, self._stage.now, self._story.zone)
        self._answers[who] = mail["Message-ID"] = self._fresh_id("hopestreet")
        if parent:
            mail["In-Reply-To"] = mail["References"] = parent
        await self._stage.put_into_sent(mail.as_bytes())

    @_act.register
    async def _(self, act: telling.LeavesNote) -> None:
        subject = "Note" if act.text else "stop"
        subject = f"{subject} until {act.until}" if act.until else subject
        cast, zone = self._cast, self._story.zone
        mail = mail_of(cast.therapist, cast.control, subject, act.text or "stop", self._stage.now, zone)
        mail["Message-ID"] = self._fresh_id("hopestreet")
        await self._stage.put_into_sent(mail.as_bytes())

    @_act.register
    async def _(self, act: telling.ChangesPolicy) -> None:
        await self._stage.change_policy(act.text)

    @_act.register
    async def _(self, act: telling.TimePasses) -> None:
        pass

    def _fresh_id(self, domain: str) -> str:
        self._sent += 1
        return f"<{self._story.name}-{self._sent}@{domain}.example>"

    def _letter(self, name: str) -> tuple[Letter, str]:
        found = [one for one in self._letters if not name or one[0].name == name]
        if not found:
            raise StoryError(f"nobody has written the {name}" if name else "nobody has written yet")
        return found[-1]

    # What is expected.

    @singledispatchmethod
    async def _expect(self, expected: telling.Expectation) -> None:
        raise NotImplementedError(expected)

    @_expect.register
    async def _(self, expected: telling.Sends) -> None:
        to = expected.to or (THERAPIST if expected.kind in _INWARD else "")
        fitting = [one for one in self._untold if one.kind == expected.kind and (not to or one.to == to)]
        if not fitting:
            others = "\n".join(map(_shown, self._untold))
            raise StoryError(f"no {expected.kind} was sent{f' to {to}' if to else ''}; what was sent is:\n{others}")
        mail = fitting[0]
        self._untold.remove(mail)
        self._told[mail.kind] = mail
        _holds(mail, expected.phrases)

    @_expect.register
    async def _(self, expected: telling.SendsNothing) -> None:
        self._nothing_untold()

    @_expect.register
    async def _(self, expected: telling.Says) -> None:
        mail = self._told.get(expected.kind)
        if mail is None:
            raise StoryError(f"the story has told of no {expected.kind} yet")
        if expected.how == "says":
            _holds(mail, expected.phrases)
        for phrase in expected.phrases:
            if expected.how == "does not say" and phrase in _flat(mail):
                raise StoryError(f"it does say {phrase!r}:\n{_shown(mail)}")
            if expected.how == "begins with" and not " ".join(mail.text.split()).startswith(phrase):
                raise StoryError(f"it does not begin with {phrase!r}:\n{_shown(mail)}")

    @_expect.register
    async def _(self, expected: telling.Tagged) -> None:
        tags = await self._stage.tags(self._letter(expected.letter)[1])
        if tags != ({expected.tag} if expected.tag else set()):
            raise StoryError(f"its tags are {sorted(tags) or 'none'}")

    @_expect.register
    async def _(self, expected: telling.LiesIn) -> None:
        folder = await self._stage.folder_of(self._letter(expected.letter)[1])
        if folder != expected.folder:
            raise StoryError(f"it lies in {folder or 'neither'}")

    @_expect.register
    async def _(self, expected: telling.PromiseIs) -> None:
        story = await self._recorded(expected.letter)
        promises = track(await self._stage.stories(), self._stage.now)
        states = [one.state for one in promises if one.ref == story.ref and one.what == "answer"]
        if (states or ["none"]) != [expected.state]:
            raise StoryError(f"the promise is {' and '.join(states) or 'none'}")

    @_expect.register
    async def _(self, expected: telling.PromisedBy) -> None:
        received = _received(await self._recorded(expected.letter))
        by = received.read_by if expected.what == "read" else received.answer_by
        if by != expected.by:
            local = f"{by.astimezone(self._story.zone):%a %Y-%m-%d %H:%M}" if by else "nothing"
            raise StoryError(f"promised is {local}")

    @_expect.register
    async def _(self, expected: telling.Counts) -> None:
        line = await self._line(expected.letter)
        if str(line.counted_minutes) != expected.minutes:
            raise StoryError(f"the ledger counts {line.counted_minutes}: {line.derivation}")

    @_expect.register
    async def _(self, expected: telling.LedgerSays) -> None:
        line = await self._line(expected.letter)
        if expected.phrase not in line.derivation:
            raise StoryError(f"the ledger says: {line.derivation}")

    @_expect.register
    async def _(self, expected: telling.Charges) -> None:
        lines = charges(await self._ledger(), self._stage.policy_of, self._client_of, self._story.zone)
        owed = " and ".join(f"{money.amount:.2f} {money.currency}" for money in total_charge(lines))
        if owed != expected.amount:
            derived = "\n".join(f"  {line.charge_derivation}" for line in lines)
            raise StoryError(f"the ledger charges {owed or 'nothing'}:\n{derived}")

    async def _recorded(self, name: str) -> history.Story:
        _, message_id = self._letter(name)
        found = [one for one in await self._stage.stories() if one.received and one.received.message_id == message_id]
        if not found:
            raise StoryError("it is not on record")
        return found[0]

    async def _line(self, name: str) -> Line:
        story = await self._recorded(name)
        return next(line for line in await self._ledger() if line.ref == story.ref)

    async def _ledger(self) -> tuple[Line, ...]:
        return ledger(await self._stage.stories(), self._stage.policy_of)

    def _client_of(self, _: str, address: str) -> Client | None:
        return next((one for one in self._cast.roster if addresses.same(one.address, address)), None)


def _received(story: history.Story) -> Received:
    assert story.received is not None
    return story.received


def _flat(mail: Mail) -> str:
    return " ".join(f"{mail.subject}\n{mail.text}".split())


def _holds(mail: Mail, phrases: tuple[str, ...]) -> None:
    for phrase in phrases:
        if phrase not in _flat(mail):
            raise StoryError(f"it does not say {phrase!r}:\n{_shown(mail)}")


def _shown(mail: Mail) -> str:
    lines = [line for line in mail.text.splitlines() if line.strip()]
    more = ["..."] if len(lines) > _SHOWN else []
    quoted = (f"    | {line}" for line in [*lines[:_SHOWN], *more])
    return "\n".join([f"  {mail.kind} to {mail.to}: {mail.subject}", *quoted])
