"""Signing in by OAuth 2 to a real Dovecot that asks a token server whose each token is: tokens that run out, are
renewed, replaced and taken away, and a gateway that starts again meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.app.sign_ins import registration_of
from gateway.clock import SystemClock
from gateway.mailbox import State, Watch
from gateway.mailbox.faults import Refused
from gateway.mailbox.probe import sign_in as probe
from gateway.ports import Unavailable
from gateway.settings.schema import Mailbox
from gateway.settings.sign_in import OAuth2
from gateway.sign_in import Place, SignIn, kept_of, poster
from gateway.store import Store
from tests.ports.observed import World, letter, mailbox_settings, watching
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_tokens import token_dovecot
from tests.servers.stores import Place as Database
from tests.servers.token_server import TokenServer, token_server
from tests.unit.sign_in.signing import tokens

pytestmark = pytest.mark.server

ANA = Place("ana")
USERS = {f"ana{number}": "pw" for number in range(40)}
#: By which mechanisms the server lets people in.
OFFERED = ("xoauth2", "oauthbearer")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with token_server(tmp_path_factory.mktemp("tokens")) as server:
        yield server


@pytest.fixture(scope="module", params=OFFERED)
def server(request: pytest.FixtureRequest, provider: TokenServer) -> Iterator[Dovecot]:
    with token_dovecot(USERS, provider.introspection, request.param) as running:
        yield running.server


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(USERS)


@dataclass
class Signing:
    """One user's sign-in, which may be made anew as after a restart."""

    user: str
    server: Dovecot
    provider: TokenServer
    store: Store
    world: World = field(default_factory=World)

    def made(self) -> SignIn:
        registration = registration_of(OAuth2.model_validate(self.provider.oauth2()), str)
        post = poster(self.provider.authority)
        clock = SystemClock()
        return SignIn(ANA, self.user, registration, keeping=self.store, post=post, clock=clock, alerts=self.world)

    @property
    def settings(self) -> Mailbox:
        url = f"imaps://{self.user}@localhost:{self.server.imaps_port}"
        return mailbox_settings(url, trust=self.server.authority)

    @asynccontextmanager
    async def watching(self, sign_in: SignIn) -> AsyncIterator[Watch]:
        async with watching(self.world, self.settings, "not asked for", bearer=sign_in) as (watch, _):
            yield watch

    async def up(self, watch: Watch) -> None:
        await self.world.until(lambda: watch.condition.state is State.IDLE and "INBOX" in self.world.states)

    async def is_noticed(self, watch: Watch) -> None:
        """A letter that is delivered now is told of."""
        one = f"<{uuid.uuid4().hex}@client.example>"
        self.server.deliver(self.user, letter(one))
        await self.world.until(lambda: one in self.world.seen_arrivals())

    async def kept_refresh(self) -> str:
        kept = kept_of(await self.store.sign_in(ANA.key))
        assert kept is not None
        return kept.refresh


@pytest.fixture
async def signing(
    server: Dovecot, provider: TokenServer, names: Iterator[str], tmp_path: Path
) -> AsyncIterator[Signing]:
    provider.forms.clear()
    provider.asked_about.clear()
    provider.lifetime, provider.replaces = 3600, False
    async with Database(f"sqlite:///{tmp_path}/handrail.db", "").open() as store:
        await store.migrate()
        yield Signing(next(names), server, provider, store)


async def test_a_person_who_signed_in_is_watched_without_a_password(signing: Signing, provider: TokenServer) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    async with signing.watching(sign_in) as watch:
        await signing.up(watch)
        await signing.is_noticed(watch)
    assert provider.renewals() == 0
    assert set(provider.asked_about) == {await sign_in.token()}


async def test_a_token_that_has_run_out_is_renewed_before_it_is_shown(signing: Signing, provider: TokenServer) -> None:
    provider.lifetime = 0
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    provider.expire()
    provider.lifetime = 3600
    async with signing.watching(sign_in) as watch:
        await signing.up(watch)
    assert provider.renewals() == 1
    assert set(provider.asked_about) == {await sign_in.token()}


async def test_a_token_that_the_server_refuses_is_renewed_once(signing: Signing, provider: TokenServer) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    early = await sign_in.token()
    provider.expire()
    async with signing.watching(sign_in) as watch:
        await signing.up(watch)
        await signing.is_noticed(watch)
    assert provider.renewals() == 1
    assert provider.asked_about[0] == early != await sign_in.token()
    assert signing.world.alerts == []


