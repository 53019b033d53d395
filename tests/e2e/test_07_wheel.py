"""The built wheel, in an environment of its own and away from the checkout, tells the demo's story."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest


@pytest.fixture
def handrail(tmp_path: Path) -> Path:
    """The console script of a new environment that holds the wheel; what it depends on is borrowed, not fetched."""
    wheels, environment = tmp_path / "wheels", tmp_path / "environment"
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(wheels),
        ".",
    ]
    subprocess.run(build, check=True, cwd=Path(__file__).parents[2])
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    (wheel,) = wheels.glob("*.whl")
    install = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True)
    return environment / "bin" / "handrail"


def test_the_wheel_alone_runs_the_demo_in_an_empty_folder(handrail: Path, tmp_path: Path) -> None:
    here = tmp_path / "empty"
    here.mkdir()
    borrowed = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "TMPDIR": str(tmp_path)}
    shown = subprocess.run(
        [str(handrail), "demo", "--once"],
        cwd=here,
        env=borrowed,
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    )
    for word in ("received", "relayed", "tagged", "acked", "seen", "receipt", "answered", "no ack", "words a minute"):
        assert word in shown.stdout, word
    assert shown.stderr == ""
    assert list(here.iterdir()) == []
    for command in commands_in(shown.stdout):
        again = subprocess.run(command, shell=True, cwd=here, env=borrowed, check=True, capture_output=True, text=True)
        assert again.stdout
        assert again.stderr == ""


def commands_in(story: str) -> list[str]:
    """The commands that the demo proposes, as somebody would copy them."""
    found = re.findall(r"^    (\S*handrail (?:ledger|explain)(?:.*\\\n)?.*)$", story, re.MULTILINE)
    assert len(found) == 2, story
    return found
