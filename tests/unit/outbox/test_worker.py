"""The outbox's worker on a real store, with a smart host that answers by script."""

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.core.events import Acknowledged, Alerted, GivenUp, ReceiptSent
from gateway.core.replies import NO_DOWNSTREAM, SWITCHED_OFF, Reply, permanent, transient
from gateway.core.tracking import MDN_SENT, Copy, FolderState
from gateway.outbox.worker import LEASE
from gateway.ports import Claim, Unavailable
from gateway.store import Store
from tests.ports.record_samples import CLIENT, START, ack, alert, receipt, ref
from tests.unit.outbox.working import (
    GREYLISTED,
    NULL_REFUSED,
    OK,
    REFUSED,
    Forgetful,
    Gate,
    Leaping,
    Make,
    Marks,
    Plain,
    Script,
    Told,
    cause,
    events,
    go_on,
)


async def test_an_ack_goes_out_once_from_the_null_reverse_path(store: Store, make: Make) -> None:
    host = Script([OK])
    await cause(store, ack())
    worker = make(host)
    assert await worker.carry_out_due()
    assert await worker.carry_out_due()
    [(reverse_path, recipient, _)], [mail] = host.taken, host.mails
    assert (reverse_path, recipient) == ("", CLIENT)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<first@client.example>"
    assert mail["From"] == "Hope Street Practice <ana@hopestreet.example>"
    token = mail["Message-ID"].strip("<>").split("@")[0]
    assert mail["References"].split() == ["<first@client.example>", f"<{token}.ref@hopestreet.example>"]
    assert await events(store) == (Acknowledged(at=START, message_id=mail["Message-ID"]),)


async def test_an_alert_is_told_as_generated_and_settles_as_alerted(store: Store, make: Make) -> None:
    host = Script([OK])
    await cause(store, alert())
    await make(host).carry_out_due()
    [mail] = host.mails
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] is None
    assert await events(store) == (Alerted(at=START),)


async def test_whom_the_practice_does_not_know_sees_the_address_alone(store: Store, make: Make) -> None:
    host = Script([OK])
    await cause(store, ack(known=False))
    await make(host).carry_out_due()
    assert host.mails[0]["From"] == "<ana@hopestreet.example>"
    assert b"Hope Street" not in host.taken[0][2]


async def test_what_fails_for_now_goes_later_with_the_same_bytes(store: Store, make: Make) -> None:
    host = Script([GREYLISTED, GREYLISTED, OK])
    await cause(store, ack())
    worker = make(host)
    await go_on(worker, lambda: len(host.taken) == 3)
    assert len({content for _, _, content in host.taken}) == 1
    waited = worker.clock.now() - START
    assert timedelta(minutes=3 * 0.8) <= waited <= timedelta(minutes=3 * 1.2)
    assert isinstance((await events(store))[0], Acknowledged)


async def test_it_is_given_up_loudly_after_three_days(store: Store, make: Make) -> None:
    host, told = Script([GREYLISTED]), Told()
    await cause(store, alert())
    worker = make(host, alerts=told)
    await go_on(worker, lambda: "given-up" in told.now)
    assert worker.clock.now() - START == timedelta(days=3)
    assert 20 < len(host.taken) < 60
    [given_up] = await events(store)
    assert isinstance(given_up, GivenUp)
    assert given_up.why == "451 4.7.1"
    assert [row.state for row in await store.pending()] == ["given-up"]


async def test_an_ack_that_could_not_go_within_a_day_never_goes(store: Store, make: Make) -> None:
    host, told = Script([OK]), Told()
    await cause(store, ack())
    worker = make(host, alerts=told)
    worker.clock.advance(timedelta(days=1, minutes=1))
    await worker.carry_out_due()
    assert host.taken == []
    assert "given-up" in told.now


