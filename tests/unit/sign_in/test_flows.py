"""How a person signs in: by a code typed in elsewhere, or by a browser that comes back."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime, timedelta
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest

from gateway.ports import Unavailable
from gateway.sign_in import Denied, Granted, Unregistered, ask_for_code, open_browser, poster, wait_for_person
from gateway.sign_in.post import Answer
from tests.servers.places import free_port
from tests.servers.token_server import TokenServer
from tests.unit.sign_in.signing import MONDAY, registration


class Leaping:
    """A clock that is there at once when somebody waits."""

    def __init__(self) -> None:
        self._now = MONDAY

    def now(self) -> datetime:
        return self._now

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        assert until is not None
        self._now = until


class Person:
    """Decides at one of the questions whether they have."""

    def __init__(self, provider: TokenServer, clock: Leaping, decides: str, at: int) -> None:
        self._provider, self._clock, self._decides, self._at = provider, clock, decides, at
        self._post = poster(provider.authority)
        self.asked: list[timedelta] = []

    def tell(self, left: timedelta) -> None:
        assert left > timedelta()

    async def post(self, url: str, form: str) -> Answer:
        self.asked.append(self._clock.now() - MONDAY)
        if len(self.asked) == self._at:
            self._provider.decide(self._decides)
        return await self._post(url, form)


async def signed_in(provider: TokenServer, person: Person, clock: Leaping) -> Granted:
    known = registration(provider)
    code = await ask_for_code(known, poster(provider.authority), clock.now())
    assert (code.code, code.interval, code.until) == ("WDJB-MJHT", timedelta(seconds=1), MONDAY + timedelta(minutes=1))

    return await wait_for_person(known, code, person.post, clock, person.tell)


async def test_a_code_is_asked_after_until_the_person_has_decided(provider: TokenServer) -> None:
    clock = Leaping()
    person = Person(provider, clock, "ana", 3)
    granted = await signed_in(provider, person, clock)
    assert provider.access[granted.access] == "ana"
    assert len(person.asked) == 3


@pytest.mark.parametrize(("decides", "at"), [("denied", 2), ("", 1)])
async def test_who_says_no_or_nothing_is_not_signed_in(provider: TokenServer, decides: str, at: int) -> None:
    clock = Leaping()
    with pytest.raises(Denied):
        await signed_in(provider, Person(provider, clock, decides, at), clock)


async def test_a_server_that_complains_or_fails_is_asked_less_often(provider: TokenServer) -> None:
    provider.faults = [(400, {"error": "slow_down"}), (503, b"")]
    clock = Leaping()
    person = Person(provider, clock, "ana", 3)
    await signed_in(provider, person, clock)
    first, second, third = person.asked
    assert second - first >= timedelta(seconds=6)
    assert third - second >= timedelta(seconds=12)


async def test_a_provider_without_codes_is_told_as_that(provider: TokenServer) -> None:
    known = registration(provider, device=f"https://localhost:{provider.port}/revoke")
    with pytest.raises(Unavailable, match="gave no code"):
        await ask_for_code(known, Answers(Answer(200, b"{}")), MONDAY)
    with pytest.raises(Unregistered):
        await ask_for_code(known, Answers(Answer(401, b'{"error": "invalid_client"}')), MONDAY)


class Answers:
    """A post with one answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, url: str, form: str) -> Answer:
        return self._answer


def browse(url: str, provider: TokenServer) -> int:
    tls = ssl.create_default_context(cafile=str(provider.authority))
    try:
        with build_opener(ProxyHandler({}), HTTPSHandler(context=tls)).open(url, timeout=10) as page:
            return int(page.status)
    except HTTPError as error:
        with error:
            return error.code


async def test_a_browser_that_comes_back_brings_tokens(provider: TokenServer) -> None:
    known, post = registration(provider), poster(provider.authority)
    async with open_browser(known, "ana", post) as browser:
        assert await asyncio.to_thread(browse, browser.url, provider) == 200
        granted = await browser.wait()
    assert provider.access[granted.access] == "ana"


async def test_a_forged_answer_and_other_questions_of_browsers_change_nothing(provider: TokenServer) -> None:
    known, post = registration(provider), poster(provider.authority)
    async with open_browser(known, "ana", post) as browser:
        here = f"http://127.0.0.1:{browser.port}"
        assert await asyncio.to_thread(browse, f"{here}/?code=forged&state=forged", provider) == 400
        assert await asyncio.to_thread(browse, f"{here}/favicon.ico", provider) == 404
        _, writer = await asyncio.open_connection("127.0.0.1", browser.port)
        writer.write(b"\x16\x03\x01 no browser\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        assert await asyncio.to_thread(browse, browser.url, provider) == 200
        assert (await browser.wait()).access in provider.access


async def test_a_code_that_somebody_else_got_hold_of_is_of_no_use_to_them(provider: TokenServer) -> None:
    known, post = registration(provider), poster(provider.authority)
    async with open_browser(known, "ana", post) as browser, open_browser(known, "ana", post) as thief:
        await asyncio.to_thread(browse, browser.url, provider)
        code = next(iter(provider.codes))
        provider.codes[code] = (*provider.codes[code][:2], f"http://127.0.0.1:{thief.port}")
        thief._code.set_result(code)
        with pytest.raises(Denied):
            await thief.wait()


async def test_a_port_that_is_taken_is_named(provider: TokenServer) -> None:
    port = free_port()
    known, post = registration(provider, redirect=f"http://127.0.0.1:{port}/back"), poster(provider.authority)
    async with open_browser(known, "ana", post) as browser:
        assert browser.port == port
        with pytest.raises(Unavailable, match=f"port {port} is taken"):
            async with open_browser(known, "ana", post):
                pass
