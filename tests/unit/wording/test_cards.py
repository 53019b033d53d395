"""Policy cards are said in seven languages, whole and only as the policy has it, and in a practice's own words."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gateway import shipped
from gateway.core.policy.about import About
from gateway.core.policy.schema import Policy
from gateway.core.policy.statements import QUESTIONS, STATEMENTS
from gateway.settings.load import load
from gateway.wording.cards import MACROS, Cards
from tests.unit.core.policy.knobs import ABOUT, LANGUAGES, SEEN, many, turned

_ = "\N{NO-BREAK SPACE}"
READ = {"reading": ["07:00-09:00", "17:00"], "days": "mon-fri"}
PAUSE = {"rate": "9 AUD", "suspended": [{"from": "2020-03-16", "until": "2022-03-31"}]}
EXEMPT = {"exempt": ["scheduling", "homework"]}
SHIPPED = Cards([shipped.folder("templates")])
PRESETS = load(shipped.folder("config")).policies
EVERYWHERE = pytest.mark.parametrize("language", LANGUAGES)
#: What no sentence has: blanks before a full stop, two of them, a placeholder, a value as Python writes it.
SPOILT = re.compile(r"  | [.,]|\.\.|[{}<>]|\bNone\b|\bTrue\b|\bFalse\b|duration-|datetime|Weekday|\(\)")
CURRENCY = re.compile(r"[$€£¥]|\b(AUD|EUR)\b|\b45\b|\b15\b")


def card(policy: Policy, language: str, about: About = ABOUT) -> list[tuple[str, str]]:
    return list(SHIPPED.card(policy, about, language))


def answer(question: str, language: str = "en", about: About = ABOUT, **written: object) -> str:
    passages = card(Policy.model_validate(written), language, about)
    return passages[QUESTIONS.index(question)][1]


def own(folder: Path, name: str, text: str | bytes) -> Cards:
    """Cards of a practice with this file in its own folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Cards([folder, shipped.folder("templates")])


@EVERYWHERE
@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_answers_ten_questions_in_each_language(preset: str, language: str) -> None:
    for about in (ABOUT, About()):
        passages = card(PRESETS[preset], language, about)
        assert len({question for question, _ in passages}) == 10
        for question, told in passages:
            assert question.endswith("?")
            assert told.endswith(".")
            assert not SPOILT.search(told), told


@EVERYWHERE
def test_whatever_a_policy_says_is_whole_sentences(language: str) -> None:
    for policy in many():
        for _, told in card(policy, language):
            for paragraph in told.split("\n"):
                assert paragraph.endswith("."), paragraph
                assert paragraph[0].isupper() or paragraph[0].isdigit(), paragraph
                assert not SPOILT.search(paragraph), paragraph


@EVERYWHERE
@pytest.mark.parametrize("knob", SEEN)
def test_turning_a_knob_changes_the_words_in_each_language(knob: str, language: str) -> None:
    before, after = turned(knob)
    assert card(before, language) != card(after, language)


@EVERYWHERE
def test_each_statement_and_question_has_words_of_its_own(language: str) -> None:
    assert SHIPPED.languages()[language]
    text = (shipped.folder("templates") / language / "card.txt").read_text(encoding="utf-8")
    written = re.findall(r"^\{%-? macro ([a-z]\w*)\(", text, re.MULTILINE)
    assert sorted(written) == sorted(MACROS)
    assert set(MACROS) >= set(STATEMENTS)


@EVERYWHERE
def test_without_a_rate_no_amount_is_named(language: str) -> None:
    written = {"free": "15m", "increment": "15m", "cluster": {"messages": 4, "within": "45m"}}
    for counts in ("nothing", "read", "read+answer"):
        assert not CURRENCY.search(answer("charge", language, billing={**written, "counts": counts}))
    assert CURRENCY.search(answer("charge", language, billing={**written, "rate": "45.00 AUD"}))


