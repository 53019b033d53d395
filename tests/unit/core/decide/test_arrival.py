"""What follows from a message: tables of facts, policy and history."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.core.decide.ack import ACKS_IN_THREAD, ACKS_TO_PERSON_DAY
from gateway.core.decide.arrival import decide
from gateway.core.decide.case import claimed
from gateway.core.decide.decision import Decision
from gateway.core.effects import Ack, Alert, Nudge
from gateway.core.events import Expect, Level, Origin, Received, Ref
from gateway.core.history import UNKNOWN, Earlier, History, Story
from gateway.core.policy.calendar import Calendar, Session
from gateway.core.policy.client import Client
from gateway.core.policy.units import duration
from gateway.core.reasons import because
from tests.unit.core.decide.cases import CARLA, NOW, QUIET_HISTORY, facts, setting


def ack_of(decision: Decision) -> Ack | None:
    return next((effect for effect in decision.effects if isinstance(effect, Ack)), None)


def alert_of(decision: Decision) -> Alert | None:
    return next((effect for effect in decision.effects if isinstance(effect, Alert)), None)


def codes(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons}


def test_a_clients_message_is_acked_once_to_its_author() -> None:
    decision = decide(facts(), setting(), QUIET_HISTORY, NOW)
    ack = ack_of(decision)
    assert ack is not None
    assert (ack.to, ack.in_reply_to, ack.known, ack.due) == (CARLA.address, "<one@client.example>", True, NOW)
    assert decision.effects == (ack,)


@pytest.mark.parametrize(
    ("reason", "history"),
    [
        ("history-unknown", UNKNOWN),
        ("ack-said", History(known=True, story=Story(Ref("ana", "x"), ()))),
        ("ack-refers-to-ours", History(known=True, refers_to_ours=True, acks_after_ours=1)),
        ("ack-thread-cap", History(known=True, acks_in_thread=ACKS_IN_THREAD)),
        ("ack-person-cap", History(known=True, acks_to_person_day=ACKS_TO_PERSON_DAY)),
        ("ack-practice-cap", History(known=True, acks_in_all_hour=1000)),
    ],
)
def test_our_own_memory_ends_every_loop(reason: str, history: History) -> None:
    decision = decide(facts(), setting(), history, NOW)
    assert ack_of(decision) is None
    assert reason in codes(decision)


def test_a_person_who_answers_our_ack_gets_one_more() -> None:
    history = History(known=True, refers_to_ours=True, acks_in_thread=1)
    assert ack_of(decide(facts(), setting(), history, NOW)) is not None


@pytest.mark.parametrize(
    ("fields", "reverse_path"),
    [
        ({"Auto_Submitted": "auto-replied"}, "carla@client.example"),
        ({"Auto_Submitted": "auto-generated"}, "carla@client.example"),
        ({"List_Id": "<list.client.example>"}, "carla@client.example"),
        ({}, ""),
        ({"From": "MAILER-DAEMON@client.example"}, "MAILER-DAEMON@client.example"),
        ({"From": "ana@hopestreet.example"}, "ana@hopestreet.example"),
    ],
)
def test_a_machine_or_nobody_is_never_acked(fields: dict[str, str], reverse_path: str) -> None:
    decision = decide(facts(reverse_path=reverse_path, **fields), setting(client=None), QUIET_HISTORY, NOW)
    assert ack_of(decision) is None


def test_a_client_who_is_always_a_person_is_acked_whatever_the_header_says() -> None:
    client = CARLA.model_copy(update={"always_person": True})
    decision = decide(facts(Auto_Submitted="auto-generated"), setting(client=client), QUIET_HISTORY, NOW)
    assert ack_of(decision) is not None


@pytest.mark.parametrize(("field", "reason"), [({"quiet": True}, "client-quiet"), ({"acks": False}, "client-no-acks")])
def test_a_client_may_be_left_in_silence(field: dict[str, bool], reason: str) -> None:
    decision = decide(facts(), setting(client=CARLA.model_copy(update=field)), QUIET_HISTORY, NOW)
    assert ack_of(decision) is None
    assert reason in codes(decision)


def test_a_message_that_says_that_answering_is_unsafe_is_not_answered() -> None:
    decision = decide(facts("Please don't reply to this address, he reads my email."), setting(), QUIET_HISTORY, NOW)
    assert ack_of(decision) is None
    assert "answering-unsafe" in codes(decision)


def test_old_mail_is_not_acked_whatever_brings_it_now() -> None:
    decision = decide(facts(), setting(), QUIET_HISTORY, NOW + timedelta(days=2))
    assert ack_of(decision) is None
    assert "ack-too-old" in codes(decision)


@pytest.mark.parametrize(("latest", "hours", "acked"), [("2h", 1, True), ("2h", 3, False), ("4d", 90, True)])
def test_a_policy_says_how_late_an_ack_may_be(latest: str, hours: float, acked: bool) -> None:
    letter = facts()
    assert letter.sent_at is not None
    decision = decide(
        letter, setting({"acknowledge": {"latest": latest}}), QUIET_HISTORY, letter.sent_at + timedelta(hours=hours)
    )
    ack = ack_of(decision)
    assert (ack is not None) is acked
    assert ack is None or ack.until == letter.sent_at + duration(latest)


def test_a_date_to_come_makes_no_ack_later() -> None:
    letter = replace(facts(), sent_at=NOW + timedelta(days=300))
    ack = ack_of(decide(letter, setting(), QUIET_HISTORY, NOW))
    assert ack is not None
    assert ack.until == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("policy", "text", "history", "acked"),
    [
        ({"acknowledge": {"when": "never"}}, "hello", {}, False),
        ({"acknowledge": {"when": "if-urgent"}}, "hello", {}, False),
        ({"acknowledge": {"when": "if-urgent"}}, "this is urgent", {}, True),
        ({"acknowledge": {"when": "first"}}, "hello", {"acks_in_thread": 1}, False),
        ({"acknowledge": {"when": "first"}}, "hello", {}, True),
        ({"acknowledge": {"when": "outside-hours"}, "hours": {"reading": "20:00-22:00"}}, "hello", {}, False),
        ({"acknowledge": {"when": "outside-hours"}, "hours": {"reading": "07:00-09:00"}}, "hello", {}, True),
        ({"acknowledge": {"at_most_every": "4h"}}, "hello", {"last_ack_at": NOW - timedelta(hours=3)}, False),
        ({"acknowledge": {"at_most_every": "4h"}}, "hello", {"last_ack_at": NOW - timedelta(hours=5)}, True),
        ({"acknowledge": {"at_most_every": "4h"}}, "this is urgent", {"last_ack_at": NOW - timedelta(hours=3)}, True),
        (
            {"acknowledge": {"at_most_every": "4h"}},
            "this is urgent",
            {"last_ack_at": NOW - timedelta(hours=3), "last_ack_level": Level.URGENT},
            False,
        ),
    ],
)
def test_the_policy_says_when_an_ack_goes_out(
    policy: dict[str, Any], text: str, history: dict[str, Any], acked: bool
) -> None:
    decision = decide(facts(text), setting(policy), History(known=True, **history), NOW)
    assert (ack_of(decision) is not None) is acked


@pytest.mark.parametrize("client", [None, CARLA])
def test_a_machine_is_promised_nothing(client: Client | None) -> None:
    policy = {"hours": {"reading": "07:00-09:00"}, "answer": {"promise": "within 24h"}}
    machine = facts(Auto_Submitted="auto-replied", List_Id="<a.b>")
    decision = decide(machine, setting(policy, client=client), QUIET_HISTORY, NOW)
    assert decision.received.answer_by is None
    assert "X-Handrail-Answer-By" not in dict(decision.fields)


def test_a_forged_author_learns_no_relation() -> None:
    forged = decide(facts(reverse_path="mallory@elsewhere.example"), setting(), QUIET_HISTORY, NOW)
    ack = ack_of(forged)
    assert ack is not None
    assert (ack.to, ack.known) == ("mallory@elsewhere.example", False)


@pytest.mark.parametrize("when", ["always", "if-urgent"])
@pytest.mark.parametrize(
    "entry",
    [
        {"language": "de"},
        {"acks": False},
        {"policy": "their-own"},
        {"trusted": True},
        {"urgent_word": "Tuesday"},
    ],
)
def test_a_forged_author_gets_what_a_stranger_gets(entry: dict[str, Any], when: str) -> None:
    policy, mallory = {"acknowledge": {"when": when}}, "mallory@elsewhere.example"
    client = claimed(Client(address=CARLA.address, **entry), mallory)
    assert client is not None
    assert client.policy == ""
    as_client = decide(facts(reverse_path=mallory), setting(policy, client), QUIET_HISTORY, NOW)
    as_stranger = decide(facts(reverse_path=mallory), setting(policy, client=None), QUIET_HISTORY, NOW)
    assert ack_of(as_client) == ack_of(as_stranger)


MALLORY = "mallory@elsewhere.example"


def forged(policy: dict[str, Any], entry: dict[str, Any] | None, **fields: str) -> Decision:
    """What Mallory brings about under Carla's name, with an entry on the roster, or with none."""
    client = claimed(Client(address=CARLA.address, **entry), MALLORY) if entry is not None else None
    seen = (Session(NOW + timedelta(days=2), NOW + timedelta(days=2, hours=1)),) if entry is not None else ()
    asked = setting(policy, client, calendar=Calendar(ZoneInfo("Europe/Berlin"), sessions=seen))
    return decide(facts(reverse_path=MALLORY, **fields), asked, QUIET_HISTORY, NOW)


