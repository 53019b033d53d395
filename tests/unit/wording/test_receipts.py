"""Receipts in every language: they say that it was read, and of answers what is promised."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.core.events import Expect
from tests.unit.wording.made import LANGUAGES, RECEIVED, SESSION, TOMORROW_AT_NINE, receipt

#: In each language: that there will be an answer, that none is promised, and that there will be none.
_OF_ANSWERS = {
    "de": ("Eine Antwort bekommen Sie", "ist nicht zugesagt", "wird es nicht geben"),
    "en": ("You will have an answer", "is not promised", "There will be no answer"),
    "es": ("Tendrá una respuesta", "No se promete una respuesta", "No habrá respuesta"),
    "fr": ("Vous aurez une réponse", "n’est pas promise", "Il n’y aura pas de réponse"),
    "it": ("Avrà una risposta", "non è promessa", "Non ci sarà una risposta"),
    "nl": ("U krijgt een antwoord", "is niet toegezegd", "Er komt geen antwoord"),
    "pt": ("Terá uma resposta", "Não se promete uma resposta", "Não haverá resposta"),
}
_READ = {
    "de": ("gelesen",),
    "en": ("read",),
    "es": ("leyó", "leído"),
    "fr": ("lu",),
    "it": ("letto",),
    "nl": ("gelezen",),
    "pt": ("lida",),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"answer_by": TOMORROW_AT_NINE, "expect": Expect.ANSWER}, 0),
        ({"expect": Expect.MAYBE}, 1),
        ({"expect": Expect.NONE}, 2),
        ({"answer_by": RECEIVED + timedelta(hours=1), "expect": Expect.ANSWER}, None),
        ({"answer_by": TOMORROW_AT_NINE, "expect": Expect.ANSWER, "answered": True}, None),
        ({"expect": Expect.NONE, "answered": True}, None),
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_a_receipt_says_read_and_of_answers_what_is_promised_and_no_more(
    language: str, changed: dict[str, Any], said: int | None, exact: bool
) -> None:
    text = receipt(language=language, exact=exact, **changed)
    assert any(word in text for word in _READ[language])
    assert [words in text for words in _OF_ANSWERS[language]] == [number == said for number in range(3)]
    assert ("08:10" in text or "8.10" in text or "8h10" in text or "8:10" in text) is exact


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_mail_is_not_answered_the_receipt_says_what_happens_instead(language: str) -> None:
    told = {"policy": "never", "expect": Expect.NONE, "language": language}
    with_session, without = receipt(**told, session=SESSION), receipt(**told, session=SESSION, known=False)
    assert "26" in with_session.replace("2026", "")
    assert "26" not in without.replace("2026", "")