@EVERYWHERE
def test_the_phone_and_the_crisis_line_are_in_the_words_of_each_language(language: str) -> None:
    told = answer("crisis", language)
    assert "02 5550 1234" in told
    assert "Lifeline 13 11 14" in told
    assert "02 5550" not in answer("crisis", language, About())


def test_no_two_languages_say_the_same() -> None:
    said = {tuple(card(Policy(), language)) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("question", "says", "written"),
    [
        ("limit", "The limit is 5 messages a week, counted from Monday.", {"allowance": {"messages": 5}}),
        ("limit", "1 message from one session", {"allowance": {"messages": 1, "per": "session"}}),
        ("answer", "write “please answer” or", {"answer": {"when": "on-request", "request": ["please answer", "re"]}}),
        ("answer", "no more than one in 4 hours", {"acknowledge": {"at_most_every": "4h"}}),
        ("answer", "more than 2 days after it was written gets none", {"acknowledge": {"latest": "2d"}}),
        (
            "when",
            "Monday to Friday, 7:00\N{NO-BREAK SPACE}am–9:00\N{NO-BREAK SPACE}am and 5:00\N{NO-BREAK SPACE}pm.",
            {"hours": READ},
        ),
        ("when", "on Tuesday and Saturday, at no set hours", {"hours": {"days": "sat,tue"}}),
        ("when", "local times in Sydney", {"hours": {"reading": "17:00"}}),
        ("charge", "$45.00 for 15 minutes", {"billing": {"rate": "45.00 AUD"}}),
        ("charge", "from 16 March 2020 to 31 March 2022", {"billing": PAUSE}),
        ("charge", "about appointments and messages about “homework”", {"billing": EXEMPT}),
        ("days", "public holidays (Australia, NSW)", {}),
        ("days", "to 3 January 2027; Ben Okafor covers (02 5550 9876).", {}),
        ("record", "erased after 2 years", {"record": {"for": "2y"}}),
    ],
)
def test_values_are_said_as_people_say_them(question: str, says: str, written: dict[str, object]) -> None:
    assert says in answer(question, **written)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("de", "von Montag bis Freitag, 7:00–9:00 Uhr"),
        ("fr", "du lundi au vendredi"),
        ("es", "de lunes a viernes"),
        ("it", "da lunedì a venerdì"),
        ("nl", "van maandag tot en met vrijdag, 7.00–9.00 uur"),
        ("pt", "de segunda-feira a sexta-feira"),
    ],
)
def test_days_and_times_are_said_as_the_language_says_them(language: str, says: str) -> None:
    assert says in answer("when", language, hours={"reading": "07:00-09:00", "days": "mon-fri"})


def test_a_language_without_words_is_told_in_the_practices_then_in_english() -> None:
    german = About(language="de-AT")
    assert SHIPPED.card(Policy(), german, "eo") == SHIPPED.card(Policy(), german, "de")
    assert SHIPPED.card(Policy(), About(language="eo"), "fi") == SHIPPED.card(Policy(), About(), "en")
    assert SHIPPED.card(Policy(), german, "pt-BR")[0].question == "Posso escrever tanto quanto quiser?"


@pytest.mark.parametrize("tag", ["", "../en", "e", "en/..", "x" * 5000, "en\n"])
def test_a_tag_that_is_no_language_does_no_harm(tag: str) -> None:
    assert SHIPPED.card(Policy(), About(), tag)[0].question == "May I write as much as I like?"


def test_a_practice_says_one_thing_otherwise_and_the_rest_stays(tmp_path: Path) -> None:
    cards = own(tmp_path, "en/card.txt", "{% macro no_limit() %}As much\nas you like!{% endmacro %}")
    passages = cards.card(Policy(), ABOUT, "en")
    assert passages[0].answer == "As much as you like!"
    assert passages[1:] == SHIPPED.card(Policy(), ABOUT, "en")[1:]


