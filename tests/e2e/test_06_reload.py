"""SIGHUP takes up changed files; a bad file leaves the running settings in force and says so."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.e2e.practice import ANA, CARLA, POLICY, Practice, letter, open_practice, until


@pytest.fixture
def practice() -> Iterator[Practice]:
    with open_practice() as found:
        found.start()
        yield found
        found.stop()


def hang_up(practice: Practice, says: str) -> None:
    """Ask for a reload and wait for the word that tells how it ended."""
    assert practice.process is not None
    before = practice.log.count(says)
    practice.process.send_signal(signal.SIGHUP)
    until(lambda: practice.log.count(says) > before, f"the word {says!r} in the log")


def text_of_ack(practice: Practice, name: str) -> str:
    message_id, content = letter(name, "hello")
    practice.send(content)
    (ack,) = until(lambda: practice.answers_to(CARLA, message_id), "the ack")
    return str(ack.get_body(("plain",)).get_content())


def test_a_reload_changes_what_is_said_and_a_bad_file_changes_nothing(practice: Practice) -> None:
    assert "within" not in text_of_ack(practice, "first")
    bad = POLICY.replace("when: always", "when: allways")
    practice.policies["hope-street"] = bad
    practice.write_config()
    hang_up(practice, "reload-refused")
    assert "hope-street.yaml:4:" in practice.log
    assert "hope-street.yaml:4:" in practice.run("status", check=False).stderr
    assert any(trouble["what"].startswith("reload-refused") for trouble in practice.status()["troubles"])
    text_of_ack(practice, "second")

    practice.policies["hope-street"] = POLICY.replace("when: always", "when: never")
    practice.write_config()
    hang_up(practice, '"reloaded"')
    assert practice.run("status").returncode == 0
    message_id, content = letter("third", "hello")
    practice.send(content)
    with practice.therapist() as program:
        found = until(lambda: program.find(message_id), "the message")
        assert b"X-Handrail-Ack: no; the policy sends no acks" in program.content(found)


def test_what_only_a_restart_can_change_is_named(practice: Practice) -> None:
    practice.smtp_port += 1
    practice.write_config()
    hang_up(practice, "smtp has changed: restart to take it up")
    practice.smtp_port -= 1
    practice.write_config()
    assert "Crisis" in text_of_ack(practice, "still")


def test_check_names_file_line_key_and_mend(practice: Practice) -> None:
    settings = practice.config / "gateway.yaml"
    settings.write_text(settings.read_text().replace("policy: hope-street", "polcy: hope-street"))
    found = practice.run("check", check=False)
    assert found.returncode == 2
    assert "gateway.yaml:" in found.stderr
    assert "mailboxes.ana.polcy" in found.stderr
    assert "policy" in found.stderr
    assert ANA not in practice.log


def test_a_file_that_breaks_its_reader_does_not_end_the_gateway(practice: Practice) -> None:
    practice.policies["hope-street"] = "hours: " + "[" * 5000
    practice.write_config()
    hang_up(practice, "reload-refused")
    text_of_ack(practice, "after")
