"""`handrail login` as a person meets it: the program itself, a token server, a real Dovecot, and a browser played."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest

from gateway import app as house
from gateway.clock import SystemClock
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_tokens import token_dovecot
from tests.servers.stores import Place as Database
from tests.servers.token_server import CLIENT_ID, TokenServer, token_server
from tests.unit.sign_in.signing import tokens

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokens")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[TokenServer]:
    with token_server(folder) as server:
        yield server


@pytest.fixture(scope="module")
def server(shared: TokenServer) -> Iterator[Dovecot]:
    with token_dovecot({"ana": "pw"}, shared.introspection) as running:
        yield running.server


@pytest.fixture
def provider(shared: TokenServer) -> TokenServer:
    shared.take_away()
    shared.devices.clear()
    shared.person, shared.secret, shared.gives_refresh = "ana", "", True
    return shared


@dataclass(frozen=True)
class Practice:
    """A config folder, and the program run on it."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "gateway", *arguments, "--config", str(self.folder)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60)

    @contextmanager
    def begun(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The program while it waits for a person."""
        command = [sys.executable, "-u", *self.command(*arguments)[1:]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def everything(self) -> bytes:
        return Database(f"sqlite:///{self.folder}/handrail.db", "").everything()


@pytest.fixture
def practice(tmp_path: Path, provider: TokenServer, server: Dovecot) -> Practice:
    """Ana's mailbox, read and sent from with one sign-in; both authorities are trusted by one file."""
    assert server.authority is not None
    trust = tmp_path / "trust.pem"
    trust.write_text(provider.authority.read_text() + server.authority.read_text())
    gateway = {
        "practice": {"name": "Hope Street Practice", "timezone": "Europe/Berlin", "phone": "1"},
        "smtp": {"listen": ["127.0.0.1:0"]},
        "store": {"url": f"sqlite:///{tmp_path}/handrail.db"},
        "smarthost": {"url": "maildir:sent"},
        "web": None,
        "mailboxes": {
            "ana": {
                "address": "ana@hopestreet.example",
                "watch": f"imaps://ana@localhost:{server.imaps_port}",
                "trust": "trust.pem",
                "policy": "open-door",
                "oauth2": provider.oauth2(),
            }
        },
    }
    # JSON is YAML.
    (tmp_path / "gateway.yaml").write_text(json.dumps(gateway))
    return Practice(tmp_path)


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The first line from here on that has these words."""
    assert process.stdout is not None
    return next(line.strip() for line in process.stdout if words in line)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def browse(url: str, authority: Path) -> tuple[int, str]:
    """Open an address and go where it leads."""
    tls = ssl.create_default_context(cafile=str(authority))
    try:
        with build_opener(ProxyHandler({}), HTTPSHandler(context=tls)).open(url, timeout=10) as page:
            return page.status, page.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_person_signs_in_by_code_and_the_record_keeps_it_sealed(practice: Practice, provider: TokenServer) -> None:
    with practice.begun("login", "ana") as process:
        assert (
            line_with(process, "Open")
            == f"1. Open `https://localhost:{provider.port}/code` in a browser, on any machine."
        )
        assert "`WDJB-MJHT`, and sign in there as ana." in line_with(process, "code")
        assert line_with(process, "Waiting") == "Waiting for you, 1 minute at most; Ctrl-C ends it."
        provider.decide("ana")
        code, out, err = ended(process)
    assert (code, err) == (0, "")
    assert "Granted, and kept sealed in the record." in out
    assert "Tried: signs in; tags show as $label1." in out
    assert "zilpzalp" not in out
    assert b"zilpzalp" not in practice.everything()


def test_a_person_signs_in_by_browser(practice: Practice, provider: TokenServer) -> None:
    with practice.begun("login", "ana", "--browser") as process:
        url = line_with(process, f"client_id={CLIENT_ID}")
        assert "ssh -L " in line_with(process, "Not the same")
        strange = url.partition("redirect_uri=")[2].partition("&")[0].replace("%3A", ":").replace("%2F", "/")
        assert browse(f"{strange}/?code=1&state=forged", provider.authority)[0] == 400
        assert browse(f"{strange}/favicon.ico", provider.authority)[0] == 404
        status, page = browse(url, provider.authority)
        code, out, err = ended(process)
    assert (status, code, err) == (200, 0, "")
    assert "Thank you" in page
    assert "Tried: signs in" in out
    assert len(provider.forms[-1]["code_verifier"]) == 64


@pytest.mark.parametrize("how", ["--device", "--browser"])
def test_who_says_no_changes_nothing(practice: Practice, provider: TokenServer, how: str) -> None:
    provider.person = ""
    with practice.begun("login", "ana", how) as process:
        if how == "--browser":
            _, page = browse(line_with(process, "client_id="), provider.authority)
            assert "not granted" in page
        else:
            line_with(process, "Waiting")
            provider.decide("denied")
        code, _, err = ended(process)
    assert code == 1
    assert "Not signed in: the provider refuses the sign-in (access_denied)." in err
    assert (
        "Needs you: mailboxes.ana: nobody has signed in yet; run `handrail login ana`" in practice.run("status").stdout
    )


def test_who_signed_in_as_somebody_else_is_asked_who_it_was(practice: Practice, provider: TokenServer) -> None:
    with practice.begun("login", "ana") as process:
        line_with(process, "Waiting")
        provider.decide("ben")
        code, _, err = ended(process)
    assert code == 1
    assert "Was it ana who signed in?" in err


def test_a_registration_that_is_wrong_is_told_as_that(practice: Practice, provider: TokenServer) -> None:
    provider.secret = "not ours"
    with practice.begun("login", "ana") as process:
        line_with(process, "Waiting")
        provider.decide("ana")
        code, _, err = ended(process)
    assert code == 2
    assert "refuses the gateway's registration (invalid_client, AADSTS7000222)" in err
    assert "ana's secret" not in err


@pytest.mark.long
@pytest.mark.timeout(300)
def test_status_and_check_show_a_sign_in_and_never_its_tokens(practice: Practice, provider: TokenServer) -> None:
    before = practice.run("check")
    assert before.returncode == 1
    assert "error    gateway.yaml mailboxes.ana.oauth2: nobody has signed in yet" in before.stdout
    assert "mend: run `handrail login ana`" in before.stdout
    assert not (practice.folder / "handrail.db").exists()
    sign_in(practice, provider)
    status, check = practice.run("status"), practice.run("check", "--live")
    assert "Signed in: mailboxes.ana as ana since " in status.stdout
    assert status.returncode == 0
    assert "ok       gateway.yaml mailboxes.ana.oauth2: signed in as ana, renewed last on " in check.stdout
    assert "ok       mailboxes.ana.watch: signs in; tags show as $label1" in check.stdout
    (known,) = json.loads(practice.run("status", "--json").stdout)["sign_ins"]
    assert (known["place"], known["state"], known["mend"]) == ("mailboxes.ana", "signed-in", "")
    assert "zilpzalp" not in status.stdout + check.stdout + json.dumps(known)


def test_a_sign_in_that_the_provider_ended_is_shown_with_its_mend(practice: Practice, provider: TokenServer) -> None:
    sign_in(practice, provider)
    provider.take_away()
    live = practice.run("check", "--live")
    assert "ended the sign-in (invalid_grant, AADSTS70043); run `handrail login ana`" in live.stdout
    status = practice.run("status")
    assert status.returncode == 1
    assert "Needs you: mailboxes.ana: the provider ended the sign-in (invalid_grant, AADSTS70043)" in status.stdout


def test_what_is_forgotten_is_given_back(practice: Practice, provider: TokenServer) -> None:
    sign_in(practice, provider)
    done = practice.run("login", "ana", "--forget")
    assert done.returncode == 0
    assert done.stdout.startswith("Forgotten.")
    assert provider.refresh == {}
    assert practice.run("login", "ana", "--forget").stdout.startswith("Nothing was kept")


def sign_in(practice: Practice, provider: TokenServer) -> None:
    with practice.begun("login", "ana") as process:
        line_with(process, "Waiting")
        provider.decide("ana")
        assert ended(process)[0] == 0


async def test_the_running_gateway_waits_for_a_sign_in_and_takes_it_up(
    practice: Practice, provider: TokenServer
) -> None:
    settings = house.settings_from(practice.folder)
    async with house.open_house(settings) as running, asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        serving = group.create_task(running.run(stop))
        await until(lambda: running.conditions["ana"].why == "unsigned")
        assert [one.what for one in running.queries.troubles()] == [
            "sign-in-needed command=handrail login ana place=mailboxes.ana"
        ]
        async with house.open_login(settings, "ana") as signing:
            await signing.sign_in.accept(tokens(provider))
        await until(lambda: running.conditions["ana"].state == "idle")
        (shown,) = (await running.queries.status(running.clock.now())).sign_ins
        assert (shown.place, shown.state, running.queries.troubles()) == ("mailboxes.ana", "signed-in", ())
        stop.set()
        await serving


async def until(holds: Callable[[], bool]) -> None:
    clock = SystemClock()
    async with asyncio.timeout(30):
        while not holds():
            await clock.wait(asyncio.Event(), clock.now() + timedelta(milliseconds=50))
