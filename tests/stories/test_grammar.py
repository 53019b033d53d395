"""A story says what it means, or says where it does not."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.stories import telling
from tests.stories.grammar import parse
from tests.stories.on_core import CoreStage
from tests.stories.playing import play
from tests.stories.telling import StoryError

HEAD = (
    "policy open-door\nclient Carla, sessions thu 15:00-15:50 and mon 9:00-9:50, agreed word bluebird\nstranger Tom\n"
)
FIRST = 'Mon 2015-11-23 21:10  client writes "Hello."\n'


def acts(text: str) -> list[object]:
    return [step.what for step in parse(HEAD + text, "sample").steps]


def refusal(text: str) -> str:
    with pytest.raises(StoryError) as refused:
        parse(text, "sample")
    return str(refused.value)


def test_a_line_that_is_not_understood_is_named_by_file_and_line() -> None:
    assert refusal(HEAD + FIRST + "                      gateway sings\n").startswith("sample.story:5: ")
    assert "gateway sings" in refusal(HEAD + FIRST + "                      gateway sings\n")


def test_weekdays_are_checked_against_dates() -> None:
    assert "2015-11-23 is a Mon, not a Tue" in refusal(HEAD + 'Tue 2015-11-23 21:10  client writes "Hello."\n')
    wrong = FIRST + "                      promise is an answer by Wed 2015-11-24 09:00\n"
    assert "2015-11-24 is a Tue, not a Wed" in refusal(HEAD + wrong)


def test_time_does_not_go_back() -> None:
    assert "time does not go back" in refusal(HEAD + FIRST + "Sun 2015-11-22 10:00  time passes\n")


def test_a_story_begins_on_a_date() -> None:
    assert "needs its date" in refusal(HEAD + 'Mon 21:10  client writes "Hello."\n')


def test_a_time_without_a_date_is_the_next_such_time() -> None:
    story = parse(HEAD + FIRST + "21:30  time passes\nMon 09:00  time passes\nTue 09:00  time passes\n", "sample")
    assert [step.at for step in story.steps] == [
        datetime(2015, 11, 23, 20, 10, tzinfo=UTC),
        datetime(2015, 11, 23, 20, 30, tzinfo=UTC),
        datetime(2015, 11, 30, 8, 0, tzinfo=UTC),
        datetime(2015, 12, 1, 8, 0, tzinfo=UTC),
    ]


def test_the_hour_that_comes_twice_can_be_told_apart() -> None:
    night = "Sun 2015-10-25 02:30  time passes\nSun 02:30 again  time passes\n"
    first, second = parse(HEAD + night, "sample").steps
    assert (second.at - first.at).total_seconds() == 3600


def test_times_are_meant_in_the_zone_of_the_story() -> None:
    (step,) = parse(f"zone Australia/Sydney\nregion AU-NSW\n{HEAD}{FIRST}", "sample").steps
    assert step.at == datetime(2015, 11, 23, 10, 10, tzinfo=UTC)


def test_a_letter_may_go_over_lines_and_paragraphs() -> None:
    letter = 'Mon 2015-11-23 21:10  client writes "Dear Ana,\n                      I sleep better.\n\n      Carla"\n'
    (written,) = acts(letter)
    assert isinstance(written, telling.Writes)
    assert written.letter.text == "Dear Ana, I sleep better.\n\nCarla"


def test_all_that_can_be_said_of_a_letter() -> None:
    line = 'Mon 2015-11-23 21:10  client writes the dream 12 words "So it was", subject "Night", asks for a receipt'
    (written,) = acts(f"{line}, marks it important\n")
    assert isinstance(written, telling.Writes)
    letter = written.letter
    assert (letter.who, letter.name, letter.subject) == ("Carla", "dream", "Night")
    assert letter.text.startswith("So it was and then")
    assert len(letter.text.split()) == 12
    assert letter.asks_for_receipt
    assert letter.important
    assert not letter.by_machine


def test_who_is_in_a_story_is_read_with_all_that_is_said_of_them() -> None:
    head = "away 2015-12-24 until 2016-01-03, Ben covers\ncover Ben, phone 0800 5550\n"
    story = parse(head + HEAD + FIRST, "sample")
    (carla,) = story.clients
    assert [str(rule) for rule in carla.sessions] == ["thu 15:00-15:50", "mon 09:00-09:50"]
    assert carla.urgent_word == "bluebird"
    assert story.people == ("Carla", "Tom", "Ben")
    assert story.absences[0].first == date(2015, 12, 24)
    assert story.absences[0].cover == "Ben"


def test_lines_of_the_policys_file_stand_further_in() -> None:
    with_block = "policy open-door with:\n    answer:\n      promise: within 48h\n    receipt: {send: always}\n"
    story = parse(with_block + "client Carla\n" + FIRST, "sample")
    assert story.changes == "answer:\n  promise: within 48h\nreceipt: {send: always}"
    change = "Tue 09:00  therapist changes the policy:\n               answer: {promise: within 12h}\n"
    assert acts(FIRST + change)[-1] == telling.ChangesPolicy("answer: {promise: within 12h}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("policy open-door\nclient Carla, tall\n" + FIRST, "'tall' is nothing that can be said of a client"),
        ("policy open-door\nclient Carla, sessions noon\n" + FIRST, "'noon' is no session"),
        (HEAD + FIRST.replace("client writes", "Mia writes"), "nobody has introduced Mia"),
        (HEAD + "client Mia\n" + FIRST, "`client` is who"),
        (HEAD + "weather rainy\n" + FIRST, "nobody knows what 'weather' introduces"),
        (HEAD + FIRST + "gateway acks\n", "what goes on in it is indented"),
        (HEAD, "something that happens"),
        (FIRST, "needs a policy"),
    ],
)
def test_what_is_wrong_with_a_story_is_said(text: str, why: str) -> None:
    if "needs a policy" in why:
        text = "client Carla\n" + text
    assert why in refusal(text)


async def played(text: str) -> str:
    story = parse(HEAD + text, "sample")
    with pytest.raises(StoryError) as went:
        await play(story, CoreStage(story))
    return str(went.value)


async def test_what_a_story_does_not_tell_of_fails_it() -> None:
    why = await played(FIRST)
    assert why.startswith("sample.story:4: the story does not tell of")
    assert "ack to Carla" in why


async def test_what_the_gateway_does_not_say_fails_a_story() -> None:
    assert "it does not say 'by carrier pigeon'" in await played(
        FIRST + '                      gateway acks "by carrier pigeon"\n'
    )
    assert "no receipt was sent" in await played(
        FIRST + "                      gateway acks\n                      gateway sends receipt\n"
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("gateway tags it urgent", "its tags are none"),
        ("promise is kept", "the promise is open"),
        ("promise is an answer by Tue 09:00", "promised is Tue 2015-11-24 21:10"),
        ("ledger counts 3.0 minutes", "the ledger counts 0.0"),
        ("ledger charges 45.00 EUR", "the ledger charges nothing"),
        ('the ack does not say "arrived"', "it does say 'arrived'"),
        ('the ack begins with "Dear"', "it does not begin with 'Dear'"),
        ('the nudge says "soon"', "the story has told of no nudge yet"),
    ],
)
async def test_each_expectation_can_fail(line: str, why: str) -> None:
    indent = "                      "
    assert why in await played(f"{FIRST}{indent}gateway acks\n{indent}{line}\n")