async def test_a_token_that_dies_within_a_connection_costs_no_letter(signing: Signing, provider: TokenServer) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    async with signing.watching(sign_in) as watch:
        await signing.up(watch)
        one = f"<{uuid.uuid4().hex}@client.example>"
        provider.expire()
        signing.server.deliver(signing.user, letter(one))
        signing.server.kill_imap()
        await signing.world.until(lambda: one in signing.world.seen_arrivals())
        await signing.up(watch)
    assert provider.renewals() == 1


async def test_a_replaced_refresh_token_lasts_through_a_restart(signing: Signing, provider: TokenServer) -> None:
    provider.replaces = True
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    first = await signing.kept_refresh()
    for _ in range(2):
        provider.expire()
        async with signing.watching(sign_in) as watch:
            await signing.world.until(lambda: bool(provider.access))
            await signing.is_noticed(watch)
        sign_in = signing.made()
    assert provider.renewals() == 2
    assert first not in provider.refresh
    assert await signing.kept_refresh() in provider.refresh


async def test_a_sign_in_that_was_taken_away_is_told_once_and_tried_no_more_until_somebody_signs_in(
    signing: Signing, provider: TokenServer
) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    async with signing.watching(sign_in) as watch:
        await signing.up(watch)
        provider.take_away()
        signing.server.kill_imap()
        await signing.world.until(lambda: watch.condition.why == "unsigned")
        assert signing.world.alerts == ["sign-in-needed"]
        asked = len(provider.asked_about)
        with pytest.raises(Unavailable, match="handrail login ana"):
            await probe(signing.settings, str, sign_in)
        assert (provider.renewals(), len(provider.asked_about)) == (1, asked)
        # Another process, as `handrail login` is.
        await signing.made().accept(tokens(provider, signing.user))
        await signing.up(watch)
        await signing.is_noticed(watch)
    assert signing.world.alerts == []


async def test_a_restart_after_the_end_asks_neither_provider_nor_server(
    signing: Signing, provider: TokenServer
) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    provider.take_away()
    with pytest.raises(Unavailable):
        await probe(signing.settings, str, sign_in)
    asked = (provider.renewals(), len(provider.asked_about))
    async with signing.watching(signing.made()) as watch:
        await signing.world.until(lambda: watch.condition.why == "unsigned")
    assert (provider.renewals(), len(provider.asked_about)) == asked


async def test_nobody_is_asked_before_somebody_has_signed_in(signing: Signing, provider: TokenServer) -> None:
    async with signing.watching(signing.made()) as watch:
        await signing.world.until(lambda: watch.condition.why == "unsigned")
        assert signing.world.alerts == ["sign-in-needed"]
        await signing.made().accept(tokens(provider, signing.user))
        await signing.up(watch)
    assert provider.renewals() == 0


async def test_a_sign_in_server_that_is_out_of_order_for_a_while_is_asked_again(
    signing: Signing, provider: TokenServer
) -> None:
    provider.lifetime = 0
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    provider.faults = [(503, {})]
    with pytest.raises(Unavailable, match="answers 503"):
        await probe(signing.settings, str, sign_in)
    assert signing.world.alerts == []
    provider.lifetime = 3600
    assert (await probe(signing.settings, str, signing.made())).startswith("signs in")


async def test_who_signed_in_as_somebody_else_is_refused_and_the_admin_is_told(
    signing: Signing, provider: TokenServer
) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, "somebody-else"))
    with pytest.raises(Refused, match="is it of the right person"):
        await probe(signing.settings, str, sign_in)
    async with signing.watching(sign_in):
        await signing.world.until(lambda: "login-refused" in signing.world.alerts)


async def test_no_token_stands_in_the_record_or_in_what_is_logged(
    signing: Signing, provider: TokenServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sign_in = signing.made()
    await sign_in.accept(tokens(provider, signing.user))
    provider.expire()
    async with signing.watching(sign_in) as watch:
        await signing.up(watch)
        provider.take_away()
        signing.server.kill_imap()
        await signing.world.until(lambda: watch.condition.why == "unsigned")
    assert b"zilpzalp" not in Database(f"sqlite:///{tmp_path}/handrail.db", "").everything()
    told = "".join(capfd.readouterr())
    assert "sign-in-ended" in told
    assert "zilpzalp" not in told
