"""The event loop: uvloop where it is installed (it keeps TLS connections at a fifth of the memory), else asyncio's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

T = TypeVar("T")


def leaves(error: BaseException) -> list[BaseException]:
    """The errors inside a task group's error, however deep; an error that is no group is its own leaf."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for one in error.exceptions for leaf in leaves(one)]


def run_loop(call: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(call())
