"""The word that takes a message back, as each text names it, and what is told of it."""

from dataclasses import replace

import pytest

from gateway import shipped
from gateway.core.decide.withdrawal import WORDS
from gateway.core.events import Level
from gateway.core.policy.about import About
from gateway.core.policy.schema import Policy
from gateway.settings.schema import Mailbox
from gateway.wording import Templates
from gateway.wording.cards import Cards
from tests.unit.wording.made import ACK, LANGUAGES, PRACTICE, UNWATCHED, WATCHED, policy, tried

TEMPLATES = shipped.folder("templates")
TAKES_BACK = policy(withdraw="unread")


def said(language: str, given: Policy = TAKES_BACK, mailbox: Mailbox = WATCHED, **changes: object) -> str:
    """The text of an ack."""
    templates = Templates([TEMPLATES], PRACTICE, {"ana": mailbox}, {"plain": given})
    effect = replace(ACK, language=language, policy="plain", **changes)  # type: ignore[arg-type]
    return " ".join(templates.render(effect).text.split())


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_ack_names_the_word_of_its_language_once(language: str, known: bool) -> None:
    text = said(language, known=known)
    assert text.count(WORDS[language]) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_ack_names_it_where_it_would_bring_about_nothing(language: str) -> None:
    for text in (
        said(language, policy()),
        said(language, mailbox=UNWATCHED),
        said(language, level=Level.CRISIS),
        said(language, level=Level.CRISIS, known=False),
    ):
        assert WORDS[language] not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_names_the_same_word(language: str) -> None:
    cards = Cards([TEMPLATES])
    offered = cards.card(TAKES_BACK, About(watched=True), language, "plain")[-1].answer
    assert offered.count(WORDS[language]) == 1
    for given, watched in ((policy(), True), (TAKES_BACK, False)):
        assert WORDS[language] not in cards.card(given, About(watched=watched), language, "plain")[-1].answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_way_that_it_may_end_is_told_otherwise_under_the_same_subject(language: str) -> None:
    told = [(sample, words) for sample, words in tried(language) if sample.message == "withdrawal"]
    endings = {getattr(sample.effect, "staying", None): words.text for sample, words in told}
    assert set(endings) == {"", "seen", "crisis", "gone", "policy"}
    assert len(set(endings.values())) == 5
    assert len({words.subject for _, words in told}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crisis_is_told_first_whom_to_call(language: str) -> None:
    for sample, words in tried(language):
        if sample.message == "withdrawal":
            begins = PRACTICE.phone in words.text.partition("\n\n")[0].replace("\n", " ")
            assert begins == (getattr(sample.effect, "staying", "") == "crisis")