@pytest.mark.parametrize(("hours", "goes"), [(1, True), (3, False)])
async def test_an_ack_goes_no_later_than_its_policy_says(store: Store, make: Make, hours: int, goes: bool) -> None:
    host = Script([OK])
    await cause(store, ack(until=START + timedelta(hours=2)))
    worker = make(host)
    worker.clock.advance(timedelta(hours=hours))
    await worker.carry_out_due()
    assert bool(host.taken) is goes


async def test_a_refused_null_reverse_path_gets_the_aligned_one_and_is_remembered(store: Store, make: Make) -> None:
    host = Script([NULL_REFUSED, OK])
    await cause(store, ack(), ack(), receipt())
    worker = make(host)
    await worker.carry_out_due()
    token = host.mails[0]["Message-ID"].strip("<>").split("@")[0]
    first, fallback, second, mdn = (reverse_path for reverse_path, _, _ in host.taken)
    assert first == ""
    assert fallback == f"bounces+{token}@hopestreet.example"
    assert second.startswith("bounces+")
    assert mdn == ""
    assert host.taken[0][2] == host.taken[1][2]


async def test_an_endless_4yz_for_the_null_reverse_path_counts_as_refused(store: Store, make: Make) -> None:
    host = Script([GREYLISTED] * 4 + [OK])
    await cause(store, ack())
    await go_on(make(host), lambda: len(host.taken) == 5)
    assert [bool(reverse_path) for reverse_path, _, _ in host.taken] == [False] * 4 + [True]


async def test_what_is_refused_either_way_is_given_up_at_once(store: Store, make: Make) -> None:
    host, told = Script([REFUSED]), Told()
    await cause(store, ack())
    worker = make(host, alerts=told)
    assert await worker.carry_out_due()
    assert [bool(reverse_path) for reverse_path, _, _ in host.taken] == [False, True]
    assert not worker.null_refused
    assert "given-up" in told.now
    assert [event.kind for event in await events(store)] == ["given-up"]


async def test_a_receipt_never_leaves_the_null_reverse_path(store: Store, make: Make) -> None:
    host = Script([NULL_REFUSED])
    await cause(store, receipt())
    await make(host).carry_out_due()
    assert [reverse_path for reverse_path, _, _ in host.taken] == [""]
    assert [event.kind for event in await events(store)] == ["given-up"]


