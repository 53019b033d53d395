"""Whatever was written and however it is charged: never less than nothing, in any order, and no dearer for a waiver."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.billing.charge import charges, cost_ahead, total_charge
from gateway.core.billing.ledger import Line, ledger
from gateway.core.events import Origin
from gateway.core.history import Earlier, Story
from gateway.core.policy.calendar import Calendar
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Billing, Policy
from tests.unit.core.billing.lives import MONDAY, answered, seen, story

BERLIN = ZoneInfo("Europe/Berlin")
CATEGORIES = ("", "scheduling", "stressor", "touchpoint")
#: Minutes from the first message on.
times = st.integers(0, 4 * 24 * 60)
words = st.integers(0, 20_000)

billings = st.builds(
    lambda **drawn: Billing.model_validate(drawn),
    counts=st.sampled_from(["read", "read+answer"]),
    words_per_minute=st.integers(50, 1000),
    rate=st.sampled_from(["45.00 AUD", "0.01 EUR", "7.50 CHF"]),
    increment=st.sampled_from(["1m", "20s", "7m", "15m"]),
    free=st.sampled_from(["0", "50s", "15m", "1h"]),
    round=st.sampled_from(["up", "down", "nearest"]),
    cluster=st.none()
    | st.fixed_dictionaries({"messages": st.integers(2, 4), "within": st.sampled_from(["1h", "24h", "3d"])}),
    exempt=st.lists(st.sampled_from(CATEGORIES[1:]), unique=True),
    suspended=st.sampled_from([[], [{"from": "2026-03-03", "until": "2026-03-03"}]]),
)


@st.composite
def letters(draw: st.DrawFn) -> list[Story]:
    """Read or not, each answered by a letter of its own or not at all."""
    found = []
    for number in range(draw(st.integers(0, 8))):
        after = [*([seen()] if draw(st.booleans()) else [])]
        after += [answered(draw(words), f"a{number}")] if draw(st.booleans()) else []
        found.append(
            story(
                *after,
                key=f"k{number}",
                at=MONDAY + timedelta(minutes=draw(times)),
                new_words=draw(words),
                category=draw(st.sampled_from(CATEGORIES)),
                origin=draw(st.sampled_from([Origin.PERSON, Origin.PERSON, Origin.UNSURE, Origin.MACHINE])),
                author=draw(st.sampled_from(["cleo@client.example", "noor@client.example"])),
            )
        )
    return found


def charged(lines: tuple[Line, ...], billing: Billing, client: Client | None = None) -> tuple[Line, ...]:
    policy = Policy(billing=billing)
    return charges(lines, lambda *_: policy, lambda *_: client, BERLIN)


def lines_of(stories: list[Story], billing: Billing) -> tuple[Line, ...]:
    return ledger(stories, lambda *_: Policy(billing=billing))


def amount(lines: tuple[Line, ...]) -> Decimal:
    return sum((one.amount for one in total_charge(lines)), Decimal(0))


@given(letters(), billings)
def test_a_charge_is_whole_increments_never_negative_and_always_explained(
    stories: list[Story], billing: Billing
) -> None:
    lines = charged(lines_of(stories, billing), billing)
    assert len(lines) == len(stories)
    assert billing.rate is not None
    for line in lines:
        assert line.charge_derivation
        if line.charge is not None:
            assert line.charge.amount > 0
            assert line.charge.amount % billing.rate.amount == 0
            assert line.charge_derivation.endswith(f"= {line.charge}")
            assert not line.exempt


@given(letters(), billings, st.randoms(use_true_random=False))
def test_the_order_in_which_lines_come_does_not_matter(stories: list[Story], billing: Billing, random) -> None:
    lines = lines_of(stories, billing)
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert charged(tuple(shuffled), billing) == charged(lines, billing)


@given(letters(), billings, st.sets(st.integers(0, 7)))
def test_exempting_messages_never_raises_a_charge(stories: list[Story], billing: Billing, waived: set[int]) -> None:
    lines = lines_of(stories, billing)
    fewer = tuple(
        replace(line, exempt="waived", counted_minutes=Decimal("0.0")) if number in waived else line
        for number, line in enumerate(lines)
    )
    assert amount(charged(fewer, billing)) <= amount(charged(lines, billing))


@given(letters(), billings, st.sampled_from(CATEGORIES[1:]))
def test_exempting_a_category_never_raises_a_charge(stories: list[Story], billing: Billing, category: str) -> None:
    more = billing.model_copy(update={"exempt": (*billing.exempt, category)})
    dear, cheap = (amount(charged(lines_of(stories, rule), rule)) for rule in (billing, more))
    assert cheap <= dear


@given(letters(), billings)
def test_suspending_never_raises_a_charge_and_who_is_exempt_pays_nothing(
    stories: list[Story], billing: Billing
) -> None:
    lines = lines_of(stories, billing)
    never = billing.model_copy(update={"suspended": ()})
    assert amount(charged(lines, billing)) <= amount(charged(lines, never))
    assert not total_charge(charged(lines, billing, Client(address="cleo@client.example", exempt=True)))


@given(
    st.lists(
        st.tuples(times, words, st.sampled_from(CATEGORIES)), min_size=1, max_size=8, unique_by=lambda one: one[0]
    ),
    billings,
)
def test_what_is_said_to_cost_is_charged_once_it_is_read_and_what_is_said_to_be_free_is_not(
    written: list[tuple[int, int, str]], billing: Billing
) -> None:
    written.sort()
    past = [Earlier(MONDAY + timedelta(minutes=at), count, category) for at, count, category in written]
    *earlier, this = past
    stories = [
        story(seen(), key=f"k{number}", at=one.at, new_words=one.words, category=one.category)
        for number, one in enumerate(past)
    ]
    lines = charged(lines_of(stories, billing), billing)
    said = cost_ahead(this.words, earlier, billing, None, Calendar(BERLIN), this.category, this.at)
    if not said:
        assert lines[-1].charge is None
        return
    others = ("not charged", "charged together with")
    bearer = next(line for line in reversed(lines) if not line.charge_derivation.startswith(others))
    assert (bearer.charge is not None) == (said == "will")
