"""What an admin can ask, as frozen values: how the house is doing, what became of messages, what was counted.

In go ports, the settings in force and the watches' conditions; out come values without addresses or subjects, unless
they are asked for by name. A store that does not answer is part of a status, not a fault of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.admin.promises import Outstanding, Report, outstanding, report
from gateway.core import addresses
from gateway.core.billing.charge import ClientOf, charges
from gateway.core.billing.ledger import Line, PolicyOf, ledger
from gateway.core.events import GivenUp, Level, Origin, Received
from gateway.core.history import Note, Story
from gateway.core.policy.client import Client
from gateway.ports import Alerts, Notes, OutboxDesk, Pending, Roster, Stories, Unavailable
from gateway.settings.schema import Settings

#: The span that a status counts.
DAY = timedelta(days=1)
#: What stays unanswered for longer is not counted as open any more.
_OLDEST = timedelta(days=365)
_UP = frozenset({"idle", "looking"})


class Condition(Protocol):
    """How a mailbox's watch is doing, as the watch itself says."""

    @property
    def state(self) -> str:
        """`starting`, `looking`, `idle` or `down`."""
        ...

    @property
    def since(self) -> datetime | None:
        """Since when."""
        ...

    @property
    def tags(self) -> str:
        """How the mailbox shows a tag."""
        ...

    @property
    def looked(self) -> datetime | None:
        """When the inbox was last looked at."""
        ...

    @property
    def why(self) -> str:
        """The kind of fault, where it is down; names no person."""
        ...


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """One mailbox. `watch` is a state of its watch, `off` where the settings have none, or `unknown` from outside."""

    name: str
    policy: str
    watch: str
    since: datetime | None = None
    looked: datetime | None = None
    tags: str = ""
    why: str = ""

    @property
    def up(self) -> bool:
        """Whether it is watched right now."""
        return self.watch in _UP


