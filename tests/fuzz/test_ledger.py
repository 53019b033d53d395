"""Whatever happens to messages, the total is the sum of the lines as shown, and every answer is timed once."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.billing.duration import answering
from gateway.core.billing.ledger import ledger, total
from gateway.core.events import Answered, Origin, Seen, Unseen, Waived
from gateway.core.history import Story
from gateway.core.policy.schema import Billing, Policy
from tests.unit.core.billing.lives import MONDAY, story

instants = st.integers(0, 10_000).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
words = st.integers(0, 5_000)
ids = st.sampled_from(["a1", "a2", "a3"])
events = st.one_of(
    st.builds(Seen, at=instants),
    st.builds(Unseen, at=instants),
    st.builds(Answered, at=instants, witness=st.just("flag"), words=st.none(), answer=st.just("")),
    # One answer has one text: its words follow from its id.
    st.tuples(instants, ids).map(
        lambda drawn: Answered(at=drawn[0], witness="sent", words=int(drawn[1][1]) * 57, answer=drawn[1])
    ),
)
policies = st.builds(
    Billing,
    counts=st.sampled_from(["nothing", "read", "read+answer"]),
    words_per_minute=st.integers(50, 1000),
    exempt=st.sampled_from([(), ("scheduling",)]),
).map(lambda billing: Policy(billing=billing))


@st.composite
def histories(draw: st.DrawFn) -> list[Story]:
    return [
        story(
            *draw(st.lists(events, max_size=6)),
            key=f"k{number}",
            at=draw(instants),
            new_words=draw(words),
            quoted_words=draw(words),
            attachment_words=draw(words),
            origin=draw(st.sampled_from(Origin)),
            category=draw(st.sampled_from(["", "scheduling"])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


def letters(given: Story) -> dict[str, int]:
    return {
        event.answer: event.words for event in given.events if isinstance(event, Answered) and event.words is not None
    }


@given(histories(), policies)
def test_the_total_is_the_sum_of_its_lines_as_shown(stories: list[Story], policy: Policy) -> None:
    lines = ledger(stories, lambda *_: policy)
    assert len(lines) == len(stories)
    assert total(lines) == sum(Decimal(str(line.counted_minutes)) for line in lines)
    for line in lines:
        assert line.counted_minutes == line.counted_minutes.quantize(Decimal("0.1"))
        assert Decimal(0) <= line.counted_minutes <= line.read_minutes + line.answer_minutes
        assert not (line.exempt and line.counted_minutes)
        assert line.derivation


@given(histories(), policies)
def test_every_answer_is_timed_exactly_once(stories: list[Story], policy: Policy) -> None:
    lines = ledger(stories, lambda *_: policy)
    written = {answer: words for given in stories for answer, words in letters(given).items()}
    expected = sum(answering(words, policy.billing).minutes for words in written.values())
    assert sum(line.answer_minutes for line in lines) == expected


@given(histories(), policies, st.data())
def test_a_waiver_takes_its_own_line_to_nothing_and_leaves_every_other_as_it_was(
    stories: list[Story], policy: Policy, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, max(0, len(stories) - 1)))
    waived = [
        Story(one.ref, (*one.events, Waived(at=MONDAY, by="digest"))) if number == at else one
        for number, one in enumerate(stories)
    ]
    before, after = (ledger(some, lambda *_: policy) for some in (stories, waived))
    for old, new in zip(before, after, strict=True):
        mine = bool(stories) and new.ref == stories[at].ref
        assert new.counted_minutes == (Decimal(0) if mine else old.counted_minutes)
        assert new.exempt or not mine


@given(histories(), policies, st.randoms(use_true_random=False))
def test_the_order_in_which_stories_come_does_not_matter(stories: list[Story], policy: Policy, random) -> None:
    shuffled = list(stories)
    random.shuffle(shuffled)
    assert ledger(shuffled, lambda *_: policy) == ledger(stories, lambda *_: policy)
