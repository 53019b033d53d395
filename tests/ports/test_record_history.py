"""`Record.history`: what a decision is told of the past, on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest

from gateway.core.events import Answered, Level, Origin, Recategorised, Relayed, Waived
from gateway.core.history import Earlier, History, Note
from gateway.store import Store
from tests.ports.record_samples import CLIENT, ack, alert, hours, notice, plain_hash, question, received, ref

NOW = hours(10)


async def come(
    store: Store, name: str, hour: float, mailbox: str = "ana", acked: bool = True, **changes: object
) -> None:
    """A message came at an hour and was acked."""
    effects = [ack(name, hours(hour), mailbox)] if acked else []
    event = received(name, **({"at": hours(hour)} | changes))
    assert await store.append(ref(name, mailbox), [event], effects)


async def test_before_the_first_message_nothing_is_counted_but_the_record_is_known(store: Store):
    assert await store.history(question(), NOW) == History(known=True, first=True)


async def test_a_message_that_was_recorded_before_brings_its_own_story(store: Store):
    await come(store, "new", 9)
    history = await store.history(question(), NOW)
    assert history.story is not None
    assert history.story.ref == ref("new")
    assert history.story.received == received("new", hours(9))


async def test_all_counts_exclude_the_message_itself(store: Store):
    await come(store, "new", 9.5)
    history = await store.history(question(), NOW)
    assert (history.acks_in_thread, history.acks_to_person_day, history.acks_in_all_hour) == (0, 0, 0)
    assert history.last_ack_at is None
    assert history.earlier == ()
    assert history.first


async def test_these_very_bytes_were_relayed_before_only_where_the_downstream_took_them(store: Store):
    await come(store, "new", 9)
    assert not (await store.history(question(), NOW)).relayed_before
    await store.append(ref("new"), [Relayed(at=hours(9), reply="250 ok")], [])
    assert (await store.history(question(), NOW)).relayed_before
    assert not (await store.history(question(digest=plain_hash("other bytes")), NOW)).relayed_before
    assert not (await store.history(question(ref=ref("new", "ben")), NOW)).relayed_before


async def test_acks_in_a_thread_count_from_its_last_answer(store: Store):
    await come(store, "one", 1)
    await come(store, "two", 2)
    await come(store, "elsewhere", 3, thread=plain_hash("other thread"))
    await come(store, "at ben's", 3, mailbox="ben")
    assert (await store.history(question(), NOW)).acks_in_thread == 2
    answered = Answered(at=hours(4), witness="sent", words=10, answer=plain_hash("answer"))
    await store.append(ref("one"), [answered], [])
    assert (await store.history(question(), NOW)).acks_in_thread == 0
    await come(store, "three", 5)
    assert (await store.history(question(), NOW)).acks_in_thread == 1


async def test_a_message_that_refers_to_our_mail_is_known_even_where_a_server_replaced_the_id(store: Store):
    await come(store, "one", 1)
    (claim,) = await store.claim(hours(1), hours(2), 1)
    token = claim.message_id[1:33]
    for refers_to in ((claim.message_id,), ("<x@client.example>", f"<0102-{token.upper()}-000@email.example>")):
        history = await store.history(question(refers_to=refers_to), NOW)
        assert history.refers_to_ours
        assert history.acks_after_ours == 0
    for strangers in ((), ("<one@client.example>",), (f"<{'0' * 32}@hopestreet.example>",)):
        assert not (await store.history(question(refers_to=strangers), NOW)).refers_to_ours


async def test_acks_that_our_own_mail_brought_about_are_counted(store: Store):
    await come(store, "one", 1)
    (ours,) = await store.claim(hours(1), hours(2), 1)
    references = ("<one@client.example>", ours.message_id, "<two@client.example>")
    await store.append(ref("two"), [received("two", hours(2))], [ack("two", hours(2), references=references)])
    history = await store.history(question(refers_to=references), NOW)
    assert history.acks_after_ours == 1
    itself = await store.history(question("two", refers_to=references[:2]), NOW)
    assert itself.refers_to_ours
    assert itself.acks_after_ours == 0


async def test_the_last_ack_to_a_person_is_looked_up_within_the_mailbox(store: Store):
    await come(store, "one", 1)
    await store.append(ref("two"), [received("two", hours(2))], [ack("two", hours(2), level=Level.CRISIS)])
    await come(store, "at ben's", 3, mailbox="ben")
    await store.append(ref("mia"), [received("mia", hours(4))], [ack("mia", hours(4), to="mia@client.example")])
    history = await store.history(question(person="JONAS.weber@client.example"), NOW)
    assert history.last_ack_at == hours(2)
    assert history.last_ack_level is Level.CRISIS


async def test_a_cancelled_or_dropped_ack_was_never_said(store: Store):
    await come(store, "one", 9.9)
    (row,) = await store.pending()
    assert (await store.history(question(), NOW)).acks_to_person_day == 1
    assert await store.drop(row.id)
    history = await store.history(question(), NOW)
    assert (history.acks_in_thread, history.acks_to_person_day, history.acks_in_all_hour) == (0, 0, 0)
    assert history.last_ack_at is None


async def test_caps_count_a_person_over_all_mailboxes_in_a_day_and_everybody_in_an_hour(store: Store):
    await come(store, "long ago", -15)
    await come(store, "one", 1)
    await come(store, "two", 9.5, mailbox="ben")
    await store.append(ref("mia"), [received("mia", hours(9.9))], [ack("mia", hours(9.9), to="mia@client.example")])
    await store.append(ref("alerted"), [received("alerted", hours(9.9))], [alert("alerted", hours(9.9))])
    await store.cause([notice(due=hours(9.9))])
    history = await store.history(question(), NOW)
    assert history.acks_to_person_day == 2
    assert history.acks_in_all_hour == 2


async def test_a_persons_messages_are_those_to_this_mailbox_since_an_instant_oldest_first(store: Store):
    day = timedelta(days=1)
    await come(store, "too old", 0, at=NOW - 33 * day)
    await come(store, "newer", 8, new_words=7, quoted_words=100, category="scheduling")
    await come(store, "older", 0, at=NOW - 31 * day, new_words=30, attachment_words=400)
    await come(store, "by reverse-path", 7, author="j@other.example", new_words=2)
    await come(store, "by an address that is no author", 7.5, author="", new_words=0)
    await come(store, "absence note", 6, origin=Origin.MACHINE)
    await come(store, "of another", 6, author="mia@client.example", reverse_path="mia@client.example")
    await come(store, "at ben's", 6, mailbox="ben")
    await come(store, "later", 11)
    history = await store.history(question(since=NOW - 31 * day), NOW)
    assert history.earlier == (
        Earlier(NOW - 31 * day, 430, "general"),
        Earlier(hours(7), 2, "general"),
        Earlier(hours(7.5), 0, "general"),
        Earlier(hours(8), 7, "scheduling"),
    )
    assert (await store.history(question(since=None), NOW)).earlier == ()


async def test_what_the_therapist_said_of_a_message_is_known_of_it(store: Store):
    await come(store, "waived", 7, new_words=7)
    await come(store, "moved", 8, new_words=8)
    await store.append(ref("waived"), [Waived(at=hours(9), by="digest", note="a gift")], [])
    for category in ("stressor", "scheduling"):
        await store.append(ref("moved"), [Recategorised(at=hours(9), category=category, by="digest")], [])
    assert (await store.history(question(), NOW)).earlier == (
        Earlier(hours(7), 7, "general", waived=True),
        Earlier(hours(8), 8, "scheduling"),
    )


async def test_two_messages_of_one_instant_count_twice(store: Store):
    await come(store, "one", 1, new_words=5)
    await come(store, "two", 1, new_words=5)
    assert (await store.history(question(), NOW)).earlier == (Earlier(hours(1), 5, "general"),) * 2


async def test_a_person_is_new_until_a_message_of_theirs_came_to_this_mailbox(store: Store):
    await come(store, "at ben's", 1, mailbox="ben")
    await come(store, "absence note", 1, origin=Origin.MACHINE)
    await come(store, "of another", 1, author="mia@client.example", reverse_path="mia@client.example")
    await come(store, "new", 2)
    assert (await store.history(question(), NOW)).first
    await come(store, "by reverse-path", 3, author="j@other.example")
    assert not (await store.history(question(), NOW)).first
    assert not (await store.history(question(since=None), NOW)).first


async def test_the_earliest_open_promise_to_a_person_is_told_where_it_is_asked_for(store: Store):
    at_bens = received("at ben's", hours(1), answer_by=hours(11))
    await store.append(ref("at ben's", "ben"), [at_bens], [])
    await come(store, "lapsed", 1, answer_by=hours(9))
    await come(store, "answered", 2, answer_by=hours(12))
    await store.append(ref("answered"), [Answered(at=hours(3), witness="flag", words=None, answer="")], [])
    await come(store, "absence note", 3, answer_by=hours(12), origin=Origin.MACHINE)
    await come(store, "new", 4, answer_by=hours(11))
    await come(store, "later", 5, answer_by=hours(30))
    await come(store, "earlier", 6, answer_by=hours(20), author="j@other.example")
    await come(store, "nothing promised", 7)
    assert (await store.history(question(promises=True), NOW)).promised == hours(20)
    assert (await store.history(question(promises=True), hours(20))).promised == hours(30)
    assert (await store.history(question(promises=True), hours(30))).promised is None
    assert (await store.history(question(), NOW)).promised is None
    assert (await store.history(question(person="mia@client.example", promises=True), NOW)).promised is None


async def test_the_mailboxs_presence_note_is_told_until_it_expires(store: Store):
    note = Note("I think of you all. Ana", hours(1), hours(20))
    await store.keep_note("ana", note)
    assert (await store.history(question(), NOW)).note == note
    assert (await store.history(question(person="", since=None), NOW)).note == note
    assert (await store.history(question(ref=ref("new", "ben")), NOW)).note is None
    assert (await store.history(question(), hours(20))).note is None


@pytest.mark.parametrize("acked", [True, False])
async def test_nobody_to_write_to_has_no_past(store: Store, acked: bool):
    await come(store, "bounce", 9, acked=acked, reverse_path="", author="")
    history = await store.history(question(person="", promises=True), NOW)
    assert history.earlier == ()
    assert history.promised is None
    assert not history.first
    assert history.last_ack_at is None
    assert history.acks_to_person_day == 0


async def test_ids_of_our_mail_are_drawn_at_random_on_our_host(store: Store):
    await come(store, "one", 1)
    await come(store, "two", 2)
    claims = await store.claim(NOW, hours(11), 5)
    ids = {claim.message_id for claim in claims}
    assert len(ids) == 2
    for one in ids:
        token, _, host = one.strip("<>").partition("@")
        assert host == "hopestreet.example"
        assert len(bytes.fromhex(token)) == 16
    assert {claim.since for claim in claims} == {hours(1), hours(2)}
    assert all(claim.effect.to == CLIENT for claim in claims)
