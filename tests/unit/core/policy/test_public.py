"""Public holidays are those of the practice's region, named in a language that was asked for."""

import subprocess
import sys
from datetime import date

import pytest

from gateway.core.policy.public import holidays_of, known_region

EPIPHANY = date(2026, 1, 6)


@pytest.mark.parametrize(
    ("region", "day", "name"),
    [
        ("DE-BY", EPIPHANY, "Heilige Drei Könige"),
        ("DE-BE", EPIPHANY, ""),
        ("AU-NSW", date(2026, 6, 8), "King's Birthday"),
        ("US", date(2026, 11, 26), "Thanksgiving Day"),
        ("GB-ENG", date(2026, 12, 28), "Boxing Day (observed)"),
        ("us", date(2026, 7, 4), "Independence Day"),
    ],
)
def test_each_region_keeps_its_own_days(region: str, day: date, name: str) -> None:
    assert holidays_of(region)(day) == name


@pytest.mark.parametrize(
    ("region", "language", "name"),
    [
        ("DE-BY", "en", "Christmas Day"),
        ("DE-BY", "de", "Erster Weihnachtstag"),
        ("CH-ZH", "fr", "Noël"),
        ("AU-NSW", "en-AU", "Christmas Day"),
        ("DE-BY", "nl", "Erster Weihnachtstag"),  # not known there: the region's own
    ],
)
def test_names_are_in_the_language_where_it_is_known(region: str, language: str, name: str) -> None:
    assert holidays_of(region, language)(date(2026, 12, 25)).startswith(name)


def test_a_day_in_lieu_may_fall_into_the_year_before() -> None:
    assert holidays_of("US")(date(2021, 12, 31)) == "New Year's Day (observed)"


def test_without_a_region_no_day_is_a_holiday() -> None:
    assert holidays_of("")(date(2026, 12, 25)) == ""
    assert known_region("")


@pytest.mark.parametrize("region", ["XX", "DE-XX", "Germany", "DE-", "../DE"])
def test_a_region_without_holidays_is_refused_with_the_mend(region: str) -> None:
    assert not known_region(region)
    with pytest.raises(ValueError, match="write a country and, where it matters, its part, for example US"):
        holidays_of(region)


def test_asking_twice_gives_the_same_function_so_that_calendars_compare() -> None:
    assert holidays_of("DE-BY", "de") is holidays_of("DE-BY", "de")


def test_the_servers_own_language_changes_no_name() -> None:
    said = "from gateway.core.policy.public import holidays_of as h; from datetime import date as d\n"
    said += "print(h('DE-BY')(d(2026, 1, 6)), h('CA-QC')(d(2026, 6, 24)))"
    names = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", said],
            env={"LANG": tongue, "LANGUAGE": tongue},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for tongue in ("en_US", "de", "fr")
    }
    assert len(names) == 1


def test_the_package_is_imported_only_when_somebody_asks() -> None:
    said = "import sys, gateway.core.policy.public; print('holidays' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
