"""A real Thunderbird on a screen of its own: Xvfb shows it, Marionette (its remote control) clicks and waits.

The profile is new, as a therapist's on the first day: nothing of Thunderbird's ways with messages is changed. Only what
would ask or call home is off: first-run pages, updates, telemetry; HTTP goes to a port where nobody listens.
Pictures are Xvfb's own frame buffer, so what is counted in them is what a person would see.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.places import program

WIDTH, HEIGHT = 1000, 560
#: Seconds that a step may take on a busy machine.
PATIENCE = 60

#: Which page is in front, and where its inbox is; each script begins with it.
_PANE = """
const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.allServers.find(one => one.type == "imap");
const inbox = server.rootFolder.subFolders.find(one => one.URI.endsWith("/INBOX"));
const pane = document.getElementById("tabmail")?.currentAbout3Pane;
const rows = [...(pane?.document.querySelectorAll("#threadTree [role=row]") ?? [])];
const place = (element) => {
  const frame = pane.browsingContext.embedderElement.getBoundingClientRect();
  const {x, y, width, height} = element.getBoundingClientRect();
  return [frame.x + x, frame.y + y, width, height].map(Math.round);
};
"""
_REMEMBER = """
const [user, password, done] = arguments;
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
login.init("imap://127.0.0.1", null, "imap://127.0.0.1", user, password, "", "");
Services.logins.addLoginAsync(login).then(() => done("kept"), () => done("refused"));
"""
_SHOW_INBOX = """
if (!pane?.displayFolder) return false;
if (!inbox) { server.performExpand(window.msgWindow); return false; }
if (pane.gFolder?.URI != inbox.URI) pane.displayFolder(inbox.URI);
return pane.gFolder?.URI == inbox.URI;
"""
_ROWS = "return rows.map(row => [row.querySelector('.subject')?.textContent.trim() ?? '', place(row)]);"
_SHOWN = """
const page = pane.messageBrowser?.contentWindow?.getMessagePaneBrowser?.()?.contentDocument;
return page?.readyState == "complete" ? page.body?.textContent ?? "" : "";
"""
_QUESTIONS = "return pane.messageBrowser.contentDocument.querySelectorAll('notification-message').length;"


@dataclass(frozen=True)
class Area:
    """A rectangle on the screen, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """Where to click."""
        return self.x + self.width // 2, self.y + self.height // 2