@pytest.mark.parametrize(
    "reply",
    [
        permanent(550, "4.5", "Daily user sending limit exceeded"),
        permanent(554, "4.6", "too many hops, or so it says"),
        permanent(554, "2.0", "STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
        permanent(535, "7.8", "authentication failed"),
        Reply(530, "5.7.0", ("authentication required",)),
        transient(454, "7.8", "our own sign-in was refused, or nobody has signed in"),
    ],
    ids=str,
)
async def test_a_quota_or_our_own_login_means_later_not_never(store: Store, make: Make, reply: Reply) -> None:
    host, told = Script([reply, reply, OK]), Told()
    await cause(store, ack())
    worker = make(host, alerts=told)
    await worker.carry_out_due()
    assert told.now == {}
    await go_on(worker, lambda: len(host.taken) == 2)
    assert "smarthost-down" in told.now
    await go_on(worker, lambda: len(host.taken) == 3)
    assert told.now == {}
    assert [event.kind for event in await events(store)] == ["acknowledged"]


async def test_sending_that_an_administrator_has_switched_off_is_told_in_its_own_words(
    store: Store, make: Make
) -> None:
    off = transient(454, SWITCHED_OFF.removeprefix("4."), "SMTP sign-in is switched off")
    host, told = Script([off, OK]), Told()
    await cause(store, ack())
    worker = make(host, alerts=told)
    await worker.carry_out_due()
    assert set(told.now) == {"sending-off"}
    await go_on(worker, lambda: len(host.taken) == 2)
    assert told.now == {}


async def test_a_smart_host_that_does_not_answer_is_not_run_down(store: Store, make: Make) -> None:
    host = Script([NO_DOWNSTREAM])
    await cause(store, ack(), ack(), ack())
    assert not await make(host).carry_out_due()
    assert len(host.taken) == 1


def inbox(*flags: str) -> FolderState:
    copy = Copy("INBOX", "1", frozenset(flags), ref("0"))
    return FolderState("INBOX", "7", 2, 0, {"1": copy})


async def test_a_receipt_that_the_mail_program_sent_is_not_sent_again(store: Store, make: Make) -> None:
    host, marks = Script([OK]), Marks()
    await cause(store, receipt())
    await store.keep("ana", inbox("\\Seen", "$mdnsent"))
    await make(host, marks).carry_out_due()
    assert host.taken == []
    assert marks.set_on == []
    assert await events(store) == (ReceiptSent(at=START, by="program", form="mdn"),)


async def test_copies_are_marked_before_a_receipt_goes_and_a_retry_knows_its_own_mark(store: Store, make: Make) -> None:
    host, marks = Script([GREYLISTED, OK]), Marks()
    await cause(store, receipt())
    await store.keep("ana", inbox("\\Seen"))
    worker = make(host, marks)
    await worker.carry_out_due()
    assert [copy.uid for copy in marks.set_on] == ["1"]
    await store.keep("ana", inbox("\\Seen", MDN_SENT))
    await go_on(worker, lambda: len(host.taken) == 2)
    assert [(event.kind, getattr(event, "by", "")) for event in await events(store)] == [("receipt-sent", "gateway")]


async def test_a_mark_set_by_the_mail_program_while_the_mailbox_was_away_counts(store: Store, make: Make) -> None:
    host, marks = Script([OK]), Marks(away=True)
    await cause(store, receipt())
    await store.keep("ana", inbox("\\Seen"))
    worker = make(host, marks)
    await worker.carry_out_due()
    await store.keep("ana", inbox("\\Seen", MDN_SENT))
    await go_on(worker, lambda: False)
    assert host.taken == []
    assert [getattr(event, "by", "") for event in await events(store)] == ["program"]


async def test_an_mdn_reports_the_very_message(store: Store, make: Make) -> None:
    host = Script([OK])
    await cause(store, receipt())
    await make(host).carry_out_due()
    [mail] = host.mails
    [(reverse_path, recipient, _)] = host.taken
    assert (reverse_path, f"<{recipient}>") == ("", mail["To"])
    assert mail["From"].endswith("<ana@hopestreet.example>")
    assert "Final-Recipient: rfc822; ana@hopestreet.example" in str(mail)
    assert mail.get_content_type() == "multipart/report"
    text, notification, _ = mail.get_payload()
    assert text.get_payload().strip() == "Hello from receipt."
    assert "Original-Message-ID: <first@client.example>" in str(notification)
    assert "Reporting-UA: hopestreet.example; Handrail" in str(notification)


async def test_a_template_that_fails_loses_no_ack(store: Store, make: Make) -> None:
    host, told = Script([OK]), Told()
    wording = Plain(broken=True)
    await cause(store, ack())
    worker = make(host, alerts=told, wording=wording)
    await worker.carry_out_due()
    assert host.taken == []
    assert told.now == {"template-failed": "ana ack"}
    wording.broken = False
    await go_on(worker, lambda: bool(host.taken))
    assert told.now == {}
    assert [event.kind for event in await events(store)] == ["acknowledged"]


async def test_what_we_have_no_name_for_holds_up_nothing_else(store: Store, make: Make) -> None:
    class Poisoned(Script):
        async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
            if not self.taken:
                self.taken.append(("", "", content))
                raise RuntimeError(f"cannot send to {CLIENT}")
            return await super().submit(reverse_path, recipient, content)

    host, told = Poisoned([OK]), Told()
    await cause(store, ack(), ack())
    worker = make(host, alerts=told)
    with capture_logs() as lines:
        await worker.carry_out_due()
        assert "unexpected" in told.now
        assert [event.kind for event in await events(store, "1")] == ["acknowledged"]
        await go_on(worker, lambda: len(host.taken) == 3)
    assert [event.kind for event in await events(store, "0")] == ["acknowledged"]
    assert CLIENT not in str(lines)


async def test_each_mail_that_was_taken_is_counted_and_no_other(store: Store, make: Make) -> None:
    counted: list[str] = []
    await cause(store, receipt(), ack(), alert())
    await store.keep("ana", inbox("\\Seen", MDN_SENT))
    worker = make(Script([GREYLISTED, OK]), said=lambda mail: counted.append(mail.kind))
    await go_on(worker, lambda: False)
    assert sorted(counted) == ["ack", "alert"]


async def test_who_dies_before_settling_leaves_a_claim_that_expires_and_the_same_message_id(
    store: Store, make: Make
) -> None:
    host = Script([OK])
    await cause(store, ack())
    [lost] = await store.claim(START, START + LEASE, 1)
    worker = make(host)
    await worker.carry_out_due()
    assert host.taken == []
    await go_on(worker, lambda: bool(host.taken))
    assert worker.clock.now() == START + LEASE
    assert host.mails[0]["Message-ID"] == lost.message_id


async def test_settling_is_insisted_on_while_the_store_is_away(store: Store, make: Make) -> None:
    host = Script([OK])
    await cause(store, ack())
    worker = make(host, outbox=Forgetful(store, 9), clock=Leaping(START))
    assert await worker.carry_out_due()
    assert len(host.taken) == 1
    assert [event.kind for event in await events(store)] == ["acknowledged"]


async def test_a_ring_of_the_bell_wakes_it(store: Store, make: Make) -> None:
    gate = Gate()
    gate.let.set()
    worker = make(gate)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(worker.run())
        await cause(store, ack())
        await gate.asked.wait()
        running.cancel()


async def test_a_stop_finishes_the_mail_in_hand(store: Store, make: Make) -> None:
    gate = Gate()
    await cause(store, ack(), ack())
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(make(gate).run())
        await gate.asked.wait()
        running.cancel()
        gate.let.set()
    assert [event.kind for event in await events(store, "0")] == ["acknowledged"]
    assert await events(store, "1") == ()


async def test_a_stop_holds_even_if_the_mail_in_hand_breaks_meanwhile(store: Store, make: Make) -> None:
    class Broken(Gate):
        async def submit(self, reverse_path: str, recipient: str, content: bytes) -> Reply:
            await super().submit(reverse_path, recipient, content)
            raise LookupError("nobody has a name for this")

    gate = Broken()
    await cause(store, ack())
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(make(gate).run())
        await gate.asked.wait()
        running.cancel()
        gate.let.set()
    assert running.cancelled()


async def test_a_store_that_is_away_does_not_end_the_service(store: Store, make: Make) -> None:
    class Away(Forgetful):
        async def claim(self, now: datetime, lease_until: datetime, limit: int) -> tuple[Claim, ...]:
            if self.times:
                self.times -= 1
                raise Unavailable("the database does not answer")
            return await super().claim(now, lease_until, limit)

    gate = Gate()
    gate.let.set()
    await cause(store, ack())
    worker = make(gate, outbox=Away(store, 3), clock=Leaping(START))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(worker.run())
        await gate.asked.wait()
        running.cancel()


async def test_no_log_line_names_a_person_or_quotes_a_mail(store: Store, make: Make) -> None:
    host = Script([permanent(550, "1.1", f"<{CLIENT}> unknown"), GREYLISTED, OK])
    await cause(store, ack(), ack(), receipt())
    with capture_logs() as lines:
        await go_on(make(host), lambda: False)
    said = str(lines)
    assert lines
    for personal in (CLIENT, "client.example", "Thursday", "unknown", "ana@"):
        assert personal not in said
