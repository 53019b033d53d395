"""Urgent mail on its way: the prefix is put on as it is handed on, and the watch is told where it belongs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.history import History
from gateway.core.tracking import Copy
from gateway.ports import Sighting, Unavailable
from tests.unit.flow.arriving import ENVELOPE, NOW, ROUTE, flowing, letter, sighting

URGENT: dict[str, object] = {"urgency": {"trust_all": True}, "acknowledge": {"subject": True}}
TAGS = {"subject": "[urgent]", "folder": "Urgent"}


async def test_an_urgent_subject_is_handed_on_with_the_prefix_and_every_other_byte_as_it_came(tmp_path: Path) -> None:
    async with flowing(tmp_path, URGENT, tags=TAGS) as flow:  # type: ignore[arg-type]
        await flow.arrive(letter())
    (taken,) = flow.downstream.taken
    assert taken.endswith(letter().replace(b"Subject: This", b"Subject: [urgent] This"))


async def test_what_its_writer_put_there_is_what_is_kept_and_repeated(tmp_path: Path) -> None:
    async with flowing(tmp_path, URGENT, tags=TAGS) as flow:  # type: ignore[arg-type]
        await flow.arrive(letter())
        story = await flow.store.story(await flow.ref("<one@client.example>"))
        assert story is not None
        assert story.received is not None
        assert story.received.subject == "This week"


@pytest.mark.parametrize("policy", [{}, URGENT])
async def test_without_a_prefix_or_without_urgency_no_subject_is_another(
    tmp_path: Path, policy: dict[str, object]
) -> None:
    async with flowing(tmp_path, policy, tags=TAGS if policy != URGENT else {}) as flow:  # type: ignore[arg-type]
        await flow.arrive(letter())
    (taken,) = flow.downstream.taken
    assert taken.endswith(letter())


async def test_the_watch_hears_of_the_folder_once(tmp_path: Path) -> None:
    async with flowing(tmp_path, URGENT, tags=TAGS) as flow:  # type: ignore[arg-type]
        await flow.arrive(letter())
        placed = await flow.observation.arrived("ana", sighting(flow.downstream.taken[-1]))
        assert placed.folder == "Urgent"
        assert placed.ref is not None
        await flow.observation.tagged("ana", placed.ref, placed.tags, placed.tags)
        again = Sighting(Copy("INBOX", "2", frozenset()), flow.downstream.taken[-1], NOW)
        assert (await flow.observation.arrived("ana", again)).folder == ""


class Down:
    """A record that does not answer."""

    async def history(self, *_: object) -> History:
        raise Unavailable("the database does not answer")


async def test_what_was_handed_on_while_the_record_was_down_is_known_by_its_own_subject(tmp_path: Path) -> None:
    async with flowing(tmp_path, URGENT, tags=TAGS) as flow:  # type: ignore[arg-type]
        await replace(flow.arrival, record=Down())(ROUTE, ENVELOPE, letter())  # type: ignore[arg-type]
        (taken,) = flow.downstream.taken
        assert b"Subject: [urgent] This week" in taken
        await flow.observation.arrived("ana", sighting(b"Return-Path: <carla@client.example>\r\n" + taken))
        story = await flow.store.story(await flow.ref("<one@client.example>"))
        assert story is not None
        assert story.received is not None
        assert story.received.subject == "This week"