@dataclass(frozen=True)
class Picture:
    """What the screen shows: rows of pixels, each blue, green, red and nothing."""

    width: int
    rows: tuple[bytes, ...]

    @classmethod
    def of(cls, dump: bytes) -> Picture:
        """Read an X window dump of 32 bits a pixel (XWDFile.h: big-endian header, colour map, pixels)."""
        head = struct.unpack(">25I", dump[:100])
        size, width, height, line, colours = head[0], head[4], head[5], head[12], head[19]
        start = size + 12 * colours
        return cls(width, tuple(dump[start + line * y :][: width * 4] for y in range(height)))

    def count(self, area: Area, wanted: Callable[[int, int, int], bool]) -> int:
        """How many pixels of an area have a colour (red, green, blue) that is wanted."""
        found = 0
        for row in self.rows[area.y : area.y + area.height]:
            for x in range(area.x, min(area.x + area.width, self.width)):
                blue, green, red = row[4 * x : 4 * x + 3]
                found += wanted(red, green, blue)
        return found

    def png(self) -> bytes:
        """As a PNG file (RFC 2083)."""
        lines = (b"\0" + b"".join(row[x + 2 : x - 1 if x else None : -1] for x in _starts(row)) for row in self.rows)
        head = struct.pack(">2I5B", self.width, len(self.rows), 8, 2, 0, 0, 0)
        chunks = (b"IHDR", head), (b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _starts(row: bytes) -> range:
    return range(0, len(row), 4)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


class Marionette:
    """Thunderbird's remote control: a number, a command and its parameters as JSON, with their length before them."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._replies = self._socket.makefile("rb")
        self._number = 0
        self._read()  # the greeting

    def close(self) -> None:
        """Let go of it; it stays as it is."""
        self._replies.close()
        self._socket.close()

    def run(self, command: str, **parameters: Any) -> Any:
        """Run a command and return what it gives."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        assert error is None, f"{command}: {error}"
        return result

    def _read(self) -> Any:
        digits = b""
        while (octet := self._replies.read(1)) != b":":
            assert octet, "Thunderbird has hung up"
            digits += octet
        return json.loads(self._replies.read(int(digits)))


class Thunderbird:
    """A mail program with one IMAP account."""

    def __init__(self, control: Marionette, screen: Path) -> None:
        self._control = control
        self._screen = screen

    def sign_in(self, user: str, password: str) -> None:
        """Let it remember the password, as if the therapist had ticked that, and show the inbox."""
        kept = self._control.run("WebDriver:ExecuteAsyncScript", script=_REMEMBER, args=[user, password])
        assert kept["value"] == "kept"
        self._until(lambda: self._ask(_SHOW_INBOX), "the inbox")

    def row(self, subject: str) -> Area:
        """Where the message with a subject stands in the list, once it does."""

        def find() -> Area | None:
            places = {text: place for text, place in self._ask(_ROWS) if place[3]}
            return Area(*places[subject]) if subject in places else None

        return self._until(find, "the message in the list")

    def open(self, subject: str, text: str) -> None:
        """Click on a message and wait until its text is shown."""
        x, y = self.row(subject).middle
        steps = [
            {"type": "pointerMove", "duration": 0, "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}
        self._control.run("WebDriver:PerformActions", actions=[mouse])
        self._until(lambda: text in self._ask(_SHOWN), "the message's text")

    def questions(self) -> int:
        """How many bars above the message ask something: "has asked to be notified when you read this message"."""
        return int(self._ask(_QUESTIONS))

    def picture(self) -> Picture:
        """What the screen shows now."""
        return Picture.of(self._screen.read_bytes())

    def _ask(self, script: str) -> Any:
        return self._control.run("WebDriver:ExecuteScript", script=_PANE + script, args=[])["value"]

    def _until(self, holds: Callable[[], Any], what: str) -> Any:
        return _until(holds, f"{what} in Thunderbird")


def _until(holds: Callable[[], Any], what: str) -> Any:
    for _ in range(PATIENCE * 10):
        if found := holds():
            return found
        threading.Event().wait(0.1)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


@contextmanager
def thunderbird(folder: Path, imap_port: int, user: str) -> Iterator[Thunderbird]:
    """Start one with an account on a loopback IMAP server without TLS; end it at the end.

    `folder` is for its home, profile and log; nothing outside is read or written.
    """
    for name in ("home", "profile", "screen"):
        (folder / name).mkdir(parents=True)
    (folder / "profile" / "user.js").write_text(_preferences(imap_port, user))
    with _screen(folder / "screen") as (display, buffer), (folder / "log").open("wb") as log:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "DISPLAY": display,
            "LANG": "C.UTF-8",
            "MOZ_CRASHREPORTER_DISABLE": "1",
        }
        options = ("--marionette", "--remote-allow-system-access", "--no-remote", "--profile", folder / "profile")
        process = subprocess.Popen([program("thunderbird"), *options], env=environment, stdout=log, stderr=log)
        try:
            control = _take_control(process, folder)
            try:
                yield Thunderbird(control, buffer)
            finally:
                control.close()
        finally:
            _end(process)


def _take_control(process: subprocess.Popen[bytes], folder: Path) -> Marionette:
    written = folder / "profile" / "MarionetteActivePort"

    def port() -> str:
        assert process.poll() is None, (folder / "log").read_text()
        return written.read_text() if written.exists() else ""

    control = Marionette(int(_until(port, "Thunderbird's start")))
    control.run("WebDriver:NewSession", capabilities={})
    control.run("WebDriver:SetTimeouts", script=PATIENCE * 1000)
    control.run("Marionette:SetContext", value="chrome")
    control.run("WebDriver:SetWindowRect", x=0, y=0, width=WIDTH, height=HEIGHT)
    return control


@contextmanager
def _screen(folder: Path) -> Iterator[tuple[str, Path]]:
    """An X server on a free display, and the file that its pixels are in."""
    told, tell = os.pipe()
    options = ("-displayfd", str(tell), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder))
    process = subprocess.Popen(
        [program("Xvfb"), *options, "-nolisten", "tcp"], pass_fds=[tell], stderr=subprocess.DEVNULL
    )
    os.close(tell)
    try:
        with os.fdopen(told) as pipe:
            display = pipe.readline().strip()
        assert display, "Xvfb did not start"
        yield f":{display}", folder / "Xvfb_screen0"
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _preferences(imap_port: int, user: str) -> str:
    return "".join(
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in {**_account(imap_port, user), **_QUIET}.items()
    )


def _account(imap_port: int, user: str) -> Mapping[str, str | int | bool]:
    server, identity = "mail.server.server1", "mail.identity.id1"
    return {
        "mail.accountmanager.accounts": "account1",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.account.account1.server": "server1",
        "mail.account.account1.identities": "id1",
        "mail.account.lastKey": 1,
        f"{identity}.fullName": "Ana",
        f"{identity}.useremail": user,
        f"{identity}.valid": True,
        f"{server}.type": "imap",
        f"{server}.hostname": "127.0.0.1",
        f"{server}.port": imap_port,
        f"{server}.userName": user,
        f"{server}.name": user,
        f"{server}.socketType": 0,
        f"{server}.authMethod": 3,
        # The password is told after the start; before, it would be asked for.
        f"{server}.login_at_startup": False,
        f"{server}.check_new_mail": False,
    }


_QUIET: Mapping[str, str | int | bool] = {
    "marionette.port": 0,  # a free one, written to MarionetteActivePort
    "mailnews.start_page.enabled": False,
    "mail.rights.version": 1,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mail.biff.show_alert": False,
    "app.donation.eoy.version.viewed": 999,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "toolkit.telemetry.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "ui.prefersReducedMotion": 1,
}
