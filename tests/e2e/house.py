"""The second stage of stories: a running gateway in this process, on real servers, with a clock that is moved by hand.

    story (the client's mail server) --SMTP--> gateway --LMTP--> Dovecot: the therapist's mailbox
                                                  |                 ^ IMAP: watch, tags, drafts; the mail program
                                                  '--SMTP--> Postfix --LMTP--> Dovecot: everybody's mailbox

One set of servers serves many stories: each has people of its own there, and a gateway of its own. Nothing waits for
a time: it waits until the gateway has nothing left to do at the story's instant, and then moves the clock to the next
instant that matters. Where a watch pauses for breath, the clock goes on by that second.
"""

from __future__ import annotations

import asyncio
import json
import smtplib
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from gateway.app import House, open_house, settings_from
from gateway.clock import ManualClock
from gateway.core.decide.digest import Desk, next_moment
from gateway.core.effects import Ack, Receipt, Reminder, Withdrawal
from gateway.core.effects import Mail as Said
from gateway.core.events import Ref
from gateway.core.history import Story
from gateway.core.policy.schema import Policy
from tests.e2e.practice import PASSWORD, parse, until
from tests.servers.dovecot import Dovecot, MailProgram, dovecot
from tests.servers.places import program
from tests.servers.postfix import Postfix, postfix
from tests.stories import telling
from tests.stories.practice import MAILBOX, SCHEDULING, URGENT, gateway_of
from tests.stories.stage import Cast, Mail, policy_file

T = TypeVar("T")

#: Seconds after which something that should happen has failed to.
_PATIENCE = 30
#: Seconds between two questions whether it has.
_SHORTEST, _LONGEST = 0.001, 0.03
_BREATH = timedelta(seconds=2)


@dataclass
class Servers:
    """What stories share."""

    dovecot: Dovecot
    postfix: Postfix
    users: dict[str, str] = field(default_factory=dict)

    def enrol(self, cast: Cast) -> None:
        """Give everybody of a story a mailbox."""
        self.users |= dict.fromkeys(cast.names, PASSWORD)
        lines = (f"{name}:{{PLAIN}}{password}\n" for name, password in self.users.items())
        fresh = self.dovecot.root / "users.new"
        fresh.write_text("".join(lines))
        fresh.replace(self.dovecot.root / "users")  # at once, for Dovecot reads it whenever somebody signs in
        for name in cast.names:
            until(lambda name=name: self._knows(name), "Dovecot to know everybody")  # type: ignore[misc]

    def _knows(self, name: str) -> bool:
        """Whether Dovecot has read the users anew, which it does once a second at most."""
        command = [program("doveadm"), "-c", str(self.dovecot.config), "auth", "test", name, PASSWORD]
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


@contextmanager
def open_servers() -> Iterator[Servers]:
    """Dovecot and Postfix, with nobody in them yet."""
    users: dict[str, str] = {}
    with ExitStack() as stack:
        mail = stack.enter_context(dovecot(users))
        relay = stack.enter_context(postfix({"client.example": mail.lmtp_port, "hopestreet.example": mail.lmtp_port}))
        yield Servers(mail, relay, users)


