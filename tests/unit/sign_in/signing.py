"""A sign-in at a token server of a test's own, with what is kept in plain values and a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.app.sign_ins import registration_of
from gateway.clock import ManualClock
from gateway.ports import Unavailable
from gateway.settings.sign_in import OAuth2
from gateway.sign_in import Granted, Place, Registration, SignIn, poster
from tests.servers.token_server import TokenServer, token_server

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ANA = Place("ana")


@dataclass
class Drawer:
    """`ports.SignIns` and `ports.Alerts` as plain values; `down` makes it Unavailable."""

    kept: dict[str, str] = field(default_factory=dict)
    alerts: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    down: bool = False
    reads: int = 0

    async def sign_in(self, name: str) -> str | None:
        self.reads += 1
        self._refuse_if_down()
        return self.kept.get(name)

    async def keep_sign_in(self, name: str, tokens: str | None) -> None:
        self._refuse_if_down()
        if tokens is None:
            self.kept.pop(name, None)
        else:
            self.kept[name] = tokens

    def _refuse_if_down(self) -> None:
        if self.down:
            raise Unavailable("the record is down")

    def tell(self, code: str, **ids: str) -> None:
        self.alerts.append((code, ids))

    def standing(self) -> Mapping[str, str]:
        return {code: "" for code, _ in self.alerts}

    def clear(self, code: str, **ids: str) -> None:
        self.alerts = [one for one in self.alerts if one != (code, ids)]


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[TokenServer]:
    with token_server(tmp_path) as server:
        yield server


def registration(provider: TokenServer, secret: str = "", **changes: Any) -> Registration:
    """The gateway, as it is registered there."""
    return registration_of(OAuth2.model_validate(provider.oauth2(**changes)), lambda: secret)


def made(provider: TokenServer, drawer: Drawer, clock: ManualClock, secret: str = "", user: str = "ana") -> SignIn:
    """A sign-in as after a start."""
    known = registration(provider, secret)
    return SignIn(ANA, user, known, keeping=drawer, post=poster(provider.authority), clock=clock, alerts=drawer)


def tokens(provider: TokenServer, user: str = "ana") -> Granted:
    """What a person's signing in brings."""
    given = provider.give(user)
    return Granted(given["access_token"], given.get("refresh_token", ""), given.get("expires_in"))
