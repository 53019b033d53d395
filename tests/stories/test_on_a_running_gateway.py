"""Every story through a running gateway, in front of a real Dovecot and behind a real Postfix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.house import Servers, open_servers, open_stage
from tests.stories.grammar import read
from tests.stories.playing import play

STORIES = sorted(Path(__file__).parent.glob("*.story"))


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with open_servers() as found:
        yield found


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_a_story_goes_as_it_is_told(path: Path, servers: Servers, tmp_path: Path) -> None:
    story = read(path)
    async with open_stage(story, servers, tmp_path, f"-{STORIES.index(path)}") as stage:
        await play(story, stage)
