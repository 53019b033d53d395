"""`handrail serve` as a process: what is in the way ends it in one line with the mend, and a stop is no fault."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.servers.places import free_port
from tests.unit.cli.conftest import Handrail

HERE = str(Path(__file__).parents[3])
CERTIFICATE = (
    'smtp: {listen: ["127.0.0.1:0"], hostname: gateway.hopestreet.example',
    'smtp: {listen: ["127.0.0.1:0"], tls: {certificate: cert.pem, key: key.pem}',
)


def command(handrail: Handrail, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway", *arguments, "--config", str(handrail.config)]


def refused(handrail: Handrail) -> tuple[int, str]:
    """The exit code of a gateway that can't serve, and its one line."""
    done = subprocess.run(command(handrail, "serve"), check=False, capture_output=True, text=True, timeout=60, cwd=HERE)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return done.returncode, line


@contextlib.contextmanager
def serving(handrail: Handrail) -> Iterator[subprocess.Popen[bytes]]:
    """A gateway that serves, as its page says; killed at the end if it still runs."""
    port = free_port()
    handrail.change('web: {listen: "127.0.0.1:0"}', f'web: {{listen: "127.0.0.1:{port}"}}')
    process = subprocess.Popen(command(handrail, "serve"), cwd=HERE, stderr=subprocess.PIPE)
    try:
        for _ in range(600):
            assert process.poll() is None, process.stderr and process.stderr.read()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as page:
                if page.status == 200:
                    break
            threading.Event().wait(0.05)
        else:
            raise AssertionError("the gateway did not start within 30 s")
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def occupied() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_the_mend(handrail: Handrail) -> None:
    with occupied() as port:
        handrail.change("127.0.0.1:0", f"127.0.0.1:{port}")
        handrail.change(f'web: {{listen: "127.0.0.1:{port}"}}', "web: null")
        assert refused(handrail) == (
            3,
            f"Can't serve: mail can't come in on 127.0.0.1:{port} (Address already in use); "
            "stop what listens there, or set another `smtp.listen`",
        )


def test_a_port_in_use_for_the_pages_is_named_with_the_mend(handrail: Handrail) -> None:
    with occupied() as port:
        handrail.change('web: {listen: "127.0.0.1:0"}', f'web: {{listen: "127.0.0.1:{port}"}}')
        assert refused(handrail) == (
            3,
            f"Can't serve: the pages can't listen on 127.0.0.1:{port} (Address already in use); set another web.listen",
        )


def test_an_address_that_is_not_this_machines_is_named_with_the_mend(handrail: Handrail) -> None:
    handrail.change('listen: ["127.0.0.1:0"]', 'listen: ["192.0.2.1:2525"]')
    assert refused(handrail) == (
        3,
        "Can't serve: mail can't come in on 192.0.2.1:2525 (Cannot assign requested address); "
        "set `smtp.listen` to an address of this machine",
    )


def test_another_key_than_the_databases_is_named_with_the_mend(handrail: Handrail) -> None:
    assert handrail("outbox", "list").code == 0
    handrail.write("handrail.key", "ab" * 32)
    code, line = refused(handrail)
    assert code == 2
    assert line.startswith("Can't serve: the database was sealed with another key; put the first key back as the last")


def test_a_key_that_others_can_read_is_named_with_the_mend(handrail: Handrail) -> None:
    handrail.write("handrail.key", "ab" * 32).chmod(0o644)
    key = f"{handrail.config}/handrail.key"
    assert refused(handrail) == (2, f"Can't serve: {key} can be read by others than its owner; chmod 600 {key}")


def test_a_certificate_without_its_key_is_named_with_the_mend(handrail: Handrail) -> None:
    handrail.change(*CERTIFICATE)
    one, other = (trustme.CA().issue_cert("gw.example") for _ in range(2))
    one.cert_chain_pems[0].write_to_path(str(handrail.config / "cert.pem"))
    other.private_key_pem.write_to_path(str(handrail.config / "key.pem"))
    files = f"{handrail.config}/cert.pem and {handrail.config}/key.pem"
    assert refused(handrail) == (
        2,
        f"Can't serve: {files} are no certificate with its key (KEY_VALUES_MISMATCH); "
        "name PEM files that belong together, the key without a password",
    )


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_a_file_that_is_no_certificate_is_named_with_the_mend(handrail: Handrail, text: str) -> None:
    handrail.change(*CERTIFICATE)
    handrail.write("cert.pem", text)
    handrail.write("key.pem", text)
    code, line = refused(handrail)
    assert code == 2
    assert re.fullmatch(r"Can't serve: \S+/cert\.pem and \S+/key\.pem are no certificate with its key \(.+\); .+", line)


def test_a_second_gateway_on_one_file_goes_and_the_first_stops_well(handrail: Handrail) -> None:
    with serving(handrail) as first:
        running = handrail("status", "--json")
        assert (running.code, running.json["running"]) == (0, True)
        page = running.json
        assert [mailbox["name"] for mailbox in page["mailboxes"]] == ["ana"]
        text = (handrail.config / "gateway.yaml").read_text()
        handrail.write("gateway.yaml", re.sub(r"web: .*", "web: null", text))
        assert refused(handrail) == (
            3,
            f"Can't serve: another gateway serves on {handrail.folder}/handrail.db; "
            "stop it first, or give this one its own",
        )
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_comes_while_it_serves_is_no_fault(handrail: Handrail, number: signal.Signals) -> None:
    with serving(handrail) as process:
        os.kill(process.pid, signal.SIGHUP)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0
        assert b"Traceback" not in said