@pytest.mark.parametrize(
    ("policy", "entry"),
    [
        ({"hours": {"before_session": True}}, {}),
        ({"answer": {"promise": "before-session"}}, {}),
        ({"answer": {"promise": "within 24h", "when": "if-urgent"}}, {"trusted": True}),
        ({"answer": {"promise": "within 24h", "when": "if-urgent"}}, {"urgent_word": "Tuesday"}),
        (
            {"answer": {"promise": "within 24h", "only": ["touchpoint"]}, "billing": {"touchpoint": 60}},
            {"trusted": True},
        ),
    ],
)
def test_no_promise_tells_a_forged_author_of_a_relation(policy: dict[str, Any], entry: dict[str, Any]) -> None:
    as_client, as_stranger = ack_of(forged(policy, entry)), ack_of(forged(policy, None))
    assert as_client is not None
    assert as_stranger is not None
    told = [(one.read_by, one.answer_by, one.expect, one.session) for one in (as_client, as_stranger)]
    assert told[0] == told[1]


def test_an_always_person_entry_does_not_show_by_an_ack_to_somebody_else() -> None:
    decision = forged({}, {"always_person": True}, Auto_Submitted="auto-replied", List_Id="<a.b>")
    assert ack_of(decision) is None
    assert decision.received.origin is Origin.PERSON


