"""What each kind of mail shows of itself, how late it may go, and the draft that goes before a reminder."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from gateway.core.effects import Mail, Staying, Withdrawal
from gateway.core.events import Nudged
from gateway.core.message.facts import Envelope
from gateway.core.message.read import read
from gateway.ports import Unavailable, Words
from gateway.store import Store
from tests.ports.record_samples import (
    CLIENT,
    START,
    ack,
    action_told,
    alert,
    digest,
    full_digest,
    note_kept,
    notice,
    nudge,
    receipt,
    received,
    ref,
    reminder,
    withdrawal,
)
from tests.unit.outbox.working import (
    GREYLISTED,
    NULL_REFUSED,
    OK,
    Drawer,
    Make,
    Plain,
    Script,
    Told,
    cause,
    events,
    go_on,
)

INWARD = (alert(), nudge(), full_digest(), reminder(), note_kept(), action_told())
ANSWERS = (ack(), receipt(), withdrawal())
ALONE = (digest(), notice(), reminder(), note_kept(), action_told())


async def store_one(store: Store, effect: Mail) -> None:
    if effect.ref.key:
        await cause(store, effect)
    else:
        await store.cause([effect])


@pytest.mark.parametrize(
    ("effect", "how"),
    [*((one, "auto-replied") for one in ANSWERS), *((one, "auto-generated") for one in (*INWARD, notice()))],
    ids=lambda one: getattr(one, "kind", ""),
)
async def test_a_mail_says_how_it_is_automatic_and_stands_in_a_thread_only_as_an_answer(
    store: Store, make: Make, effect: Mail, how: str
) -> None:
    host = Script([OK])
    await store_one(store, effect)
    await make(host).carry_out_due()
    [mail] = host.mails
    assert mail["Auto-Submitted"] == how
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert bool(mail["In-Reply-To"]) == (how == "auto-replied")
    token = mail["Message-ID"].strip("<>").split("@")[0]
    assert mail["References"].split()[-1] == f"<{token}.ref@hopestreet.example>"
    assert len(mail["References"].split()) == (2 if how == "auto-replied" else 1)
    assert host.taken[0][0] == ""


@pytest.mark.parametrize("effect", [*INWARD, notice()], ids=lambda one: one.kind)
async def test_whom_the_practice_knows_sees_its_name(store: Store, make: Make, effect: Mail) -> None:
    host = Script([OK])
    await store_one(store, effect)
    await make(host).carry_out_due()
    assert host.mails[0]["From"] == "Hope Street Practice <ana@hopestreet.example>"


async def test_a_nudge_that_left_is_told_in_the_messages_story(store: Store, make: Make) -> None:
    await cause(store, nudge())
    await make(Script([OK])).carry_out_due()
    assert await events(store) == (Nudged(at=START),)


@pytest.mark.parametrize("effect", ALONE, ids=lambda one: one.kind)
async def test_what_no_message_caused_is_settled_without_a_story(store: Store, make: Make, effect: Mail) -> None:
    host = Script([GREYLISTED, OK])
    await store_one(store, effect)
    await go_on(make(host), lambda: len(host.taken) == 2)
    assert await store.pending() == ()
    assert await store.stories(None, None, None) == ()


@pytest.mark.parametrize("effect", [digest(), nudge()], ids=lambda one: one.kind)
async def test_the_news_of_yesterday_are_not_told(store: Store, make: Make, effect: Mail) -> None:
    host, told = Script([OK]), Told()
    await store_one(store, effect)
    worker = make(host, alerts=told)
    worker.clock.advance(timedelta(days=1, minutes=1))
    await worker.carry_out_due()
    assert host.taken == []
    assert "given-up" in told.now
    assert [row.state for row in await store.pending()] == ["given-up"]


@pytest.mark.parametrize("effect", [notice(), alert(), reminder(), note_kept(), withdrawal()], ids=lambda one: one.kind)
async def test_what_must_be_heard_goes_however_late_and_has_a_fair_chance(
    store: Store, make: Make, effect: Mail
) -> None:
    host = Script([GREYLISTED, GREYLISTED, OK])
    await store_one(store, effect)
    worker = make(host)
    worker.clock.advance(timedelta(days=30))
    await go_on(worker, lambda: len(host.taken) == 3)
    assert await store.pending() == ()
    assert timedelta(minutes=2) < worker.clock.now() - START - timedelta(days=30) < timedelta(minutes=4)


async def test_mail_that_can_not_go_at_all_is_given_up_even_if_it_was_late_from_the_first(
    store: Store, make: Make
) -> None:
    host, told = Script([GREYLISTED]), Told()
    await store.cause([notice()])
    worker = make(host, alerts=told)
    worker.clock.advance(timedelta(days=30))
    await go_on(worker, lambda: "given-up" in told.now)
    assert len(host.taken) >= 8


@pytest.mark.parametrize("effect", INWARD, ids=lambda one: one.kind)
async def test_nothing_automatic_would_ever_answer_mail_to_the_therapist(
    store: Store, make: Make, effect: Mail
) -> None:
    host = Script([NULL_REFUSED, OK])
    await store_one(store, effect)
    await make(host).carry_out_due()
    for reverse_path, _, content in host.taken:
        facts = read(content, Envelope(reverse_path, ("ana@hopestreet.example",)))
        assert not facts.automation.answerable


async def test_a_reminder_goes_once_its_draft_lies_in_the_mailbox(store: Store, make: Make) -> None:
    host, drawer = Script([GREYLISTED, GREYLISTED, OK]), Drawer()
    await store.cause([reminder()])
    await go_on(make(host, drafts=lambda _: drawer), lambda: len(host.taken) == 3)
    assert drawer.puts == 1
    [(message_id, draft)] = drawer.drafts.items()
    assert draft["Message-ID"] == message_id
    assert draft["To"] == f"<{CLIENT}>"
    assert draft["From"] == "<ana@hopestreet.example>"
    assert draft["Subject"] == "A word between our sessions"
    assert draft.get_payload().strip() == "Dear Jonas,"
    for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "References", "In-Reply-To"):
        assert draft[name] is None
    assert {mail["To"] for mail in host.mails} == {"<ana@hopestreet.example>"}


async def test_a_draft_has_the_same_id_after_a_restart_and_is_no_mail_of_ours(store: Store, make: Make) -> None:
    host, drawer = Script([GREYLISTED, OK]), Drawer()
    await store.cause([reminder()])
    await make(host, drafts=lambda _: drawer).carry_out_due()
    await go_on(make(host, drafts=lambda _: drawer), lambda: len(host.taken) == 2)
    assert drawer.puts == 2
    [message_id] = drawer.drafts
    token = host.mails[0]["Message-ID"].strip("<>").split("@")[0]
    assert token not in message_id
    assert await store.find("ana", [message_id]) == ()


async def test_a_reminder_waits_for_a_mailbox_that_is_away(store: Store, make: Make) -> None:
    host, drawer = Script([OK]), Drawer(away=True)
    await store.cause([reminder()])
    worker = make(host, drafts=lambda _: drawer)
    await worker.carry_out_due()
    assert host.taken == []
    assert [row.error for row in await store.pending()] == ["mailbox unavailable"]
    drawer.away = False
    await go_on(worker, lambda: bool(host.taken))
    assert len(drawer.drafts) == 1


async def test_without_a_watch_a_reminder_goes_alone(store: Store, make: Make) -> None:
    host = Script([OK])
    await store.cause([reminder()])
    await make(host, drafts=lambda _: None).carry_out_due()
    assert len(host.taken) == 1


async def test_a_draft_whose_template_fails_holds_its_reminder_back(store: Store, make: Make) -> None:
    class Half(Plain):
        def render(self, effect: Mail) -> object:  # type: ignore[override]
            return Plain().render(effect)

    host, told, drawer = Script([OK]), Told(), Drawer()
    await store.cause([reminder()])
    await make(host, alerts=told, drafts=lambda _: drawer, wording=Half(broken=True)).carry_out_due()
    assert (host.taken, drawer.puts) == ([], 0)
    assert told.now == {"template-failed": "ana reminder"}


async def test_who_covers_gets_an_alert_of_their_own(store: Store, make: Make) -> None:
    host, covering = Script([OK]), replace(alert(), ref=ref("0"), to="ben@hopestreet.example", cover="ben")
    await store.append(ref("0"), [received("0")], [replace(alert(), ref=ref("0")), covering])
    await make(host).carry_out_due()
    assert sorted(recipient for _, recipient, _ in host.taken) == ["ana@hopestreet.example", "ben@hopestreet.example"]
    assert [event.kind for event in await events(store)] == ["alerted", "alerted"]


@dataclass
class Mailbox:
    """Takes messages back, or says why not; `away` makes it unreachable."""

    staying: Staying = ""
    away: bool = False
    asked: int = 0

    async def __call__(self, effect: Withdrawal) -> Withdrawal:
        self.asked += 1
        if self.away:
            raise Unavailable("the mailbox server does not answer")
        return replace(effect, staying=self.staying)


@dataclass
class Telling(Plain):
    """A wording that remembers what it was asked to say."""

    said: list[Mail] = field(default_factory=list)

    def render(self, effect: Mail) -> Words:
        self.said.append(effect)
        return super().render(effect)


@pytest.mark.parametrize("staying", ["", "seen"])
async def test_what_came_of_taking_a_message_back_is_told_once_it_is_known(
    store: Store, make: Make, staying: Staying
) -> None:
    host, wording = Script([OK]), Telling()
    await cause(store, replace(withdrawal(), staying=""))
    worker = make(host, wording=wording)
    worker.take_back = Mailbox(staying)
    await worker.carry_out_due()
    assert [effect.staying for effect in wording.said if isinstance(effect, Withdrawal)] == [staying]
    assert len(host.mails) == 1
    assert await store.pending() == ()


async def test_while_the_mailbox_is_away_nobody_is_told_of_what_nobody_knows(store: Store, make: Make) -> None:
    host, mailbox = Script([OK]), Mailbox(away=True)
    await cause(store, withdrawal())
    worker = make(host)
    worker.take_back = mailbox
    await worker.carry_out_due()
    assert host.taken == []
    mailbox.away = False
    await go_on(worker, lambda: bool(host.taken))
    assert mailbox.asked == 2


async def test_a_mail_that_is_tried_again_is_the_same(store: Store, make: Make) -> None:
    host = Script([GREYLISTED, OK])
    await cause(store, withdrawal())
    worker = make(host)
    worker.take_back = Mailbox()
    await go_on(worker, lambda: len(host.taken) == 2)
    assert host.taken[0] == host.taken[1]
