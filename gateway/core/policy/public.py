"""Public holidays of a region, by the `holidays` package.

In go a region (ISO 3166-2: `AU-NSW`, `DE-BY`, `US`) and a language, out comes a function of a date that gives the
holiday's name. Knows the holidays that hold for a whole country or subdivision: not those of single towns, half days,
or days that only some denominations or banks keep.

The package is imported when somebody first asks (it takes a tenth of a second), and each year is worked out once.
It would otherwise take its language from the environment, so it is always told one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from gateway.core.policy.calendar import no_holidays

if TYPE_CHECKING:
    from holidays import HolidayBase

_REGION = re.compile(r"(?P<country>[A-Za-z]{2})(-(?P<part>[A-Za-z0-9]{1,3}))?")
_MEND = "write a country and, where it matters, its part, for example US, AU-NSW or DE-BY"


@cache
def holidays_of(region: str, language: str = "") -> Callable[[date], str]:
    """The name of the public holiday on a date, in the language where the package has it, else in its own; empty for
    any other day. Without a region no day is one. Raises ValueError where no holidays are known for the region.
    """
    if not region:
        return no_holidays
    country, part = _parts(region)
    tongue = _language(country, part, language)

    def holiday(day: date) -> str:
        return _year(country, part, tongue, day.year).get(day, "")

    return holiday


def known_region(region: str) -> bool:
    """Whether there are holidays for it. The empty region is known: it has none."""
    if not region:
        return True
    try:
        _parts(region)
    except ValueError:
        return False
    return True


@cache
def _parts(region: str) -> tuple[str, str]:
    """Country and subdivision as the package spells them."""
    found = _REGION.fullmatch(region.strip())
    if found is None:
        raise ValueError(f"{region!r} is no region; {_MEND}")
    country, part = found["country"].upper(), (found["part"] or "").upper()
    try:
        _entity(country, part, "en", ())
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for {region!r}; {_MEND}") from error
    return country, part


def _entity(country: str, part: str, language: str, years: tuple[int, ...]) -> HolidayBase:
    from holidays import country_holidays

    return country_holidays(country, subdiv=part or None, years=years, expand=False, language=language)


@cache
def _language(country: str, part: str, wanted: str) -> str:
    """The package's own name of a language: `en` is `en_AU` in Australia and `en_US` in Germany."""
    entity = _entity(country, part, "en", ())
    default = entity.default_language or "en"
    tag = wanted.replace("-", "_")
    primary = tag.partition("_")[0].casefold()
    ranked = (tag, default, *sorted(entity.supported_languages))
    alike = (one for one in ranked if one.partition("_")[0].casefold() == primary and one in entity.supported_languages)
    return next(alike, default)


@lru_cache(maxsize=1024)
def _year(country: str, part: str, language: str, year: int) -> Mapping[date, str]:
    """One year's holidays. The years beside it are worked out too: a day in lieu may fall before New Year."""
    years = tuple(one for one in (year - 1, year, year + 1) if date.min.year <= one <= date.max.year)
    return {day: name for day, name in _entity(country, part, language, years).items() if day.year == year}