@dataclass(frozen=True, slots=True)
class SignInStatus:
    """One sign-in by OAuth 2: `signed-in`, `needed` (nobody has yet) or `ended` by the provider.

    No token, and not who signs in: pages show no addresses.
    """

    #: Where the settings have it: `mailboxes.NAME` or `smarthost`.
    place: str
    state: str
    #: When a person signed in, and when it was renewed last.
    since: datetime | None = None
    renewed: datetime | None = None
    #: The provider's word for why it ended it.
    why: str = ""
    #: The command that helps; empty where nothing is wrong.
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages received in a span, and how many of these came to what."""

    received: int = 0
    by_machines: int = 0
    urgent: int = 0
    relayed: int = 0
    acknowledged: int = 0
    seen: int = 0
    receipts: int = 0
    answered: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What was told to the admin and still stands."""

    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Status:
    """How the house is doing. `store` is empty while the store answers, else it says what does not."""

    version: str
    at: datetime
    store: str
    mailboxes: tuple[MailboxStatus, ...]
    outbox: Mapping[str, int]
    last_day: Counts
    troubles: tuple[Trouble, ...]
    #: Of watched mailboxes alone: of others nobody can tell.
    promises: Outstanding = field(default_factory=Outstanding)
    sign_ins: tuple[SignInStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """What became of a message, by its instants. `author` and `subject` are empty unless asked for."""

    ref: str
    mailbox: str
    via: str
    level: Level
    category: str
    origin: Origin
    policy: str
    received: datetime
    relayed: datetime | None
    acknowledged: datetime | None
    tagged: datetime | None
    tagged_how: str
    alerted: datetime | None
    seen: datetime | None
    receipt: datetime | None
    answered: datetime | None
    answer_by: datetime | None
    given_up: tuple[str, ...]
    #: When its writer took it back, or it was moved along as the mail that asked for that.
    withdrawn: datetime | None = None
    author: str = ""
    subject: str = ""


async def _no_sign_ins() -> tuple[SignInStatus, ...]:
    """Where every mailbox has a password."""
    return ()


class Queries:
    """Asks the ports. `settings` and `watches` are called anew each time, since both change while the house runs."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        stories: Stories,
        desk: OutboxDesk,
        roster: Roster,
        notes: Notes,
        alerts: Alerts,
        watches: Callable[[], Mapping[str, Condition] | None],
        policy_of: PolicyOf,
        version: str,
        sign_ins: Callable[[], Awaitable[tuple[SignInStatus, ...]]] = _no_sign_ins,
    ) -> None:
        """`watches` gives None outside the running gateway, where nobody knows how the watches are doing.

        `policy_of` gives a policy as one of its versions says it.
        """
        self.settings = settings
        self._stories = stories
        self._desk = desk
        self._roster = roster
        self._notes = notes
        self._alerts = alerts
        self._watches = watches
        self._policy_of = policy_of
        self._version = version
        self._sign_ins = sign_ins

    async def status(self, now: datetime) -> Status:
        """How the house is doing now; never raises Unavailable."""
        store, outbox, counts, promises = "", Counter[str](), Counts(), Outstanding()
        sign_ins: tuple[SignInStatus, ...] = ()
        try:
            outbox = Counter(pending.state for pending in await self._desk.pending())
            counts = count(await self._stories.stories(None, now - DAY, None))
            promises = await self.outstanding(now)
            sign_ins = await self._sign_ins()
        except Unavailable as error:
            store = str(error) or "the store does not answer"
        return Status(
            version=self._version,
            at=now,
            store=store,
            mailboxes=self.mailboxes(),
            outbox=dict(sorted(outbox.items())),
            last_day=counts,
            troubles=self.troubles(),
            promises=promises,
            sign_ins=sign_ins,
        )

    def troubles(self) -> tuple[Trouble, ...]:
        """What was told to the admin and still stands; asks no store."""
        return tuple(Trouble(what, words) for what, words in self._alerts.standing().items())

    def mailboxes(self) -> tuple[MailboxStatus, ...]:
        """Every mailbox of the settings with the condition of its watch."""
        watches = self._watches()
        found = []
        for name, mailbox in self.settings().gateway.mailboxes.items():
            unwatched = "off" if mailbox.watch is None else ("unknown" if watches is None else "starting")
            condition = (watches or {}).get(name)
            if mailbox.watch is None or condition is None:
                found.append(MailboxStatus(name, mailbox.policy, unwatched))
                continue
            seen = (condition.since, condition.looked, str(condition.tags), condition.why)
            found.append(MailboxStatus(name, mailbox.policy, str(condition.state), *seen))
        return tuple(found)

    async def messages(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        mailbox: str | None = None,
        *,
        limit: int = 50,
        personal: bool = False,
    ) -> tuple[Life, ...]:
        """The newest messages received in the span, newest first. Raises Unavailable.

        `personal` says author and subject too: for the practice's own eyes.
        """
        stories = await self._stories.stories(mailbox, since, until)
        lives = (life for story in reversed(stories) if (life := _life(story, personal=personal)))
        return tuple(life for life, _ in zip(lives, range(limit), strict=False))

    async def outstanding(self, now: datetime) -> Outstanding:
        """How many promises are open, and how many overdue. Raises Unavailable."""
        found = [
            outstanding(await self._stories.open(name, now - _OLDEST), now)
            for name, mailbox in self.settings().gateway.mailboxes.items()
            if mailbox.watch is not None
        ]
        return Outstanding(sum(one.open for one in found), sum(one.overdue for one in found))

    async def promises_for(
        self,
        mailbox: str | None,
        since: datetime | None,
        until: datetime | None,
        now: datetime,
        *,
        standing: bool = False,
        personal: bool = False,
    ) -> Report:
        """What became of the promises about messages received in the half-open span. Raises Unavailable.

        Earlier messages are read as well: a promise belongs to the oldest unanswered one. `standing` lists only what
        can still be done; `personal` says authors too: for the practice's own eyes.
        """
        asked = {name: one for name, one in self.settings().gateway.mailboxes.items() if mailbox in (None, name)}
        return report(
            await self._stories.stories(mailbox, None, until),
            self._policy_of,
            now,
            since=since,
            standing=standing,
            personal=personal,
            unwatched=[name for name, one in asked.items() if one.watch is None],
        )

    async def note(self, mailbox: str) -> Note | None:
        """The last presence note that was kept, expired or not. Raises Unavailable."""
        return await self._notes.note(mailbox)

    async def ledger_for(self, mailbox: str | None, since: datetime | None, until: datetime | None) -> tuple[Line, ...]:
        """Lines of messages received in the half-open span, oldest first. Raises Unavailable.

        Earlier messages are read as well: an answer that closes several is timed with the oldest, whenever that came,
        and what is charged together hangs on the first. Each is counted by the version of the policy that decided it.
        """
        counted = ledger(await self._stories.stories(mailbox, None, until), self._policy_of)
        zone = ZoneInfo(self.settings().gateway.practice.timezone)
        lines = charges(counted, self._policy_of, await self._clients_of(counted), zone)
        return tuple(line for line in lines if since is None or line.received_at >= since)

    async def _clients_of(self, lines: Iterable[Line]) -> ClientOf:
        """The rosters' entries of those who wrote."""
        known = {
            (mailbox, addresses.key(client.address)): client
            for mailbox in sorted({line.ref.mailbox for line in lines})
            for client in await self._roster.clients(mailbox)
        }
        return lambda mailbox, address: known.get((mailbox, addresses.key(address)))

    async def outbox(self) -> tuple[Pending, ...]:
        """What waits to be sent and what was given up, oldest first. Raises Unavailable."""
        return await self._desk.pending()

    async def client(self, mailbox: str, address: str) -> Client | None:
        """Who has this address on a mailbox's roster. Raises Unavailable."""
        return await self._roster.client(mailbox, address)

    async def clients(self, mailbox: str) -> tuple[Client, ...]:
        """Everybody on a mailbox's roster. Raises Unavailable."""
        return await self._roster.clients(mailbox)


def count(stories: Iterable[Story]) -> Counts:
    """How many messages came to what."""
    found = [(story, received) for story in stories if (received := story.received)]
    return Counts(
        received=len(found),
        by_machines=sum(received.origin is Origin.MACHINE for _, received in found),
        urgent=sum(received.level.rank >= Level.URGENT.rank for _, received in found),
        relayed=sum(story.relayed_at is not None or received.via == "mailbox" for story, received in found),
        acknowledged=sum(story.acknowledged_at is not None for story, _ in found),
        seen=sum(story.seen is not None for story, _ in found),
        receipts=sum(story.receipt is not None for story, _ in found),
        answered=sum(story.answered is not None for story, _ in found),
        given_up=sum(bool(_given_up(story)) for story, _ in found),
    )


def _life(story: Story, *, personal: bool) -> Life | None:
    received = story.received
    if received is None:
        return None
    tagged, seen, receipt, answered = story.tagged, story.seen, story.receipt, story.answered
    return Life(
        ref=story.ref.key[:12],
        mailbox=story.ref.mailbox,
        via=received.via,
        level=received.level,
        category=received.category,
        origin=received.origin,
        policy=received.policy,
        received=received.at,
        relayed=story.relayed_at,
        acknowledged=story.acknowledged_at,
        tagged=tagged.at if tagged else None,
        tagged_how=tagged.how if tagged else "",
        alerted=story.alerted_at,
        seen=seen.at if seen else None,
        receipt=receipt.at if receipt else None,
        answered=answered.at if answered else None,
        answer_by=received.answer_by,
        given_up=_given_up(story),
        withdrawn=story.withdrawn.at if story.withdrawn else None,
        **(_personal(received) if personal else {}),
    )


def _personal(received: Received) -> dict[str, str]:
    return {"author": received.author, "subject": received.subject}


def _given_up(story: Story) -> tuple[str, ...]:
    return tuple(event.effect for event in story.events if isinstance(event, GivenUp))
