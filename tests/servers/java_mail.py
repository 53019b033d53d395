"""A receipt as JavaMail reads it: a parser of multipart/report that shares no code and no author with us."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_JARS = ("javax.mail.jar", "dsn.jar", "javax.activation.jar")
_CLASSPATH = ":".join(f"/usr/share/java/{jar}" for jar in _JARS)
_PROGRAM = Path(__file__).with_name("ReadReceipt.java")


@dataclass(frozen=True)
class ReadReceipt:
    """What it found: the number of parts, the notification's fields, and what is returned of the original."""

    parts: int
    report_type: str
    characters_of_text: int
    fields: dict[str, str]
    original: dict[str, str]


def read_receipt(content: bytes) -> ReadReceipt:
    """Read a message; fails where JavaMail can't find a disposition notification in it."""
    command = ["java", "-cp", _CLASSPATH, str(_PROGRAM)]
    run = subprocess.run(command, input=content, capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr.decode()
    lines = [line.split("\t") for line in run.stdout.decode().splitlines()]
    told = {(what, name): value for what, name, value in lines}

    def all_of(what: str) -> dict[str, str]:
        return {name: value for (of, name), value in told.items() if of == what}

    return ReadReceipt(
        parts=int(told["parts", "count"]),
        report_type=told["report", "type"],
        characters_of_text=int(told["text", "characters"]),
        fields=all_of("field"),
        original=all_of("original"),
    )
