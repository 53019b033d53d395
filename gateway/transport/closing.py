"""What every way out has in common: `async with` opens nothing, and closes at the end what was kept open."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """Base of transports and smart hosts."""

    async def __aenter__(self) -> Self:
        """Open nothing: the first message does."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was kept open."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close what was kept open; who keeps nothing open has nothing to do."""