def test_one_policy_has_words_of_its_own(tmp_path: Path) -> None:
    own(tmp_path, "en/card.txt", "{% macro no_limit() %}For all.{% endmacro %}")
    text = "{% macro no_limit() %}For one.{% endmacro %}{% macro category_homework() %}your homework{% endmacro %}"
    cards = own(tmp_path, "policies/open-door/en/card.txt", text)
    policy = Policy.model_validate({"answer": {"only": ["homework"]}})
    assert cards.card(policy, ABOUT, "en", "open-door")[0].answer == "For one."
    assert ": your homework." in cards.card(policy, ABOUT, "en", "open-door")[1].answer
    assert cards.card(policy, ABOUT, "en", "when-able")[0].answer == "For all."
    assert cards.card(policy, ABOUT, "de", "open-door") == SHIPPED.card(policy, ABOUT, "de")


def test_a_countrys_words_go_before_the_languages(tmp_path: Path) -> None:
    cards = own(tmp_path, "de-AT/card.txt", "{% macro no_limit() %}Freilich.{% endmacro %}")
    assert cards.card(Policy(), ABOUT, "de-AT")[0].answer == "Freilich."
    assert cards.card(Policy(), About(), "de-AT")[1:] == SHIPPED.card(Policy(), About(), "de")[1:]
    assert "3. Jänner" in cards.card(Policy(), ABOUT, "de-AT")[5].answer
    assert cards.card(Policy(), ABOUT, "de")[0].answer == "Ja. Es gibt keine Grenze."


def test_an_own_language_needs_all_the_words(tmp_path: Path) -> None:
    cards = own(tmp_path, "eo/card.txt", "{% macro no_limit() %}Jes.{% endmacro %}")
    assert "eo" not in cards.languages()
    assert cards.card(Policy(), ABOUT, "eo") == SHIPPED.card(Policy(), ABOUT, "en")
    (flaw,) = cards.flaws({"open": Policy()}, ABOUT)
    assert flaw.where == str(tmp_path / "eo/card.txt")
    assert flaw.what.startswith("lacks title, question_limit, ")


def test_nothing_is_wrong_with_the_words_that_are_shipped() -> None:
    assert list(SHIPPED.flaws({str(number): policy for number, policy in enumerate(many())}, ABOUT)) == []
    assert list(SHIPPED.flaws(PRESETS, About())) == []


FLAWS = [
    ("{% macro no_limti() %}x{% endmacro %}", "en/card.txt: no statement is called no_limti; name it as in"),
    (
        "{% macro no_limit(count) %}x{% endmacro %}",
        "en/card.txt: no_limit takes other values; write {% macro",
    ),
    ("\n{% macro no_limit() %}", "en/card.txt:2: is no template: Unexpected end of template"),
    ("\n{{ oops }}", "en/card.txt:2: fails with UndefinedError: 'oops' is undefined; mend this line"),
    (
        "{% macro no_limit() %}\n{{ 1 / 0 }}{% endmacro %}",
        "en/card.txt:2: fails with ZeroDivisionError; mend",
    ),
    ("{% macro no_limit() %}{{ x }}{% endmacro %}", "en/card.txt:1: fails with UndefinedError; mend this line"),
    (b"{# gr\xfc\xdfe #}", "en/card.txt:1: is not UTF-8; save the file as UTF-8"),
]


@pytest.mark.parametrize(("text", "line"), FLAWS)
def test_what_is_wrong_with_own_words_is_named_with_its_line_and_mend(
    tmp_path: Path, text: str | bytes, line: str
) -> None:
    cards = own(tmp_path, "en/card.txt", text)
    (flaw,) = cards.flaws({"open": Policy(), "more": Policy()}, ABOUT)
    assert f"{flaw.where}: {flaw.what}; {flaw.mend}".replace(f"{tmp_path}/", "").startswith(line)


def test_helpers_and_categories_of_ones_own_are_no_flaw(tmp_path: Path) -> None:
    text = "{% macro _sigh() %}oh{% endmacro %}{% macro category_homework() %}homework{% endmacro %}{% set a = 1 %}"
    assert list(own(tmp_path, "en/card.txt", text).flaws({"open": Policy()}, ABOUT)) == []


