"""The pages, over HTTP."""

import json
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from gateway.admin.queries import SignInStatus
from gateway.core.events import Acknowledged, GivenUp, Level, Origin, Tagged
from gateway.core.history import Story
from gateway.core.policy.schema import Policy
from tests.unit.admin.house import Watch, pending, settings
from tests.unit.core.billing.lives import MONDAY, answered, seen, story
from tests.unit.web.conftest import Site

NOON = MONDAY + timedelta(hours=5)


class Shape(HTMLParser):
    """Headings, links and cells of a page; fails on tags that were not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        if tag in ("h1", "h2"):
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings[-1] += data


def life() -> Story:
    return story(
        Acknowledged(at=MONDAY, message_id="<a@hopestreet.example>"),
        Tagged(at=MONDAY, how="flagged"),
        seen(),
        answered(),
        level=Level.CRISIS,
        category="scheduling",
    )


async def test_the_status_page_shows_mailboxes_messages_outbox_and_troubles(site: Site) -> None:
    site.memory.kept = [life(), story(GivenUp(at=NOON, effect="ack", why=""), key="k2", answer_by=NOON)]
    site.memory.effects = [pending(1, "given-up")]
    site.memory.troubles = {"given-up effect=1": "Look at the outbox."}
    found = await site.get("/")
    shape = Shape(found.text)
    assert found.code == 200
    assert shape.headings == [
        "Hope Street Practice",
        "What is wrong with the gateway",
        "Mailboxes",
        "The last 24 hours",
        "Outbox",
        "Recent messages",
    ]
    for words in (">up<", "Look at the outbox.", "crisis, scheduling", "(a star)", "given up: ack", "promised by"):
        assert words in found.text
    # 07:00 UTC on 2 March is 18:00 in Sydney.
    assert '<time datetime="2026-03-02T18:00:00+11:00">18:00</time>' in found.text


async def test_the_status_page_shows_neither_addresses_nor_subjects(site: Site) -> None:
    site.memory.kept = [life()]
    for path in ("/", "/status.json", "/metrics", "/healthz"):
        text = (await site.get(path)).text
        assert "cleo" not in text.lower()
        assert "Tuesday" not in text
        assert "@" not in text


async def test_a_store_that_is_down_is_said_on_the_page(site: Site) -> None:
    site.memory.down = True
    found = await site.get("/")
    assert found.code == 200
    assert "Mail flows, but what became of it can't be shown: the database does not answer." in found.text
    assert "Nothing that" not in found.text


async def test_a_quiet_house_says_so(site: Site) -> None:
    text = (await site.get("/")).text
    for words in ("Nothing that it knows of.", "Empty.", "None yet."):
        assert words in text


async def test_a_watch_that_is_down_says_why(site: Site) -> None:
    site.watches["ana"] = Watch("down", why="login refused")
    assert "down: login refused" in (await site.get("/")).text


async def test_a_sign_in_is_shown_with_its_times_or_with_the_command_that_helps() -> None:
    site = Site(
        sign_ins=(
            SignInStatus("mailboxes.ana", "signed-in", MONDAY, NOON),
            SignInStatus("smarthost", "ended", MONDAY, NOON, "invalid_grant", "handrail login --smarthost"),
        )
    )
    async with site.open():
        text = (await site.get("/")).text
        found = json.loads((await site.get("/status.json")).text)
    assert Shape(text).headings[3] == "Sign-ins"
    assert "<code>mailboxes.ana</code> signed in since" in text
    assert "the provider ended the sign-in (invalid_grant); run <code>handrail login --smarthost</code>" in text
    assert [one["state"] for one in found["sign_ins"]] == ["signed-in", "ended"]


async def test_the_status_is_there_for_programs_too(site: Site) -> None:
    site.memory.kept = [life()]
    found = json.loads((await site.get("/status.json")).text)
    assert (found["version"], found["store"], found["serving"]) == ("0.1.0", "", True)
    assert found["mailboxes"][0]["watch"] == "idle"
    assert found["last_day"]["answered"] == 1
    assert found["recent"][0]["level"] == "crisis"
    assert found["recent"][0]["seen"] == "2026-03-02T08:00:00+00:00"


async def test_health_follows_whether_mail_is_taken_and_not_the_store(site: Site) -> None:
    site.memory.down = True
    found = await site.get("/healthz")
    assert (found.code, json.loads(found.text)) == (200, {"serving": True, "troubles": []})
    site.serving = False
    assert (await site.get("/healthz")).code == 503


async def test_metrics_show_outbox_and_watches_as_they_are_now(site: Site) -> None:
    site.memory.effects = [pending(1), pending(2)]
    text = (await site.get("/metrics")).text
    assert 'handrail_outbox_depth{state="pending"} 2.0' in text
    assert 'handrail_watcher_up{mailbox="ana"} 1.0' in text
    site.memory.effects = [pending(3, "given-up")]
    site.watches["ana"] = Watch("down")
    text = (await site.get("/metrics")).text
    assert 'state="pending"' not in text
    assert 'handrail_outbox_depth{state="given-up"} 1.0' in text
    assert 'handrail_watcher_up{mailbox="ana"} 0.0' in text


async def test_a_policy_card_answers_the_ten_questions(site: Site) -> None:
    found = await site.get("/policy/mornings-billed")
    shape = Shape(found.text)
    assert shape.headings[0] == "Email with Hope Street Practice"
    assert len(shape.headings) == 11
    for words in ("I answer each morning.", "Call 02 5550 1234", "local times in Sydney", '<html lang="en">'):
        assert words in found.text


async def test_a_policy_card_is_there_in_each_language(site: Site) -> None:
    found = await site.get("/policy/mornings-billed")
    links = [link for link in Shape(found.text).links if link.startswith("?lang=")]
    assert links == [f"?lang={tag}" for tag in ("de", "en", "es", "fr", "it", "nl", "pt")]
    assert 'lang="en" hreflang="en" aria-current="true">English<' in found.text
    for link in links:
        text = (await site.get(f"/policy/mornings-billed{link}")).text
        assert f'<html lang="{link.removeprefix("?lang=")}">' in text
        assert len(Shape(text).headings) == 11
    assert "Darf ich so viel schreiben" in (await site.get("/policy/mornings-billed?lang=de-AT")).text


@pytest.mark.parametrize("wanted", ["", "xx", "../en", "%00", "en%0a", "x" * 2000])
async def test_a_language_that_there_is_not_gives_the_practices(site: Site, wanted: str) -> None:
    found = await site.get(f"/policy/mornings-billed?lang={wanted}")
    assert found.code == 200
    assert '<html lang="en">' in found.text


async def test_a_card_shows_the_policy_that_holds_and_not_a_file_that_waits(site: Site) -> None:
    site.in_force = {"mornings-billed": Policy.model_validate({"allowance": {"messages": 7}})}
    assert "The limit is 7 messages a week" in (await site.get("/policy/mornings-billed")).text


async def test_a_card_tells_of_absences_that_are_not_over() -> None:
    dates = [("2026-01-05", "2026-01-09"), ("2026-12-24", "2027-01-03")]
    away = [{"from": first, "until": last} for first, last in dates]
    site = Site(settings=settings(mailbox={"absences": away}))
    async with site.open():
        text = (await site.get("/policy/mornings-billed")).text
    assert "2027" in text
    assert "January 5" not in text


async def test_what_a_practice_writes_is_escaped() -> None:
    site = Site()
    odd = Policy(summary="<script>alert(1)</script>")
    site.settings = site.settings.model_copy(update={"policies": site.settings.policies | {"<b>": odd}})
    site.memory.troubles = {"x": "<img src=x>"}
    async with site.open():
        card = await site.get("/policy/%3Cb%3E")
        assert card.code == 200
        assert "<script>" not in card.text
        assert "&lt;script&gt;" in card.text
        assert "<img" not in (await site.get("/")).text
        assert "<b>" not in (await site.get("/nowhere")).text


@pytest.mark.parametrize("path", ["/", "/policy/mornings-billed", "/nowhere"])
async def test_pages_load_nothing_from_elsewhere(site: Site, path: str) -> None:
    site.memory.kept = [life()]
    for link in Shape((await site.get(path)).text).links:
        assert link.startswith(("/", "#", "?"))
        assert not link.startswith("//")


@pytest.mark.parametrize("path", ["/", "/policy/mornings-billed", "/nowhere", "/style.css", "/healthz", "/metrics"])
async def test_every_answer_carries_the_security_fields(site: Site, path: str) -> None:
    fields = (await site.get(path)).fields
    assert fields["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Referrer-Policy"] == "no-referrer"
    assert "Server" not in fields


async def test_the_style_sheet_has_a_dark_half(site: Site) -> None:
    found = await site.get("/style.css")
    assert found.fields["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in found.text


@pytest.mark.parametrize("path", ["/nowhere", "/policy/gone", "/policy/../status", "/../pyproject.toml"])
async def test_what_is_not_there_is_404_with_a_way_on(site: Site, path: str) -> None:
    found = await site.get(path)
    assert found.code == 404
    assert "/policy/mornings-billed" in Shape(found.text).links


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_pages_can_only_be_read(site: Site, method: str) -> None:
    assert (await site.get("/", method)).code == 405


async def test_a_broken_page_says_nothing_of_what_broke(site: Site) -> None:
    site.memory.troubles = None  # type: ignore[assignment]
    found = await site.get("/")
    assert found.fields["X-Content-Type-Options"] == "nosniff"
    assert (found.code, found.text) == (500, "Something went wrong; the log says where.\n")


async def test_a_message_of_a_machine_is_shown_as_such(site: Site) -> None:
    site.memory.kept = [story(origin=Origin.MACHINE)]
    assert "routine, by a machine" in (await site.get("/")).text
