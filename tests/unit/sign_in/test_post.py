"""One form over HTTPS, within bounds; and never to where nobody wrote that it may go."""

from __future__ import annotations

import pytest

from gateway.ports import Unavailable
from gateway.sign_in.post import LONGEST, poster
from tests.servers.places import free_port
from tests.servers.token_server import TokenServer
from tests.unit.sign_in.signing import registration


async def test_a_form_comes_there_and_an_answer_back(provider: TokenServer) -> None:
    answer = await poster(provider.authority)(registration(provider).token, "grant_type=refresh_token&refresh_token=x")
    assert answer.status == 401
    assert b"invalid_client" in answer.body
    assert provider.forms == [{"grant_type": "refresh_token", "refresh_token": "x"}]


async def test_a_certificate_that_nobody_vouches_for_gets_no_form(provider: TokenServer) -> None:
    with pytest.raises(Unavailable, match=r"localhost shows a certificate that can't be trusted \(unable to get"):
        await poster()(registration(provider).token, "refresh_token=x")
    assert provider.forms == []


async def test_a_certificate_of_another_name_gets_no_form(provider: TokenServer) -> None:
    with pytest.raises(Unavailable, match="can't be trusted"):
        await poster(provider.authority)(f"https://127.0.0.1:{provider.port}/token", "refresh_token=x")
    assert provider.forms == []


async def test_nothing_is_sent_in_the_clear(provider: TokenServer) -> None:
    with pytest.raises(Unavailable, match="does not begin with https://"):
        await poster(provider.authority)(f"http://localhost:{provider.plain_port}/token", "refresh_token=x")
    assert provider.forms == []


async def test_an_answer_without_end_is_not_read_to_the_end(provider: TokenServer) -> None:
    provider.faults = [(200, b"x" * (LONGEST + 1))]
    with pytest.raises(Unavailable, match="can't be asked now"):
        await poster(provider.authority)(registration(provider).token, "grant_type=x")


async def test_who_does_not_answer_is_waited_for_so_long_and_no_longer(provider: TokenServer) -> None:
    provider.hangs.set()
    with pytest.raises(Unavailable, match=r"took longer than 0\.2 seconds"):
        await poster(provider.authority, patience=0.2)(registration(provider).token, "grant_type=x")


async def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable, match="localhost can't be asked now"):
        await poster()(f"https://localhost:{free_port()}/token", "grant_type=x")
