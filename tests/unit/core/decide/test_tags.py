"""Urgency and category as the mailbox shows them: keywords by name, a prefix of the subject, a folder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.decide.arrival import decide
from gateway.core.decide.decision import Setting, TagNames
from gateway.core.decide.observation import folder_for, subject_prefix, tags_for
from gateway.core.events import Event, Level, Received, Seen, Tagged, Unseen
from gateway.core.history import Story
from tests.unit.core.decide.cases import NOW, QUIET_HISTORY, facts, setting

NAMES = TagNames(
    urgent="$label1", crisis="$Crisis", mention="$Mention", categories={"scheduling": "$label5"}, subject="[urgent]",
    folder="Urgent",
)  # fmt: skip


def received(level: Level, category: str = "") -> Received:
    return replace(decide(facts(), setting(), QUIET_HISTORY, NOW).received, level=level, category=category)


def named(**changes: object) -> Setting:
    return setting(tags=replace(NAMES, **changes))  # type: ignore[arg-type]


def story(level: Level, *more: Event) -> Story:
    return Story(decide(facts(), setting(), QUIET_HISTORY, NOW).ref, (received(level), *more))


@pytest.mark.parametrize(
    ("level", "category", "changes", "tags"),
    [
        (Level.ROUTINE, "", {}, set()),
        (Level.ROUTINE, "scheduling", {}, {"$label5"}),
        (Level.ROUTINE, "billing", {}, set()),
        (Level.MENTION, "", {}, {"$Mention"}),
        (Level.MENTION, "", {"mention": ""}, set()),
        (Level.URGENT, "", {}, {"$label1"}),
        (Level.URGENT, "scheduling", {}, {"$label1", "$label5"}),
        (Level.CRISIS, "", {}, {"$Crisis"}),
        (Level.CRISIS, "", {"crisis": ""}, {"$label1"}),
        (Level.CRISIS, "", {"crisis": "", "urgent": ""}, set()),
        (Level.URGENT, "", {"urgent": ""}, set()),
    ],
)
def test_each_level_and_category_has_its_keyword(
    level: Level, category: str, changes: dict[str, str], tags: set[str]
) -> None:
    assert tags_for(received(level, category), named(**changes)) == tags


URGENT = (Level.URGENT, Level.CRISIS)


@pytest.mark.parametrize("level", Level)
def test_what_is_urgent_gets_the_prefix(level: Level) -> None:
    assert subject_prefix(received(level), named()) == ("[urgent]" if level in URGENT else "")
    assert subject_prefix(received(level), named(subject="")) == ""


@pytest.mark.parametrize("level", Level)
def test_what_is_urgent_goes_to_the_folder(level: Level) -> None:
    assert folder_for(story(level), named()) == ("Urgent" if level in URGENT else "")
    assert folder_for(story(level), named(folder="")) == ""


@pytest.mark.parametrize(
    ("events", "folder"),
    [
        ((Tagged(at=NOW, how="keyword"),), ""),
        ((Seen(at=NOW),), ""),
        ((Seen(at=NOW), Unseen(at=NOW)), "Urgent"),
    ],
)
def test_what_somebody_has_read_or_moved_back_is_left_where_it_is(events: tuple[Event, ...], folder: str) -> None:
    assert folder_for(story(Level.URGENT, *events), named()) == folder
