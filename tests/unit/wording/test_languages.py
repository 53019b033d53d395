"""Every message in every language, in every sort of case: it can be said, in that language alone, and comforts nobody
falsely.
"""

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from gateway import shipped
from gateway.core.effects import Ack, Receipt
from gateway.core.events import Level
from gateway.ports import Words
from gateway.wording.contexts import FOLDERS
from tests.unit.wording.made import ACK, LANGUAGES, LINE, PHONE, POLICIES, PRACTICE, RECEIVED, shared, templates, tried

#: What tells somebody unknown of a relation, in each language.
RELATION = re.compile(
    r"hope street|therap|thérap|terap|psych|klient|patient|paziente"
    r"|\b(client|counsel|session|sitzung|beratung|praxis|séance|cabinet|sesión|consulta|seduta|studio|sessie|praktijk"
    r"|sessão|consultório)",
    re.IGNORECASE,
)
#: Nothing may say that all is well, or that somebody or something looks on.
FALSE_COMFORT = re.compile(
    r"\bsafe|no danger|not urgent|routine|harmless|monitor|watch|notic(e|ed|es|ing)\b(?! was)|detect|keep an eye"
    r"|\bsicher|keine gefahr|nicht dringend|harmlos|überwach|beobacht|bemerkt"
    r"|en sécurité|sans danger|pas urgent|surveill|remarqu|veill"
    r"|\ba salvo\b|sin peligro|no es urgente|vigil|supervis|detecta"
    r"|al sicuro|senza pericolo|non è urgente|sorvegli|controlliamo|rileva"
    r"|veilig|geen gevaar|niet dringend|bewaak|in de gaten|opgemerkt"
    r"|em segurança|sem perigo|não é urgente|monitoriz|dete(c)?tad",
    re.IGNORECASE,
)
#: Everyday words that one of these languages has and the others do not.
EVERYDAY = {
    "de": "und der ist nicht Sie wird eine bitte für Ihre oder diese",
    "en": "the and your this with please you will been from has",
    "es": "el los las su una mensaje correo usted respuesta hoy ha llegado",
    "fr": "vous votre le les une cette est dans réponse mais",
    "it": "il Suo una è stato messaggio non Lei della questo conferma",
    "nl": "het een uw niet dit bericht als wordt op van geen",
    "pt": "a sua uma mensagem não foi por resposta o seu esta",
}
#: What is in the language of whoever wrote it: samples' own words, cards, names.
FOREIGN = re.compile(
    r"I am away next week, and I have not forgotten you\.|Your chair is waiting\.|Christmas Day|A sample"
)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", sorted(FOLDERS.values()))
def test_each_language_has_each_message_whole(language: str, message: str) -> None:
    folder = shipped.folder("templates") / language / message
    assert {path.name for path in folder.iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_parts(language: str) -> None:
    root = shipped.folder("templates")

    def parts(tag: str) -> set[str]:
        return {path.relative_to(root / tag).as_posix() for path in (root / tag).rglob("*.*")}

    assert parts(language) == parts("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_context_can_be_said(language: str) -> None:
    for sample, words in tried(language):
        assert words.language == language
        assert words.subject
        assert words.subject == words.subject.strip()
        # A link has a line of its own, as long as it is.
        assert all(len(line) <= 78 for line in words.text.splitlines() if not line.startswith("mailto:")), words.text
        assert not re.search(r" [.,]|\.\.(?!\.)|,,|\(\)| \)|None|\{|\}", words.text.replace("[...]", "")), words.text
        assert "  " not in words.text.replace("\n  ", "\n")
        assert "\N{NO-BREAK SPACE}" not in words.text
        assert sample.effect.policy in POLICIES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lines", [("phone", "crisis_line"), ("phone",), ("crisis_line",), ()], ids=str)
def test_a_practice_may_lack_a_phone_or_a_crisis_line(language: str, lines: tuple[str, ...]) -> None:
    silent = {name: "" for name in ("phone", "crisis_line") if name not in lines}
    speak = templates(PRACTICE.model_copy(update=silent))
    for level in Level:
        for policy in ("plain", "full"):
            words = speak.render(replace(ACK, language=language, level=level, policy=policy))
            assert not re.search(r" [.]|: *\.|  ", words.text), words.text
            assert bool(lines) == any(one in words.text for one in (PHONE, LINE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ack_carries_the_crisis_line_and_a_crisis_begins_with_it(language: str) -> None:
    for sample, words in tried(language):
        ack = sample.effect
        if not isinstance(ack, Ack) or ack.country:
            continue
        assert LINE in words.text
        assert LINE in words.html
        if ack.level is Level.CRISIS:
            first = words.text.split("\n\n")[0]
            assert PHONE in first
            assert LINE in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_comforts_falsely_or_says_that_somebody_looks_on(language: str) -> None:
    for _, words in tried(language):
        found = FALSE_COMFORT.search(words.subject + words.text)
        assert not found, (found, words.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_the_practice_does_not_know_learns_of_no_relation(language: str) -> None:
    unknown = [words for sample, words in tried(language) if not getattr(sample.effect, "known", True)]
    assert unknown
    for words in unknown:
        said = (words.subject + words.text + words.html).replace("ana@hopestreet.example", "")
        assert not RELATION.search(said), words.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_has_words_of_another(language: str) -> None:
    own, foreign = own_words(language), {tag: words_of(EVERYDAY[tag]) for tag in LANGUAGES if tag != language}
    for sample, words in tried(language):
        if isinstance(sample.effect, Ack) and sample.effect.welcome:
            continue  # the card is tried by itself
        said = words_of(FOREIGN.sub("", f"{words.subject} {words.text}")) - own
        for tag, everyday in foreign.items():
            assert len(said & everyday) < 3, (tag, said & everyday, words.text)


@cache
def own_words(language: str) -> set[str]:
    """The words of a language's plain ack, which are its own whatever else they are."""
    return words_of(plain(language).text)


@cache
def plain(language: str) -> Words:
    return shared().render(replace(ACK, language=language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_ack_is_in_its_language(language: str) -> None:
    text = words_of(plain(language).text)
    counts = {tag: len(text & words_of(everyday)) for tag, everyday in EVERYDAY.items()}
    assert max(counts, key=lambda tag: counts[tag]) == language, counts


#: What stands in an ordinary ack for a reading by tomorrow at nine, and on a day further on.
TIMES = {
    "de": ("morgen, Dienstag, bis 9:00 Uhr", "am Donnerstag, dem 26. November, bis 21:10 Uhr"),
    "en": ("tomorrow, Tuesday, by 09:00", "on Thursday, November 26, by 21:10"),
    "es": ("mañana, martes, antes de las 9:00", "el jueves 26 de noviembre, antes de las 21:10"),
    "fr": ("demain, mardi, avant 9h00", "le jeudi 26 novembre, avant 21h10"),
    "it": ("domani, martedì, entro le ore 9:00", "giovedì 26 novembre, entro le ore 21:10"),
    "nl": ("morgen, dinsdag, uiterlijk om 9.00 uur", "op donderdag 26 november uiterlijk om 21.10 uur"),
    "pt": ("amanhã, terça-feira, até às 9h00", "na quinta-feira, 26 de novembro, até às 21h10"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_are_said_as_people_say_them(language: str) -> None:
    tomorrow, later = TIMES[language]
    assert tomorrow in " ".join(plain(language).text.split())
    further = replace(ACK, language=language, read_by=RECEIVED + timedelta(days=3))
    assert later in " ".join(shared().render(further).text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ack_to_somebody_known_tells_how_to_get_no_more(language: str) -> None:
    for sample, words in tried(language):
        if isinstance(sample.effect, Ack):
            assert (" STOP" in " ".join(words.text.split())) == sample.effect.known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_receipt_is_signed(language: str) -> None:
    for sample, words in tried(language):
        if isinstance(sample.effect, Receipt):
            assert words.text.endswith(
                "\nHope Street Practice\n" if sample.effect.known else "\nana@hopestreet.example\n"
            )
