"""Words of urgency in their context, with the lexicons as they are shipped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from time import process_time

import pytest
from ruamel.yaml import YAML

from gateway.core.events import Level
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.read import read
from gateway.core.urgency.assess import Assessment, Matcher, assess
from gateway.core.urgency.lexicon import Lexicon

FOLDER = Path(__file__).parents[4] / "config" / "urgency"
FILES = sorted(FOLDER.glob("*/*.yaml"))


@cache
def shipped() -> tuple[Lexicon, ...]:
    return tuple(Lexicon(**YAML(typ="safe").load(path)) for path in FILES)


@cache
def matcher() -> Matcher:
    return Matcher(shipped())


def message(text: str, subject: str = "Hello") -> Facts:
    head = f"From: client@client.example\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    return read((head + text).encode(), Envelope("client@client.example", ("ana@hopestreet.example",)))


def judged(text: str, subject: str = "Hello") -> Assessment:
    return matcher().assess(message(text, subject))


PAIRS = {
    # negation lowers, never to routine; a `but` ends it
    "I want to kill myself.": "crisis",
    "I don't want to kill myself, I just want it to stop.": "urgent",
    "I do not want to kill myself.": "mention",
    "I am not suicidal.": "mention",
    "I'm not suicidal, but I can't promise anything.": "urgent",
    "I have no reason to live.": "crisis",
    "I have no thoughts of suicide.": "mention",
    "I'm not okay, I want to die.": "crisis",
    "I'm not sure I want to die.": "crisis",
    "I don't want to be here any more.": "crisis",
    "I can't promise I won't kill myself.": "crisis",
    # history, cancelled by what brings it back
    "I tried to end my life when I was 16.": "mention",
    "I tried to end my life when I was 16 and I'm back there.": "crisis",
    "Years ago I wanted to die. Tonight I took all my pills.": "crisis",
    "When I was driving to work I thought of killing myself.": "crisis",
    # other people
    "My brother took his own life in 2019.": "mention",
    "My son says he wants to die.": "crisis",
    # suppositions
    "If I relapse, what should I do?": "mention",
    "If she leaves me I'll end it.": "crisis",
    "If I took all my pills, would it hurt?": "urgent",
    # stories and jokes
    "In the film he jumps off a bridge.": "mention",
    "In the film he jumps off a bridge and I want to kill myself too.": "crisis",
    "I keep looking at bridges.": "urgent",
    "kms lol this homework": "mention",
    "kms tonight, bye": "crisis",
    "haha but I mean it, I want to die": "crisis",
    # idioms hide their own span only
    "My boss is killing me.": "routine",
    "My husband is killing me slowly, he choked me again.": "crisis",
    "I was dying of laughter earlier, but I took the whole box.": "crisis",
    "Killing time until the session, dead tired.": "routine",
    "I cut myself shaving.": "routine",
    "I cut myself shaving and then I cut myself again.": "urgent",
    "The suicide prevention training was good.": "routine",
    "I'd die for a coffee; my phone died.": "routine",
    "A matter of life and death, the deadline!": "routine",
    "If you are in crisis call the line.": "routine",
    # German
    "Ich will nicht mehr leben.": "crisis",
    "Ich will nicht mehr mit ihm leben.": "routine",
    "Ich mache Schluss mit allem.": "crisis",
    "Ich mache Schluss mit Tom.": "routine",
    "Ich möchte mich umbringen.": "crisis",
    "Ich will mich nicht umbringen.": "mention",
    "Ich habe keine Suizidgedanken.": "mention",
    "Als ich 16 war, wollte ich mich umbringen.": "mention",
    "Als ich 16 war, wollte ich mich umbringen, und jetzt ist es wieder so.": "crisis",
    "Ich bin todmüde und der Rücken bringt mich fast um.": "routine",
    "Ich habe alle Tabletten genommen.": "crisis",
    "Ohne mich wärt ihr besser dran.": "crisis",
    "Er hat mich gewürgt.": "crisis",
    "Ich kann nicht mehr.": "urgent",
    "Ich kann nicht mehr am Dienstag.": "routine",
    "In dem Krimi will der Kommissar sich umbringen.": "mention",
    "Die Totenstille war sterbenslangweilig.": "routine",
    # spelling does not matter
    "I WANT TO DIE": "crisis",
    "I don\u2019t want to live": "crisis",
    "i dont want to live": "crisis",
    "I want to\nkill myself": "crisis",
    "I just want to... die": "crisis",
    "I want to ki\u200bll my\u00adself": "crisis",
    "\uff29 want to \uff44\uff49\uff45": "crisis",
    "ich möchte mich töten": "crisis",
    "ich moechte mich toeten": "crisis",
    "ich waere lieber tot": "crisis",
    "I want to. Die Zeit vergeht.": "routine",
}


@pytest.mark.parametrize(("text", "level"), PAIRS.items())
def test_words_count_in_their_context(text: str, level: str) -> None:
    assert judged(text).level.value == level


@pytest.mark.parametrize(
    "text",
    [
        "Ich werde mich heute umbringen.",
        "Ich habe vor, mich heute Abend umzubringen.",
        "Ich werde mir heute Nacht das Leben nehmen.",
        "Ich möchte einfach nur noch sterben.",
        "I want to just die.",
        "I have decided to end it tonight.",
    ],
)
def test_words_that_change_nothing_may_stand_within_a_phrase(text: str) -> None:
    assert judged(text).level is Level.CRISIS


def test_a_phrase_is_not_stretched_over_words_that_change_it() -> None:
    assert judged("I want the old tree not to die.").level is not Level.CRISIS


def test_the_subject_counts_as_well() -> None:
    assert judged("Please call.", subject="I want to die").level is Level.CRISIS


def test_quoted_words_do_not_count_beside_new_ones() -> None:
    assert judged("Thank you.\r\n\r\n> I want to die.\r\n").level is Level.ROUTINE


def test_a_forwarded_message_is_at_least_a_mention() -> None:
    forwarded = "---------- Forwarded message ---------\r\nFrom: Tom\r\n\r\nI want to die.\r\n"
    assert judged(forwarded).level is Level.MENTION


def test_a_hit_shows_phrase_lexicon_and_sentence_and_reasons_tell_why() -> None:
    found = judged("It was a good week. I am not suicidal.")
    assert [(hit.phrase, hit.lexicon, hit.sentence) for hit in found.hits] == [
        ("suicidal", "crisis-en", "I am not suicidal.")
    ]
    assert [str(reason) for reason in found.reasons] == ["words found: suicidal (crisis-en)", "lowered to mention: not"]


def test_routine_never_says_safe() -> None:
    assert [reason.code for reason in judged("See you on Tuesday.").reasons] == ["routine"]


def test_a_long_sentence_is_cut_around_its_phrase() -> None:
    hit = judged("and so on " * 200 + "I want to die " + "and so on " * 200).hits[0]
    assert "want to die" in hit.sentence
    assert len(hit.sentence) < 260


@pytest.mark.parametrize("text", ["My word is Möwe.", "MÖWE", "mowe!"])
def test_the_agreed_word_makes_a_message_urgent(text: str) -> None:
    found = matcher().assess(message(text), agreed_word="möwe")
    assert (found.level, found.reasons[0].code) == (Level.URGENT, "agreed-word")


def test_the_agreed_word_counts_in_the_subject_and_only_whole() -> None:
    assert matcher().assess(message("x", subject="red kite"), agreed_word="Red Kite").level is Level.URGENT
    assert matcher().assess(message("redkites"), agreed_word="red").level is Level.ROUTINE
    assert matcher().assess(message("I want to die, Möwe"), agreed_word="möwe").level is Level.CRISIS


def test_a_trusted_client_is_always_urgent_at_least() -> None:
    found = matcher().assess(message("hello"), trust_all=True)
    assert (found.level, found.reasons[0].code) == (Level.URGENT, "trusted-client")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Could we reschedule Tuesday's session?", "scheduling"),
        ("Ich muss den Termin am Dienstag verschieben.", "scheduling"),
        ("I want to die, please cancel my session.", ""),
        ("Could we reschedule? " + "It has been a long week for me. " * 20, ""),
        ("I feel better.", ""),
    ],
)
def test_a_short_message_about_an_appointment_is_scheduling(text: str, category: str) -> None:
    assert judged(text).category == category


def test_a_hostile_megabyte_is_assessed() -> None:
    assert judged("i don't want to " * 60_000).level is Level.ROUTINE


def test_lexicons_may_be_given_with_each_message() -> None:
    own = Lexicon(name="own", language="en", level=Level.URGENT, source="x", licence="x", phrases=("blue bird*",))
    assert assess(message("Two blue birds."), [own]).level is Level.URGENT
    assert assess(message("I want to die."), []).level is Level.ROUTINE


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_lexicon_finds_each_of_its_phrases_once(path: Path) -> None:
    lexicon = Lexicon(**YAML(typ="safe").load(path))
    assert lexicon.language == path.parent.name
    assert len(set(lexicon.phrases)) == len(lexicon.phrases)
    alone = Matcher([lexicon.model_copy(update={"masks": ()})])
    for phrase in lexicon.phrases:
        found = alone.assess(message(f"x {phrase.rstrip('*')} x"))
        assert found.category == lexicon.category
        assert found.level is lexicon.level or lexicon.category or "no" in phrase, phrase


def test_a_message_made_of_one_phrase_costs_no_minutes() -> None:
    begun = process_time()
    assert judged("kill myself " * 5_000).level is Level.CRISIS
    assert process_time() - begun < 5


def test_characters_that_spread_into_words_cost_no_minutes() -> None:
    begun = process_time()
    assert judged("\ufdfa" * 100_000).level is Level.ROUTINE
    assert process_time() - begun < 5