class StoryClock(ManualClock):
    """Knows who waits for it, by the name of the service."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._asleep: list[tuple[str, datetime]] = []

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        task = asyncio.current_task()
        entry = (task.get_coro().__qualname__ if task else "", until)  # type: ignore[union-attr]
        if until is None:
            await super().wait(event, until)
            return
        self._asleep.append(entry)  # type: ignore[arg-type]
        try:
            await super().wait(event, until)
        finally:
            self._asleep.remove(entry)  # type: ignore[arg-type]

    def wakes(self, service: str) -> datetime | None:
        """When a service wakes at the latest; None while it is at work."""
        return min((until for name, until in self._asleep if name == service), default=None)


@asynccontextmanager
async def open_stage(
    story: telling.Story, servers: Servers, root: Path, suffix: str, kind: type[HouseStage] | None = None
) -> AsyncIterator[HouseStage]:
    """A gateway for one story, running an hour before it begins; its config and record lie in `root`."""
    kind, cast = kind or HouseStage, Cast(story, suffix)
    servers.enrol(cast)
    _write_config(root, cast, servers, kind)
    clock = StoryClock(story.steps[0].at - timedelta(hours=1))
    stop, failure = asyncio.Event(), None
    async with open_house(settings_from(root), clock) as house, asyncio.TaskGroup() as group:
        await house.store.migrate()
        for client in cast.roster:
            await house.store.save(MAILBOX, client)
        stage = kind(cast, servers, root, house, clock)
        group.create_task(house.run(stop))
        try:
            await stage.begin()
            yield stage
        except (telling.StoryError, AssertionError) as error:
            failure = error  # by itself, and not as one of a group
        finally:
            stage.close()
            stop.set()
    if failure is not None:
        raise failure


def _write_config(root: Path, cast: Cast, servers: Servers, kind: type[HouseStage]) -> None:
    (root / "policies").mkdir(parents=True)
    (root / "password").write_text(PASSWORD)
    (root / "password").chmod(0o600)
    gateway = gateway_of(
        cast,
        **kind.ways(servers.dovecot),
        watch=f"imap://127.0.0.1:{servers.dovecot.imap_port}",
        password={"file": "password"},
        smarthost={"url": f"smtp://127.0.0.1:{servers.postfix.smtp_port}", "per_minute": 100000},
    )
    gateway |= {
        "smtp": {"listen": kind.LISTEN, "hostname": "gateway.hopestreet.example"},
        "store": {"url": f"sqlite:///{root}/handrail.db"},
        "web": None,
        "logs": {"level": "error"},
    }
    (root / "gateway.yaml").write_text(json.dumps(gateway))
    if cast.story.changes:
        _write_policy(root, cast, cast.story.changes)


def _write_policy(root: Path, cast: Cast, changes: str) -> None:
    preset = cast.story.policy
    (root / "policies" / f"{preset}.yaml").write_text(policy_file(preset, changes))


class HouseStage:
    """A `Stage` on a running gateway."""

    LISTEN: tuple[str, ...] = ("127.0.0.1:0",)

    @staticmethod
    def ways(dovecot: Dovecot) -> dict[str, Any]:
        """How mail comes to the mailbox, as its settings say it."""
        return {"deliver": f"lmtp://127.0.0.1:{dovecot.lmtp_port}"}

    def __init__(self, cast: Cast, servers: Servers, root: Path, house: House, clock: StoryClock) -> None:
        self.cast, self.house = cast, house
        self._servers, self._root, self._clock = servers, root, clock
        self._programs: dict[tuple[str, str], MailProgram] = {}
        #: Effects that the smart host took and whose mail was not looked for yet.
        self._said: list[Said] = []
        self._mails: list[Mail] = []
        self._read: set[tuple[str, str, str]] = set()
        self._tell_of(house)

    def _tell_of(self, house: House) -> None:
        counted = house.worker.said

        def said(effect: Said) -> None:
            counted(effect)
            self._said.append(effect)

        house.worker.said = said

    @property
    def now(self) -> datetime:
        return self._clock.now()

    async def begin(self) -> None:
        """Until the gateway takes mail and both folders were looked at."""
        async with asyncio.timeout(_PATIENCE):
            await self.house.ready.wait()
        await self._until(self._folders_known, "the first look at the mailbox")

    def close(self) -> None:
        """Sign out everywhere."""
        for opened in self._programs.values():
            opened.__exit__(None, None, None)

    async def _folders_known(self) -> bool:
        states = [await self.house.store.folder(MAILBOX, name) for name in ("INBOX", "Sent")]
        return all(state.validity for state in states)

    # What is done.

    async def pass_to(self, at: datetime) -> None:
        while True:
            await self._until(self._at_rest, "the gateway to come to rest")
            if self.now >= at:
                return
            moments = (at, await self.house.store.next_due(), self._next_told())
            self._clock.set(min(moment for moment in moments if moment is not None and moment > self.now))

    def _next_told(self) -> datetime | None:
        """When a digest or a reminder may be due: the hours without any are left out."""
        desks = (self._desk(name) for name in self.house.in_force.policies(self.now))
        return min(filter(None, (next_moment(desk, self.now) for desk in desks)), default=None)

    def _desk(self, policy: str) -> Desk:
        setting_of, own = self.house.in_force.setting, self.cast.story.policy
        theirs = [one for one in self.cast.roster if self.house.in_force.policy_for(MAILBOX, own, one) == policy]
        clients = tuple((one, setting_of(MAILBOX, policy, one, self.now)) for one in theirs)
        return Desk(setting_of(MAILBOX, policy, None, self.now), clients, ())

    async def _at_rest(self) -> bool:
        rows = await self.house.store.pending()
        if any(row.state != "given-up" and row.due <= self.now for row in rows):
            return False
        wakes = (self._clock.wakes(name) for name in ("Worker.run", "PassingTime.run"))
        return all(wake is not None and wake > self.now for wake in wakes)

    async def deliver(self, reverse_path: str, content: bytes) -> None:
        await asyncio.to_thread(self._hand_over, reverse_path, content)
        assert await self.folder_of(parse(content)["Message-ID"]), "it was taken and is not in the mailbox"
        await self._until(self._at_rest, "the gateway to come to rest")

    def _hand_over(self, reverse_path: str, content: bytes) -> None:
        host, port = self.house.smtp_address
        with smtplib.SMTP(host, port, "mail.client.example", timeout=_PATIENCE) as peer:
            peer.sendmail(reverse_path, [self.cast.therapist], content)

    async def set_seen(self, message_id: str, *, seen: bool) -> None:
        ref = await self._met(message_id)
        await self._looked(ref)
        mark = MailProgram.open if seen else MailProgram.unread
        await self._call(self.cast.therapist, "INBOX", lambda one: mark(one, message_id))

        async def noted() -> bool:
            story = await self.house.store.story(ref)
            return story is not None and (story.seen is not None) == seen

        await self._until(noted, "the gateway to see what the therapist did")
        await self._until(self._at_rest, "the gateway to come to rest")

    async def delete(self, message_id: str) -> None:
        ref = await self._met(message_id)
        await self._call(self.cast.therapist, "INBOX", lambda one: one.delete(message_id))

        async def noted() -> bool:
            return not await self.house.store.copies(ref)

        await self._until(noted, "the gateway to miss what the therapist deleted")

    async def put_into_sent(self, content: bytes) -> None:
        at, message_id = self.now, parse(content)["Message-ID"]

        def append(program: MailProgram) -> str | None:
            program.append("Sent", content, ["\\Seen"], at=at)
            return program.find(message_id)

        uid = await self._call(self.cast.therapist, "Sent", append)

        async def noted() -> bool:
            return uid in (await self.house.store.folder(MAILBOX, "Sent")).copies

        await self._until(noted, "the gateway to see what the therapist sent")
        await self._until(self._at_rest, "the gateway to come to rest")

    async def change_policy(self, changes: str) -> None:
        _write_policy(self._root, self.cast, changes)
        faults = await self.house.reload()
        assert not faults, faults
        await self._until(self._at_rest, "the gateway to come to rest")

    # What came of it.

    async def mails(self) -> Sequence[Mail]:
        while self._said:
            effect = self._said[0]
            self._mails.append(await self._arrived(effect))
            if isinstance(effect, Reminder):
                self._mails.append(await self._drafted(effect))
            self._said.pop(0)
        return self._mails

    async def _arrived(self, effect: Said) -> Mail:
        """The very mail, from the mailbox of whom it went to."""
        words = self.house.worker.wording.render(effect)

        def fits(mail: EmailMessage) -> bool:
            parent = effect.in_reply_to if isinstance(effect, Ack | Receipt | Withdrawal) else ""
            return mail["Subject"] == words.subject and (not parent or mail["In-Reply-To"] == parent)

        mail = await self._find(effect.to, "INBOX", fits, f"the {effect.kind} to arrive")
        return Mail(effect.kind, self.cast.names[effect.to], mail["Subject"], _text(mail), mail["Message-ID"])

    async def _drafted(self, effect: Reminder) -> Mail:
        mail = await self._find(self.cast.therapist, "Drafts", lambda _: True, "the draft")
        return Mail("draft", self.cast.names[effect.client], mail["Subject"], _text(mail), mail["Message-ID"])

    async def _find(self, user: str, folder: str, fits: Callable[[EmailMessage], bool], what: str) -> EmailMessage:
        found: list[EmailMessage] = []

        def look(program: MailProgram) -> None:
            for uid in program.uids():
                if (user, folder, uid) not in self._read:
                    mail = parse(program.content(uid))
                    if fits(mail):
                        self._read.add((user, folder, uid))
                        found.append(mail)
                        return

        async def there() -> bool:
            await self._call(user, folder, look)
            return bool(found)

        await self._until(there, what)
        return found[0]

    async def tags(self, message_id: str) -> frozenset[str]:
        await self._met(message_id)
        flags = await asyncio.to_thread(self._flags, message_id)
        return frozenset(name for tag, name in ((URGENT, "urgent"), (SCHEDULING, "scheduling")) if tag in flags)

    def _flags(self, message_id: str) -> frozenset[str]:
        # A new connection: an old one may still hold what the server told of changes meanwhile.
        with self._servers.dovecot.open(self.cast.therapist) as program:
            return program.flags(message_id)

    async def folder_of(self, message_id: str) -> str:
        for folder in ("INBOX", "Withdrawn"):
            found = await asyncio.to_thread(self._lies_in, folder, message_id)
            if found:
                return folder
        return ""

    def _lies_in(self, folder: str, message_id: str) -> bool:
        mail = self._servers.dovecot
        if folder not in mail.admin("mailbox", "list", "-u", self.cast.therapist).splitlines():
            return False
        with mail.open(self.cast.therapist, folder) as program:
            return program.find(message_id) is not None

    async def stories(self) -> Sequence[Story]:
        return await self.house.store.stories(MAILBOX, None, None)

    def policy_of(self, name: str, version: int) -> Policy:
        found = self.house.in_force.policy_of(name, version)
        assert found is not None
        return found

    # Waiting.

    async def _met(self, message_id: str) -> Ref:
        """The message, once the watch has met its copy in the mailbox."""
        (ref,) = await self.house.store.find(MAILBOX, [message_id])

        async def met() -> bool:
            return bool(await self.house.store.copies(ref))

        await self._until(met, "the gateway to meet the message in the mailbox")
        return ref

    async def _looked(self, ref: Ref) -> None:
        """The watch has looked at the mailbox just now, as its timer does each minute: the time of reading is known."""

        async def awake() -> bool:
            return self._clock.wakes("Post.run") is None

        async def looked() -> bool:
            at = self.house.watches[MAILBOX].condition.looked
            return at is not None and at >= now

        now = self.now
        await self._until(awake, "the watch to be at work")
        for copy in await self.house.store.copies(ref):
            await self.house.hands[MAILBOX].add(copy, frozenset())
        await self._until(looked, "the watch to look")

    async def _call(self, user: str, folder: str, what: Callable[[MailProgram], T]) -> T:
        """Do something with somebody's mail program, which stays open until the story ends."""

        def call() -> T:
            if (user, folder) not in self._programs:
                self._programs[user, folder] = self._servers.dovecot.open(user, folder)
            return what(self._programs[user, folder])

        return await asyncio.to_thread(call)

    async def _until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                moment = _SHORTEST
                while not await holds():
                    await _a_moment(moment)
                    moment = min(moment * 2, _LONGEST)
                    self._let_breathe()
        except TimeoutError:
            raise AssertionError(f"waited {_PATIENCE} s for {what}") from None

    def _let_breathe(self) -> None:
        wake = self._clock.wakes("Post.run")
        if wake is not None and self.now < wake <= self.now + _BREATH:
            self._clock.set(wake)


async def _a_moment(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


def _text(mail: EmailMessage) -> str:
    """The part in plain text, of a receipt as of any other mail."""
    part = next(one for one in mail.walk() if one.get_content_type() == "text/plain")
    assert isinstance(part, EmailMessage)
    text: str = part.get_content()
    return text