def test_what_the_practice_writes_to_itself_waits_for_no_answer() -> None:
    to_herself = facts(reverse_path="ana@hopestreet.example", From="ana@hopestreet.example")
    decision = decide(to_herself, setting({"answer": {"promise": "within 24h"}}, None), QUIET_HISTORY, NOW)
    assert decision.effects == ()
    assert (decision.received.expect, decision.received.answer_by) == (Expect.NONE, None)


@pytest.mark.parametrize(("standing", "nudged"), [(12, False), (48, True)])
def test_an_earlier_promise_stands_for_a_later_one_and_not_for_a_sooner_one(standing: int, nudged: bool) -> None:
    history = replace(QUIET_HISTORY, promised=NOW + timedelta(hours=standing))
    decision = decide(facts(), setting({"answer": {"promise": "within 24h"}}), history, NOW)
    assert any(isinstance(effect, Nudge) for effect in decision.effects) is nudged


def test_a_quiet_client_stays_unanswered_whoever_sends_their_mail_on() -> None:
    client = claimed(Client(address=CARLA.address, quiet=True), "forwarder@elsewhere.example")
    decision = decide(facts(reverse_path="forwarder@elsewhere.example"), setting(client=client), QUIET_HISTORY, NOW)
    assert ack_of(decision) is None


@pytest.mark.parametrize(
    ("policy", "changed", "fields", "expected"),
    [
        ({"take_request": True}, {}, {}, True),
        ({"take_request": True, "send": "never"}, {}, {}, True),
        ({}, {}, {}, False),
        ({"take_request": True}, {}, {"Auto_Submitted": "auto-replied"}, True),
        ({"take_request": True}, {}, {"Auto_Submitted": "auto-replied", "Precedence": "bulk"}, False),
        ({"take_request": True}, {"known": False}, {}, False),
    ],
)
def test_a_request_for_a_receipt_is_taken_off_unless_it_is_a_machines_or_will_be_read_later(
    policy: dict[str, Any], changed: dict[str, Any], fields: dict[str, str], expected: bool
) -> None:
    history = replace(QUIET_HISTORY, **changed)
    assert decide(facts(**fields), setting({"receipt": policy}), history, NOW).take_request is expected


def test_who_is_not_whom_they_claim_to_be_gets_no_ack_and_the_reason_is_told() -> None:
    refuted = facts(Authentication_Results="mx.hopestreet.example; dmarc=fail header.from=client.example")
    believing = decide(refuted, setting(authserv="mx.hopestreet.example"), QUIET_HISTORY, NOW)
    assert [effect.kind for effect in believing.effects if effect.kind == "ack"] == []
    assert because("forged-author", how="DMARC") in believing.reasons
    assert dict(believing.fields)["X-Handrail-Ack"].startswith("no; it is not from whom it claims to be")
    assert [effect.kind for effect in decide(refuted, setting(), QUIET_HISTORY, NOW).effects] == ["ack"]


