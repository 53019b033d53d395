"""How values are said in a language: durations, spans of the day, weekdays, dates, money, lists of these.

In go a value and a locale, out come words by CLDR (Babel). `FILTERS` are the same for templates whose context has a
`locale`. No sentence is made here: what stands between two values is the template's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit
from jinja2 import pass_context
from jinja2.runtime import Context

from gateway.core.policy.units import Money, Span, Weekday

#: What is meant where a tag names no country: CLDR's plain `pt` is Brazil's.
_USUAL = {"pt": "pt-PT"}
#: Quotation marks (CLDR `delimiters`, which Babel does not carry).
_QUOTES = {"de": "„“", "en": "“”", "es": "«»", "fr": ("«\u00a0", "\u00a0»"), "it": "«»", "nl": "‘’", "pt": "«»"}
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_YEAR = 365 * 86400


def locale_of(language: str, own: str = "") -> Locale:
    """The practice's `own` locale where it has this language (`en-AU` for `en`), else the language's, else English."""
    own = own.replace("_", "-")
    near = bool(own) and own.partition("-")[0] == language.partition("-")[0] and "-" not in language
    for tag in (own, language) if near else (language,):
        try:
            return Locale.parse(_USUAL.get(tag, tag), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def number(value: float | Decimal, locale: Locale) -> str:
    """`1,000`."""
    return format_decimal(value, locale=locale)


def plural(count: int, locale: Locale, one: str, other: str) -> str:
    """The form of a word that stands with a number; what CLDR calls `many` takes `other`."""
    return one if locale.plural_form(count) == "one" else other


def money(value: Money, locale: Locale) -> str:
    """`$45.00`, with the currency as the locale writes it."""
    return format_currency(value.amount, value.currency, locale=locale)


def duration(value: timedelta, locale: Locale) -> str:
    """`7 years`, `14 days`, `24 hours`, `1 hour and 30 minutes`; nominative where a language has cases."""
    seconds = int(value.total_seconds())
    if seconds and seconds % _YEAR == 0:
        return _unit(seconds // _YEAR, "year", locale)
    parts = []
    for unit, size in _UNITS:
        if unit == "day" and seconds < 2 * size:
            continue
        count, seconds = divmod(seconds, size)
        parts += [_unit(count, unit, locale)] if count else []
    return listed(parts, locale) or _unit(0, "second", locale)


def _unit(count: int, unit: str, locale: Locale) -> str:
    """By length: where the long form is the short one's (`uur` in Dutch), CLDR has the short one alone."""
    lengths: tuple[Literal["long", "short", "narrow"], ...] = ("long", "short", "narrow")
    name = f"duration-{unit}"
    found = (format_unit(count, name, length=length, locale=locale) for length in lengths)
    # Babel falls back to the unit's code where a length is missing.
    return next((words for words in found if name not in words), f"{count} {unit}")


#: How a day's time is written where it is counted to 24; the rest writes `07:00`.
_CLOCKS = {"de": "H:mm", "es": "H:mm", "fr": "H'h'mm", "it": "H:mm", "nl": "H.mm", "pt": "H'h'mm"}
_NARROW, _GLUE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@cache
def clock(value: time, locale: Locale) -> str:
    """`07:00`; `9:10 pm` where a language is named with a country that says so. Acks and cards write it alike."""
    twelve = locale.territory is not None and "a" in locale.time_formats["short"].pattern
    if twelve:
        return format_time(value, "short", locale=locale).replace(_NARROW, _GLUE)
    return format_time(value, _CLOCKS.get(locale.language, "HH:mm"), locale=locale)


def span(value: Span, locale: Locale) -> str:
    """`07:00–09:00`, or `17:00` for a moment."""
    ends = (value.start,) if value.start == value.end else (value.start, value.end)
    return "–".join(clock(end, locale) for end in ends)


def spans(values: Iterable[Span], locale: Locale) -> str:
    """`07:00–09:00 and 17:00`."""
    return listed([span(one, locale) for one in values], locale)


def day(value: date, locale: Locale) -> str:
    """`24 December 2026`, in the locale's order."""
    return format_date(value, "long", locale=locale)


def weekdays(values: Iterable[Weekday], locale: Locale, names: Sequence[str] = ()) -> str:
    """`Monday and Saturday`; `names` are the seven from Monday on, where a sentence needs another form of them."""
    return listed([names[one] if names else _weekday(one, locale) for one in sorted(values)], locale)


def run(values: Iterable[Weekday], locale: Locale) -> tuple[str, str] | None:
    """The first and the last of three or more weekdays in a row, by name; None for any others."""
    ordered = sorted(values)
    if len(ordered) < 3 or ordered[-1] - ordered[0] != len(ordered) - 1:
        return None
    return _weekday(ordered[0], locale), _weekday(ordered[-1], locale)


def _weekday(value: Weekday, locale: Locale) -> str:
    return str(locale.days["format"]["wide"][int(value)])


def listed(values: Sequence[str], locale: Locale) -> str:
    """`a, b and c`."""
    return format_list(list(values), "standard", locale=locale)


def either(values: Sequence[str], locale: Locale) -> str:
    """`a, b or c`."""
    return format_list(list(values), "or", locale=locale)


def quoted(values: Iterable[str], locale: Locale) -> list[str]:
    """Each between the language's quotation marks."""
    opening, closing = _QUOTES.get(locale.language, "“”")
    return [f"{opening}{one}{closing}" for one in values]


def place(zone: str, locale: Locale) -> str:
    """The city that stands for a time zone: `Sydney`; the zone itself where CLDR knows none."""
    try:
        return get_timezone_location(zone, locale=locale, return_city=True)
    except LookupError:
        return zone


def region(code: str, locale: Locale) -> str:
    """`Germany, BY` for `DE-BY`: Babel does not carry CLDR's names of parts of countries."""
    country, _, part = code.partition("-")
    name = str(locale.territories.get(country, country))
    return f"{name}, {part}" if part else name


def _in_locale(say: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def said(context: Context, value: Any, *args: Any, **named: Any) -> Any:
        return say(value, context["locale"], *args, **named)

    return said


#: For Jinja, by the names of the functions. The template's context must have a `locale`.
FILTERS: dict[str, Callable[..., Any]] = {
    say.__name__: _in_locale(say)
    for say in (
        number,
        plural,
        money,
        duration,
        clock,
        span,
        spans,
        day,
        weekdays,
        run,
        listed,
        either,
        quoted,
        place,
        region,
    )
}
