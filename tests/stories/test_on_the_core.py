"""Every story on the pure core: no server, years in milliseconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.grammar import read
from tests.stories.on_core import CoreStage
from tests.stories.playing import play

STORIES = sorted(Path(__file__).parent.glob("*.story"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_a_story_goes_as_it_is_told(path: Path) -> None:
    story = read(path)
    await play(story, CoreStage(story))
