"""`Versions`: what clients were told is kept as it was, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.core.policy.schema import Policy
from gateway.core.policy.versions import Version
from gateway.store import Store
from tests.ports.record_samples import hours, notice
from tests.servers.stores import Place

FULL: dict[str, Any] = {
    "summary": {"en": "I answer each morning.", "de": "Ich antworte jeden Morgen."},
    "hours": {
        "reading": ["07:00-09:00", "17:00"],
        "days": "mon-thu",
        "other": {"fri": "08:00-08:30"},
        "vacations": "open",
    },
    "answer": {"promise": "within 8h of reading time", "only": ["scheduling"], "nudge": "90m"},
    "acknowledge": {"when": ["first", "if-urgent"], "at_most_every": "4h"},
    "allowance": {"messages": 5, "per": "session", "answers": 1, "remind": "2d"},
    "billing": {
        "rate": "45.50 AUD",
        "cluster": {"messages": 4, "within": "24h"},
        "suspended": [{"from": "2020-03-16", "until": "2022-03-31"}],
    },
    "digest": {"at": "07:30"},
    "record": {"for": "10y", "letters": True},
}


def version(number: int = 1, name: str = "mornings", **policy: Any) -> Version:
    return Version(name, number, Policy.model_validate(policy), since=hours(number), recorded=hours(number - 1))


async def test_no_version_is_kept_at_first(store: Store):
    assert await store.versions() == ()


async def test_versions_come_back_as_they_were_by_name_and_number(store: Store):
    kept = (version(1, "evenings"), version(1, **FULL), version(2), version(10))
    await store.add_versions([kept[3], kept[1]], [])
    await store.add_versions([kept[2], kept[0]], [])
    assert await store.versions() == kept


async def test_a_version_is_never_changed(store: Store):
    await store.add_versions([version(1, **FULL)], [])
    await store.add_versions([replace(version(1), since=hours(50)), version(2)], [])
    assert await store.versions() == (version(1, **FULL), version(2))


async def test_a_version_and_what_announces_it_are_kept_together(store: Store):
    await store.add_versions([version(2)], [notice(), notice(to="mia@client.example")])
    assert store.bell.is_set()
    assert {claim.effect.to for claim in await store.claim(hours(0), hours(1), 9)} == {
        "jonas.weber@client.example",
        "mia@client.example",
    }
    broken = notice(due=hours(1).replace(tzinfo=None), version=3)
    with pytest.raises(Exception, match="zone"):
        await store.add_versions([version(3)], [broken])
    assert await store.versions() == (version(2),)


async def test_of_two_nodes_that_see_a_change_at_once_both_announce_it_once(place: Place):
    async with place.open() as one, place.open() as other:
        await one.migrate()
        await asyncio.gather(*(node.add_versions([version(2)], [notice()]) for node in (one, other)))
        assert await one.versions() == (version(2),)
        assert len(await other.pending()) == 1
