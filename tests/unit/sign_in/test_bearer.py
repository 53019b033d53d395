"""One sign-in while the gateway runs: tokens are renewed in time, once, and kept before they are used."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from gateway.clock import ManualClock
from gateway.ports import Unavailable, Unsigned
from gateway.sign_in import Denied, Granted, SignIn, Unregistered, kept_of
from tests.servers.token_server import TokenServer
from tests.unit.sign_in.signing import ANA, MONDAY, Drawer, made, tokens


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
async def signed(provider: TokenServer, drawer: Drawer, clock: ManualClock) -> SignIn:
    sign_in = made(provider, drawer, clock)
    await sign_in.accept(tokens(provider))
    return sign_in


async def test_a_token_is_given_until_shortly_before_it_runs_out(
    provider: TokenServer, clock: ManualClock, signed: SignIn
) -> None:
    first = await signed.token()
    clock.advance(timedelta(minutes=54))
    assert await signed.token() == first
    clock.advance(timedelta(minutes=1))
    second = await signed.token()
    assert second != first
    assert provider.access.keys() >= {first, second}


async def test_a_short_life_is_used_to_nine_tenths(provider: TokenServer, drawer: Drawer, clock: ManualClock) -> None:
    provider.lifetime = 100
    sign_in = made(provider, drawer, clock)
    await sign_in.accept(tokens(provider))
    first = await sign_in.token()
    clock.advance(timedelta(seconds=89))
    assert await sign_in.token() == first
    clock.advance(timedelta(seconds=1))
    assert await sign_in.token() != first


async def test_a_token_of_which_nobody_says_how_long_it_lives_is_used_until_it_is_refused(
    provider: TokenServer, drawer: Drawer, clock: ManualClock
) -> None:
    provider.lifetime = None
    sign_in = made(provider, drawer, clock)
    await sign_in.accept(tokens(provider))
    first = await sign_in.token()
    clock.advance(timedelta(days=3))
    assert await sign_in.token() == first
    assert await sign_in.token(refused=first) != first


async def test_all_who_ask_at_once_get_one_renewal(provider: TokenServer, clock: ManualClock, signed: SignIn) -> None:
    clock.advance(timedelta(hours=2))
    given = await asyncio.gather(*(signed.token() for _ in range(20)))
    assert len(set(given)) == 1
    assert provider.renewals() == 1


async def test_two_whose_token_was_refused_get_one_renewal(provider: TokenServer, signed: SignIn) -> None:
    old = await signed.token()
    given = await asyncio.gather(signed.token(refused=old), signed.token(refused=old))
    assert given[0] == given[1] != old
    assert provider.renewals() == 1


async def test_a_refresh_token_that_was_replaced_is_the_one_used_next_even_after_a_restart(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn
) -> None:
    provider.replaces = True
    for _ in range(3):
        clock.advance(timedelta(hours=2))
        await signed.token()
    clock.advance(timedelta(hours=2))
    assert await made(provider, drawer, clock).token() in provider.access
    assert len({form["refresh_token"] for form in provider.forms}) == 4


async def test_a_provider_that_gives_no_new_refresh_token_keeps_the_old_one_good(
    provider: TokenServer, clock: ManualClock, signed: SignIn
) -> None:
    for _ in range(3):
        clock.advance(timedelta(hours=2))
        await signed.token()
    assert len({form["refresh_token"] for form in provider.forms}) == 1


async def test_what_could_not_be_kept_is_not_used_and_not_lost(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn
) -> None:
    provider.replaces = True
    clock.advance(timedelta(hours=2))
    sign_in = SignIn(
        ANA,
        "ana",
        signed.registration,
        keeping=drawer,
        post=Falling(signed, drawer).post,
        clock=clock,
        alerts=drawer,
    )
    with pytest.raises(Unavailable, match="record is down"):
        await sign_in.token()
    with pytest.raises(Unavailable, match="record is down"):
        await sign_in.token()
    drawer.down = False
    token = await sign_in.token()
    assert provider.renewals() == 1
    kept = kept_of(drawer.kept[ANA.key])
    assert kept is not None
    assert kept.access == token
    assert kept.refresh in provider.refresh


class Falling:
    """The record falls while the provider is asked."""

    def __init__(self, sign_in: SignIn, drawer: Drawer) -> None:
        self._post = sign_in.post
        self._drawer = drawer

    async def post(self, url: str, form: str):  # type: ignore[no-untyped-def]
        answer = await self._post(url, form)
        self._drawer.down = True
        return answer


async def test_a_good_token_is_given_while_the_record_is_down(drawer: Drawer, signed: SignIn) -> None:
    drawer.down = True
    assert await signed.token()


async def test_who_never_signed_in_asks_nobody_and_tells_the_command_that_helps(
    provider: TokenServer, drawer: Drawer, clock: ManualClock
) -> None:
    sign_in = made(provider, drawer, clock)
    for _ in range(3):
        with pytest.raises(Unsigned, match="nobody has signed in yet; run `handrail login ana`"):
            await sign_in.token()
    assert provider.forms == []
    assert ("sign-in-needed", {"place": "mailboxes.ana", "command": "handrail login ana"}) in drawer.alerts


async def test_a_sign_in_beside_the_running_gateway_is_taken_up(
    provider: TokenServer, drawer: Drawer, clock: ManualClock
) -> None:
    sign_in = made(provider, drawer, clock)
    with pytest.raises(Unsigned):
        await sign_in.token()
    apart = Drawer(kept=drawer.kept)
    await made(provider, apart, clock).accept(tokens(provider))
    assert await sign_in.token() in provider.access
    assert drawer.standing() == {}


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_the_provider_ended_is_asked_for_once_and_never_again(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn, restarted: bool
) -> None:
    provider.take_away()
    clock.advance(timedelta(hours=2))
    with pytest.raises(Unsigned, match=r"ended the sign-in \(invalid_grant, AADSTS70043\); run `handrail login ana`"):
        await signed.token()
    clock.advance(timedelta(days=9))
    again = made(provider, drawer, clock) if restarted else signed
    with pytest.raises(Unsigned):
        await again.token()
    assert provider.renewals() == 1
    assert drawer.standing().keys() == {"sign-in-needed"}
    await again.accept(tokens(provider))
    assert await again.token() in provider.access
    assert drawer.standing() == {}


async def test_a_node_that_comes_second_takes_what_the_first_has_kept(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn
) -> None:
    provider.replaces = True
    clock.advance(timedelta(hours=2))
    late = Late(made(provider, drawer, clock), signed)
    assert await late.token() in provider.access
    assert drawer.standing() == {}


class Late:
    """Another node that read before, and asks after, the first one renewed."""

    def __init__(self, second: SignIn, first: SignIn) -> None:
        self._second, self._first = second, first
        self._post, second.post = second.post, self.post

    async def token(self) -> str:
        return await self._second.token()

    async def post(self, url: str, form: str):  # type: ignore[no-untyped-def]
        await self._first.token()
        return await self._post(url, form)


@pytest.mark.parametrize(
    "fault",
    [
        (503, b"<html>out of order"),
        (500, {"error": "invalid_grant"}),
        (429, {"error": "slow_down"}),
        (400, {"error": "temporarily_unavailable"}),
        (200, b"not json"),
        (200, {"token_type": "Bearer"}),
        (302, {}),
    ],
)
async def test_what_passes_is_tried_again_after_a_pause(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn, fault: tuple[int, object]
) -> None:
    provider.faults = [fault, fault]
    clock.advance(timedelta(hours=2))
    with pytest.raises(Unavailable) as first:
        await signed.token()
    assert not isinstance(first.value, Unsigned | Denied)
    with pytest.raises(Unavailable):
        await signed.token()
    assert provider.renewals() == 1
    clock.advance(timedelta(minutes=11))
    with pytest.raises(Unavailable):
        await signed.token()
    clock.advance(timedelta(minutes=11))
    assert await signed.token() in provider.access


async def test_a_secret_that_ran_out_is_told_as_that_and_mended_without_signing_in_again(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn
) -> None:
    provider.secret = "new"
    clock.advance(timedelta(hours=2))
    with pytest.raises(Unregistered, match=r"registration \(invalid_client, AADSTS7000222\); look at `oauth2`"):
        await signed.token()
    assert drawer.standing().keys() == {"sign-in-unregistered"}
    assert await made(provider, drawer, clock, secret="new").token() in provider.access
    assert drawer.standing() == {}


async def test_tokens_of_another_person_or_registration_are_shown_to_nobody(
    provider: TokenServer, drawer: Drawer, clock: ManualClock, signed: SignIn
) -> None:
    with pytest.raises(Unsigned):
        await made(provider, drawer, clock, user="ben").token()
    kept = json.loads(drawer.kept[ANA.key])
    drawer.kept[ANA.key] = json.dumps(kept | {"issuer": "https://elsewhere.example/token"})
    with pytest.raises(Unsigned):
        await made(provider, drawer, clock).token()
    assert provider.forms == []


async def test_what_a_newer_gateway_kept_is_no_sign_in(
    provider: TokenServer, drawer: Drawer, clock: ManualClock
) -> None:
    drawer.kept[ANA.key] = '{"form": 2}'
    with pytest.raises(Unsigned):
        await made(provider, drawer, clock).token()


async def test_a_sign_in_that_would_not_last_is_not_taken(
    provider: TokenServer, drawer: Drawer, clock: ManualClock
) -> None:
    with pytest.raises(Denied, match="no refresh token"):
        await made(provider, drawer, clock).accept(Granted("access", "", 3600))
    assert drawer.kept == {}


async def test_what_is_forgotten_is_given_back_too(provider: TokenServer, drawer: Drawer, signed: SignIn) -> None:
    refresh = next(iter(provider.refresh))
    assert await signed.forget()
    assert (drawer.kept, provider.revoked) == ({}, [refresh])
    assert not await signed.forget()


async def test_no_token_stands_in_what_is_shown_of_a_sign_in(
    provider: TokenServer, drawer: Drawer, signed: SignIn
) -> None:
    kept = kept_of(drawer.kept[ANA.key])
    shown = f"{kept!r} {signed.registration!r} {tokens(provider)!r}"
    assert "zilpzalp" not in shown
