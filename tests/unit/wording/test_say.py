"""Values are said in a language as its speakers say them."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.policy.units import Money, Span, Weekday, duration
from gateway.wording import say
from tests.unit.core.policy.knobs import LANGUAGES

EN, AU, DE = say.locale_of("en"), say.locale_of("en", "en-AU"), say.locale_of("de")


@pytest.mark.parametrize(
    ("language", "own", "found"),
    [
        ("en", "en-AU", "en_AU"),
        ("en", "en_AU", "en_AU"),
        ("de", "en-AU", "de"),
        ("de-CH", "de-AT", "de_CH"),
        ("de", "de-AT", "de_AT"),
        ("pt", "", "pt_PT"),
        ("pt", "pt-BR", "pt_BR"),
        ("tlh", "", "en"),
        ("en", "en-XX-nonsense", "en"),
        ("", "", "en"),
    ],
)
def test_a_locale_is_the_practices_own_where_it_has_the_language(language: str, own: str, found: str) -> None:
    assert str(say.locale_of(language, own)) == found


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("0", "0 seconds"),
        ("90s", "1 minute and 30 seconds"),
        ("90m", "1 hour and 30 minutes"),
        ("24h", "24 hours"),
        ("36h", "36 hours"),
        ("14d", "14 days"),
        ("2w", "14 days"),
        ("7y", "7 years"),
        ("400d", "400 days"),
    ],
)
def test_a_duration_is_said_in_units_that_fit(written: str, words: str) -> None:
    assert say.duration(duration(written), EN) == words


@given(st.sampled_from([*LANGUAGES, "en-AU", "de-CH", "nl-BE", "pt-BR"]), st.integers(0, 3 * 365 * 86400))
def test_a_duration_is_said_in_words_of_every_language(language: str, seconds: int) -> None:
    words = say.duration(timedelta(seconds=seconds), say.locale_of(language))
    assert words[0].isdigit()
    assert words[-1].isalpha()
    assert "duration" not in words


def test_spans_and_moments() -> None:
    spans = (Span(start=time(7), end=time(9)), Span(start=time(17), end=time(17)))
    assert say.spans(spans, EN) == "07:00–09:00 and 17:00"
    assert say.spans(spans, DE) == "7:00–9:00 und 17:00"


def test_weekdays_and_runs_of_them() -> None:
    assert say.weekdays({Weekday.SAT, Weekday.MON}, EN) == "Monday and Saturday"
    assert say.weekdays({Weekday.SAT}, EN, "abcdefg") == "f"
    assert say.run((Weekday.MON, Weekday.TUE, Weekday.WED), DE) == ("Montag", "Mittwoch")
    assert say.run((Weekday.SAT, Weekday.SUN), DE) is None
    assert say.run((Weekday.MON, Weekday.WED, Weekday.FRI), DE) is None
    assert say.run((), DE) is None


def test_money_dates_numbers_places() -> None:
    price = Money(amount=Decimal("45.00"), currency="AUD")
    assert (say.money(price, AU), say.money(price, DE)) == ("$45.00", "45,00\u00a0AU$")
    assert (say.day(date(2026, 12, 24), AU), say.day(date(2026, 12, 24), DE)) == (
        "24 December 2026",
        "24. Dezember 2026",
    )
    assert (say.number(1000, EN), say.number(1000, DE)) == ("1,000", "1.000")
    assert (say.place("Europe/Rome", DE), say.place("Mars/Base", DE)) == ("Rom", "Mars/Base")
    assert (say.region("DE-BY", EN), say.region("US", DE)) == ("Germany, BY", "Vereinigte Staaten")


def test_lists_quotes_and_plurals() -> None:
    assert say.listed(["a", "b", "c"], AU) == "a, b and c"
    assert say.either(["a"], AU) == "a"
    assert say.listed([], AU) == ""
    assert say.quoted(["help"], say.locale_of("fr")) == ["«\u00a0help\u00a0»"]
    assert say.quoted(["help"], say.locale_of("fi")) == ["“help”"]
    assert [say.plural(count, say.locale_of("fr"), "un", "plusieurs") for count in (0, 1, 2)] == [
        "un",
        "un",
        "plusieurs",
    ]
