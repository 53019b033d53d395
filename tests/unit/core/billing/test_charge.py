"""Minutes become money by the policy's rules, and who writes is told before they do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gateway.core.billing.charge import category_of, charges, cost_ahead, counted_since, total_charge
from gateway.core.billing.ledger import Line, ledger
from gateway.core.events import Event, Origin
from gateway.core.history import Earlier, Story
from gateway.core.policy.calendar import Calendar
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Billing, Policy
from gateway.core.policy.units import Money
from tests.unit.core.billing.lives import MONDAY, answered, seen, story

BERLIN = ZoneInfo("Europe/Berlin")
#: A message of so many words takes so many minutes.
SPEED = 100


def billing(**changes: object) -> Billing:
    usual: dict[str, object] = {"rate": "45.00 AUD", "words_per_minute": SPEED, "free": "15m", "increment": "15m"}
    return Billing.model_validate(usual | changes)


CLUSTER = {"messages": 4, "within": "24h"}


def wrote(minutes: float, *after: Event, hours: float = 0, key: str = "k1", **changes: object) -> Story:
    """A message that takes so many minutes to read, and was read."""
    at = MONDAY + timedelta(hours=hours)
    return story(*(after or (seen(hours + 1),)), key=key, at=at, new_words=round(minutes * SPEED), **changes)


def brief(count: int, apart: float = 1, minutes: float = 0.1) -> list[Story]:
    return [wrote(minutes, hours=number * apart, key=f"k{number}") for number in range(count)]


def charged(stories: Sequence[Story], rule: Billing, client: Client | None = None) -> tuple[Line, ...]:
    policy = Policy(billing=rule)
    return charges(ledger(stories, lambda *_: policy), lambda *_: policy, lambda *_: client, BERLIN)


def amounts(stories: Sequence[Story], rule: Billing) -> list[str]:
    return [str(line.charge or "") for line in charged(stories, rule)]


@pytest.mark.parametrize(
    ("minutes", "round_", "charge"),
    [
        (15, "up", ""),
        (15.1, "up", "45.00 AUD"),
        (30, "up", "45.00 AUD"),
        (30.1, "up", "90.00 AUD"),
        (29.9, "down", ""),
        (30, "down", "45.00 AUD"),
        (22.4, "nearest", ""),
        (22.5, "nearest", "45.00 AUD"),
        (37.4, "nearest", "45.00 AUD"),
    ],
)
def test_time_beyond_what_is_free_is_charged_in_increments(minutes: float, round_: str, charge: str) -> None:
    assert amounts([wrote(minutes)], billing(round=round_)) == [charge]


def test_an_increment_that_has_no_decimal_is_counted_exactly() -> None:
    assert amounts([wrote(1)], billing(increment="20s", free="0")) == ["135.00 AUD"]


def test_the_derivation_says_how_the_charge_was_come_by() -> None:
    (line,) = charged([wrote(32.5)], billing())
    assert line.charge == Money(amount=Decimal("90.00"), currency="AUD")
    assert line.charge_derivation == (
        "32.5 min - 15m free = 17.5 min in increments of 15m, rounded up; 2 increments × 45.00 AUD = 90.00 AUD"
    )
    (line,) = charged([wrote(7)], billing(free="0"))
    assert line.charge_derivation == "7.0 min in increments of 15m, rounded up; 1 increment × 45.00 AUD = 45.00 AUD"
    (line,) = charged([wrote(7)], billing())
    assert line.charge_derivation == "7.0 min, all within the free 15m; nothing to charge"


def test_without_a_cluster_each_message_has_its_own_free_time() -> None:
    assert amounts(brief(3, minutes=10), billing()) == ["", "", ""]


def test_within_a_clusters_time_messages_share_free_time_and_the_first_bears_the_charge() -> None:
    lines = charged(brief(3, minutes=10), billing(cluster=CLUSTER))
    assert [str(line.charge or "") for line in lines] == ["45.00 AUD", "", ""]
    assert lines[0].charge_derivation == (
        "3 messages within 1d are charged together; 30.0 min - 15m free = 15.0 min in increments of 15m, rounded up; "
        "1 increment × 45.00 AUD = 45.00 AUD"
    )
    assert lines[1].charge_derivation == "charged together with the message of 2026-03-02 08:00"


def test_so_many_messages_are_charged_one_increment_however_brief() -> None:
    rule = billing(cluster=CLUSTER)
    assert amounts(brief(3), rule) == ["", "", ""]
    lines = charged(brief(4), rule)
    assert total_charge(lines) == (Money(amount=Decimal("45.00"), currency="AUD"),)
    assert lines[0].charge_derivation == (
        "4 messages within 1d are charged together; 0.4 min, all within the free 15m; "
        "so many messages are charged at least one increment, however brief; 1 increment × 45.00 AUD = 45.00 AUD"
    )


def test_a_clusters_time_runs_from_its_first_message() -> None:
    assert amounts(brief(4, apart=8), billing(cluster=CLUSTER)) == ["45.00 AUD", "", "", ""]  # the fourth after 24 h
    assert amounts(brief(4, apart=8.1), billing(cluster=CLUSTER)) == ["", "", "", ""]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"category": "scheduling"}, "scheduling is exempt by the policy"),
        ({"origin": Origin.MACHINE}, "written by a machine: never counted"),
    ],
)
def test_what_does_not_count_adds_neither_time_nor_number(changes: dict[str, object], why: str) -> None:
    rule = billing(cluster=CLUSTER, exempt=["scheduling"])
    lines = charged([*brief(3), wrote(60, hours=3, key="k9", **changes)], rule)
    assert total_charge(lines) == ()
    assert lines[3].charge_derivation == f"not charged: {why}"


def test_an_exempt_message_still_begins_its_episode_so_that_others_are_not_drawn_together() -> None:
    rule = billing(cluster={"messages": 3, "within": "24h"}, exempt=["scheduling"])
    times = (0, 20, 30, 40)
    plain = [wrote(0.1, hours=hours, key=f"k{hours}") for hours in times]
    first_exempt = [wrote(0.1, key="k0", category="scheduling"), *plain[1:]]
    assert total_charge(charged(plain, rule)) == total_charge(charged(first_exempt, rule)) == ()


def test_nothing_is_charged_on_suspended_days_of_the_practices_zone() -> None:
    rule = billing(suspended=[{"from": "2026-03-01", "until": "2026-03-02"}])
    last_minute = [wrote(60, hours=15.9), wrote(60, hours=16, key="k2")]  # 23:54 on Monday and 0:00 on Tuesday
    lines = charged(last_minute, rule)
    assert [str(line.charge or "") for line in lines] == ["", "135.00 AUD"]
    assert lines[0].charge_derivation == "not charged: charging was suspended on that day"


def test_nothing_is_charged_to_who_is_exempt() -> None:
    (line,) = charged([wrote(60)], billing(), Client(address="cleo@client.example", exempt=True))
    assert (line.charge, line.charge_derivation) == (None, "not charged: nothing is charged to this person")


@pytest.mark.parametrize(
    "changes", [{"rate": None}, {"rate": "0 AUD"}, {"counts": "nothing"}, {"increment": "0"}], ids=str
)
def test_without_a_rate_nothing_is_charged_and_nothing_said(changes: dict[str, object]) -> None:
    (line,) = charged([wrote(60)], billing(**changes))
    assert (line.charge, line.charge_derivation) == (None, "")


def test_what_is_not_read_yet_costs_nothing_and_makes_no_cluster() -> None:
    unread = story(key="k9", at=MONDAY + timedelta(hours=3))
    lines = charged([*brief(3), unread], billing(cluster=CLUSTER))
    assert total_charge(lines) == ()
    assert lines[3].charge_derivation == "not charged: not read yet"


def test_writing_the_answer_is_charged_too_where_the_policy_counts_it() -> None:
    letter = wrote(10, seen(1), answered(190))
    assert amounts([letter], billing()) == ["45.00 AUD"]
    assert amounts([letter], billing(counts="read")) == [""]


def test_each_version_of_a_policy_charges_what_it_says() -> None:
    old, new = Policy(billing=billing()), Policy(billing=billing(rate="60.00 AUD"))
    stories = [wrote(20, version=1), wrote(20, hours=1, key="k2", version=2), wrote(20, hours=2, key="k3", version=3)]
    known = {1: old, 2: new}
    lines = charges(ledger(stories, lambda *_: new), lambda _, number: known.get(number), lambda *_: None, BERLIN)
    assert [str(line.charge or "") for line in lines] == ["45.00 AUD", "60.00 AUD", ""]


def test_other_people_have_episodes_of_their_own_whatever_the_case_of_their_address() -> None:
    mine = [wrote(0.1, hours=hours, key=f"k{hours}") for hours in range(3)]
    rule = billing(cluster=CLUSTER)
    assert not total_charge(charged([*mine, wrote(0.1, key="k9", author="noor@client.example")], rule))
    assert total_charge(charged([*mine, wrote(0.1, key="k9", author="Cleo@Client.example")], rule))


def test_sums_are_by_currency() -> None:
    known = {1: Policy(billing=billing()), 2: Policy(billing=billing(rate="30.00 EUR"))}
    stories = [wrote(20, version=1), wrote(20, key="k2", version=2), wrote(20, key="k3", hours=1, version=1)]
    lines = charges(ledger(stories, lambda *_: known[1]), lambda _, number: known[number], lambda *_: None, BERLIN)
    assert [str(one) for one in total_charge(lines)] == ["90.00 AUD", "30.00 EUR"]


NOW = MONDAY


def ahead(
    minutes: float,
    rule: Billing,
    *earlier: tuple[float, float],
    category: str = "",
    client: Client | None = None,
    now: datetime = NOW,
) -> str:
    """`earlier` are hours ago and minutes."""
    past = [Earlier(now - timedelta(hours=hours), round(length * SPEED)) for hours, length in earlier]
    return cost_ahead(round(minutes * SPEED), past, rule, client, Calendar(BERLIN), category, now)


@pytest.mark.parametrize(
    ("minutes", "changes", "said"),
    [
        (15, {}, "may"),  # by the answer
        (15.1, {}, "will"),
        (15, {"counts": "read"}, ""),  # reading it is all, and is free
        (15, {"counts": "read", "cluster": CLUSTER}, "may"),  # by more messages
        (16, {"counts": "read"}, "will"),
        (16, {"round": "down"}, "may"),
        (60, {"rate": None}, ""),
        (60, {"counts": "nothing"}, ""),
        (60, {"suspended": [{"from": "2026-03-02", "until": "2026-03-02"}]}, ""),
    ],
)
def test_who_writes_is_told_what_reading_alone_will_cost_and_what_may(
    minutes: float, changes: dict[str, object], said: str
) -> None:
    assert ahead(minutes, billing(**changes)) == said


def test_with_earlier_messages_of_its_episode_a_message_goes_beyond_what_is_free() -> None:
    rule = billing(cluster=CLUSTER)
    assert ahead(6, rule, (2, 10)) == "will"
    assert ahead(6, rule, (25, 10)) == "may"  # another episode
    assert ahead(6, billing(), (2, 10)) == "may"  # no cluster: each alone


def test_the_message_that_makes_a_cluster_will_cost() -> None:
    rule = billing(cluster=CLUSTER)
    assert ahead(0.1, rule, (3, 0.1), (2, 0.1)) == "may"
    assert ahead(0.1, rule, (3, 0.1), (2, 0.1), (1, 0.1)) == "will"


def test_exempt_kinds_and_people_are_told_nothing_of_cost() -> None:
    rule = billing(exempt=["touchpoint"])
    assert ahead(60, rule, category="touchpoint") == ""
    assert ahead(60, rule, category="scheduling") == "will"
    assert ahead(60, rule, client=Client(address="cleo@client.example", exempt=True)) == ""


def test_earlier_exempt_messages_make_nothing_dearer() -> None:
    rule = billing(exempt=["scheduling"], cluster=CLUSTER)
    past = [Earlier(NOW - timedelta(hours=1), 60 * SPEED, "scheduling")]
    assert cost_ahead(SPEED, past, rule, None, Calendar(BERLIN), "", NOW) == "may"


def test_a_short_message_about_nothing_else_is_a_touchpoint() -> None:
    rule = billing(touchpoint=25)
    assert category_of("", 24, rule) == "touchpoint"
    assert category_of("", 25, rule) == ""
    assert category_of("scheduling", 5, rule) == "scheduling"
    assert category_of("", 5, billing()) == ""


def test_earlier_messages_matter_only_where_a_cluster_is_charged() -> None:
    since = counted_since(billing(cluster=CLUSTER), NOW)
    assert since is not None
    assert since < NOW - timedelta(hours=24)
    assert counted_since(billing(), NOW) is None
    assert counted_since(billing(cluster=CLUSTER, rate=None), NOW) is None