def test_words_that_fail_name_their_template(tmp_path: Path) -> None:
    cards = own(tmp_path, "en/card.txt", "{% macro no_limit() %}{{ oops }}{% endmacro %}")
    with pytest.raises(ValueError, match=r"^template .*en/card\.txt:1 failed: UndefinedError$"):
        cards.card(Policy(), ABOUT, "en")
    with pytest.raises(ValueError, match=r"template en/card\.txt failed: it is missing or lacks macros"):
        Cards([tmp_path]).card(Policy(), ABOUT, "en")


def test_own_words_can_reach_nothing_but_their_values(tmp_path: Path) -> None:
    cards = own(tmp_path, "en/card.txt", "{% macro no_limit() %}{{ ''.__class__.__mro__ }}{% endmacro %}")
    with pytest.raises(ValueError, match="SecurityError"):
        cards.card(Policy(), ABOUT, "en")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    cards = own(tmp_path, "en/card.txt", "{% macro no_limit() %}One.{% endmacro %}")
    assert cards.card(Policy(), ABOUT, "en")[0].answer == "One."
    own(tmp_path, "en/card.txt", "{% macro no_limit() %}Another one.{% endmacro %}")
    assert cards.card(Policy(), ABOUT, "en")[0].answer == "Another one."


@EVERYWHERE
def test_a_change_is_told_by_question_before_and_after(language: str) -> None:
    before = Policy.model_validate({"answer": {"promise": "within 24h"}})
    after = Policy.model_validate({"answer": {"promise": "within 48h"}})
    (change,) = SHIPPED.difference(before, after, ABOUT, language)
    assert change.question == card(before, language)[2][0]
    assert (change.before, change.after) == (card(before, language)[2][1], card(after, language)[2][1])
    assert change.before != change.after


def test_a_sheet_has_the_summary_of_its_own_language_only() -> None:
    policy = Policy.model_validate({"summary": {"en": "I answer.", "de": "Ich antworte."}})
    sheet = SHIPPED.sheet(policy, ABOUT, "Hope Street", "de")
    assert (sheet.title, sheet.summary, sheet.language) == ("E-Mail-Kontakt: Hope Street", "Ich antworte.", "de")
    assert SHIPPED.sheet(policy, ABOUT, "Hope Street", "fr").summary == ""


class Shape(HTMLParser):
    """Tags in order, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.heads: list[str] = []
        self.html: dict[str, str | None] = {}
        self.links: list[str | None] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag == "html":
            self.html = dict(attrs)
        if tag in ("h1", "h2"):
            self.heads.append("")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.heads[-1] += data


@EVERYWHERE
def test_a_page_is_whole_by_itself_and_says_its_language(language: str) -> None:
    sheet = SHIPPED.sheet(Policy(), ABOUT, "Hope & <Street>", language)
    shape = Shape(SHIPPED.html(sheet))
    assert shape.html == {"lang": language, "dir": "ltr"}
    assert shape.links == []
    assert shape.heads == [sheet.title, *(question for question, _ in sheet.passages)]
    assert "<Street>" not in SHIPPED.html(sheet)


def texts(sheet_html: str) -> Iterator[str]:
    yield from re.findall(r"<p>(.*?)</p>", sheet_html)


def test_a_page_has_a_paragraph_for_each_line_of_an_answer() -> None:
    sheet = SHIPPED.sheet(Policy(), ABOUT, "Hope Street", "pt")
    wanted = [line for _, told in sheet.passages for line in told.split("\n")]
    assert list(texts(SHIPPED.html(sheet))) == wanted


def test_a_page_that_fails_names_its_template(tmp_path: Path) -> None:
    cards = own(tmp_path, "card.html", "{{ oops }}")
    with pytest.raises(ValueError, match=r"template .*card\.html:1 failed: UndefinedError"):
        cards.html(SHIPPED.sheet(Policy(), ABOUT, "Hope Street", "en"))