@pytest.mark.parametrize(
    ("fields", "reverse_path", "code"),
    [
        ({}, "carla@client.example", ""),
        ({"Disposition_Notification_To": "mallory@elsewhere.example"}, "carla@client.example", "receipt-wrong-address"),
        ({"Disposition_Notification_Options": "a=required,b"}, "carla@client.example", "receipt-option-required"),
    ],
)
def test_why_a_request_for_a_receipt_counts_as_none_is_told(
    fields: dict[str, str], reverse_path: str, code: str
) -> None:
    asked = {"Disposition_Notification_To": "carla@client.example", **fields}
    decision = decide(facts(reverse_path=reverse_path, **asked), setting(), QUIET_HISTORY, NOW)
    assert [reason.code for reason in decision.reasons if reason.code.startswith("receipt-")] == (
        [code] if code else []
    )
    assert bool(decision.received.receipt_to) is not bool(code)


def test_a_signed_message_that_somebody_sends_on_brings_them_no_receipt() -> None:
    mallory = "mallory@elsewhere.example"
    result = "mx.hopestreet.example; dkim=pass header.d=client.example"
    replayed = facts(reverse_path=mallory, Authentication_Results=result, Disposition_Notification_To=mallory)
    decision = decide(replayed, setting(authserv="mx.hopestreet.example"), QUIET_HISTORY, NOW)
    assert decision.received.author_verified
    assert decision.received.receipt_to == ""


def test_a_verified_author_is_answered_at_their_own_address() -> None:
    result = "mx.hopestreet.example; dmarc=pass header.from=client.example"
    decision = decide(
        facts(reverse_path="bounce+7@list.example", Authentication_Results=result),
        setting(client=None, authserv="mx.hopestreet.example"),
        QUIET_HISTORY,
        NOW,
    )
    ack = ack_of(decision)
    assert ack is not None
    assert (ack.to, ack.known) == (CARLA.address, True)


def test_a_crisis_alerts_the_therapist_and_raises_the_ack() -> None:
    decision = decide(facts("I want to end my life."), setting(), QUIET_HISTORY, NOW)
    alert, ack = alert_of(decision), ack_of(decision)
    assert alert is not None
    assert ack is not None
    assert (alert.to, alert.level, ack.level) == ("ana@hopestreet.example", Level.CRISIS, Level.CRISIS)


def test_the_policy_says_from_which_level_on_the_therapist_is_alerted() -> None:
    for threshold, alerted in (("urgent", True), ("crisis", False), ("never", False)):
        policy = {"urgency": {"alert": threshold}}
        decision = decide(facts("this is urgent"), setting(policy), QUIET_HISTORY, NOW)
        assert (alert_of(decision) is not None) is alerted, threshold


def test_the_agreed_word_makes_a_message_urgent() -> None:
    decision = decide(facts("Bluebird. Please call."), setting(), QUIET_HISTORY, NOW)
    assert decision.assessment.level is Level.URGENT
    assert "agreed-word" in codes(decision)


def test_a_machines_crisis_words_alert_nobody_unless_a_client_sent_them() -> None:
    machine = facts("If you want to end my life story, read on.", Auto_Submitted="auto-generated", List_Id="<a.b>")
    assert alert_of(decide(machine, setting(client=None), QUIET_HISTORY, NOW)) is None
    assert alert_of(decide(machine, setting(), QUIET_HISTORY, NOW)) is not None


def test_the_ack_carries_what_the_policy_promises_and_nothing_else() -> None:
    silent = ack_of(decide(facts(), setting(), QUIET_HISTORY, NOW))
    assert silent is not None
    assert (silent.read_by, silent.answer_by, silent.allowed) == (None, None, None)
    policy = {
        "hours": {"reading": "07:00-09:00"},
        "answer": {"promise": "within 24h"},
        "allowance": {"messages": 5, "warn_at": 0.4},
    }
    history = replace(QUIET_HISTORY, earlier=(Earlier(NOW - timedelta(hours=1), 100),))
    full = ack_of(decide(facts(), setting(policy), history, NOW))
    assert full is not None
    assert full.answer_by == full.read_by == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert (full.used, full.allowed, full.warn) == (2, 5, True)
    assert full.read_by is not None


def test_the_header_fields_say_why() -> None:
    fields = dict(decide(facts("I want to end my life."), setting(), QUIET_HISTORY, NOW).fields)
    assert fields["X-Handrail-Urgency"].startswith("crisis; words found: end my life (en/crisis)")
    assert fields["X-Handrail-Ack"] == "yes"
    assert dict(decide(facts(), setting(), UNKNOWN, NOW).fields)["X-Handrail-Ack"].startswith("no; ")


def test_what_is_recorded_never_holds_the_body() -> None:
    received = decide(facts("A very particular sentence."), setting(), QUIET_HISTORY, NOW).received
    assert isinstance(received, Received)
    assert "particular" not in repr(received)
