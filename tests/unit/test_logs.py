"""What is logged names things, never people and never their words."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from gateway import logs
from gateway.core.message.facts import Person
from gateway.ports import Unavailable

CANARY = "kestrel-moonwater"
ADDRESS = f"{CANARY}@client.example"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Logs set up to write here, and taken down again, because the standard library's loggers are global."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in logs.QUIET}
    stream = io.StringIO()
    logs.set_up("debug", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_our_events_come_out_as_json_with_level_time_and_ids(written: io.StringIO) -> None:
    structlog.get_logger("gateway.flow").info("relayed", mailbox="ana", ref="abc123", words=312)
    (line,) = lines(written)
    assert line["event"] == "relayed"
    assert line["level"] == "info"
    assert line["logger"] == "gateway.flow"
    assert (line["mailbox"], line["ref"], line["words"]) == ("ana", "abc123", 312)
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    "said",
    [
        ADDRESS,
        f"<{ADDRESS}>",
        f"MAIL FROM:<{ADDRESS}> SIZE=100",
        f'"{CANARY} two"@client.example',
        f"{CANARY}%40client.example",
        f"someone@{CANARY}.example",
        f"smtp://{ADDRESS}:587",
        f"jürgen.{CANARY}@bücher.example",
        f"key={ADDRESS}",
        f"[{ADDRESS}]",
    ],
)
def test_an_address_is_taken_out_wherever_it_stands(written: io.StringIO, said: str) -> None:
    structlog.get_logger().warning(f"odd {said}", note=said, nested={"list": [said]}, pair=(said, 1))
    logging.getLogger("some.library").warning("odd %s", said)
    assert CANARY not in written.getvalue()
    assert written.getvalue().count("[address]") >= 5


@pytest.mark.parametrize("key", ["subject", "Subject", "body", "to", "from", "author", "in-reply-to", "message_id"])
def test_what_stands_under_a_personal_key_is_taken_out(written: io.StringIO, key: str) -> None:
    structlog.get_logger().info("thing", **{key: CANARY}, deep={"inner": {key: CANARY}})
    assert CANARY not in written.getvalue()


def test_a_messages_identity_may_stand_under_message(written: io.StringIO) -> None:
    structlog.get_logger().info("relayed", message="0123456789ab")
    assert lines(written)[0]["message"] == "0123456789ab"


def test_bytes_are_shown_by_their_length(written: io.StringIO) -> None:
    structlog.get_logger().info("thing", chunk=CANARY.encode())
    assert lines(written)[0]["chunk"] == f"[{len(CANARY)} octets]"


def test_an_object_is_shown_by_its_kind_because_its_fields_may_name_a_person(written: io.StringIO) -> None:
    structlog.get_logger().info("thing", seen=Person(ADDRESS, CANARY), by=timedelta(hours=2), where=Path("var/x"))
    (line,) = lines(written)
    assert (line["seen"], line["by"], line["where"]) == ("[Person]", "2:00:00", "var/x")


def test_the_words_of_an_exception_and_of_its_causes_stay_out(written: io.StringIO) -> None:
    def fail() -> None:
        raise ExceptionGroup(CANARY, [KeyError(CANARY), OSError(13, CANARY)]) from ValueError(CANARY)

    try:
        fail()
    except ExceptionGroup as group:
        structlog.get_logger().exception("failed", given=group)
        logging.getLogger("some.library").exception("failed")
    assert CANARY not in written.getvalue()
    for line in lines(written):
        assert line["error"] == "ExceptionGroup(KeyError, PermissionError(errno 13)) < ValueError"
        assert "test_logs.py:" in str(line["where"])


def test_unavailable_says_its_words_because_they_name_no_person(written: io.StringIO) -> None:
    structlog.get_logger().warning("failed", exc_info=Unavailable("the store does not answer"))
    assert lines(written)[0]["error"] == "Unavailable: the store does not answer"


def test_only_the_first_line_of_a_library_record_is_kept(written: io.StringIO) -> None:
    # asyncio: "Task exception was never retrieved\nfuture: <Task ... exception=ValueError('…')>"
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: ValueError(%r)", CANARY)
    assert lines(written)[0]["event"] == "Task exception was never retrieved"
    assert CANARY not in written.getvalue()


@pytest.mark.parametrize("name", ["mail.log", "mail.debug", "aioimaplib.aioimaplib", "sqlalchemy.engine.Engine"])
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_libraries_that_would_log_mail_are_silent_below_a_warning(written: io.StringIO, name: str, level: int) -> None:
    logging.getLogger(name).log(level, "%r", CANARY)
    assert written.getvalue() == ""


def test_a_level_above_warning_holds_for_libraries_too(written: io.StringIO) -> None:
    logs.set_up("error", "json", written)
    logging.getLogger("mail.log").warning("odd")
    structlog.get_logger("gateway").warning("odd")
    assert written.getvalue() == ""


def test_text_is_one_line_an_event(written: io.StringIO) -> None:
    logs.set_up("info", "text", written)
    structlog.get_logger("gateway.intake").info("listening", port=8025, who=ADDRESS)
    (line,) = written.getvalue().splitlines()
    assert "listening" in line
    assert "port=8025" in line
    assert CANARY not in line


def test_a_long_run_without_an_address_is_searched_in_linear_time(written: io.StringIO) -> None:
    structlog.get_logger().info("x" * 400_000 + '"' * 1000)
    assert len(lines(written)) == 1
