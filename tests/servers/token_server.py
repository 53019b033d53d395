"""A provider's sign-in server on loopback: codes, device codes, tokens that expire, are replaced and taken away.

Over TLS it is what a gateway signs in at (RFC 6749, 7009, 7636, 8628); in clear text it says whose a token is
(RFC 7662), which is what a mail server asks. Time does not pass here: a test says when a token has run out.
"""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import trustme

CLIENT_ID = "handrail-of-hope-street"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

Said = tuple[int, Any]


@dataclass
class TokenServer:
    """The running server; what it does is changed while it runs. Tokens have `zilpzalp` in them, to be found by."""

    folder: Path
    port: int = 0
    plain_port: int = 0
    #: Empty: a public client.
    secret: str = ""
    #: Seconds, as it says of new tokens; None says nothing.
    lifetime: int | None = 3600
    #: Whether each renewal replaces the refresh token, and the old one is good no more.
    replaces: bool = False
    #: Whether a sign-in lasts.
    gives_refresh: bool = True
    #: Answers that the token endpoint gives before it is itself again.
    faults: list[Said] = field(default_factory=list)
    #: What each form said that the token endpoint took, in order.
    forms: list[dict[str, str]] = field(default_factory=list)
    access: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    #: Device codes, and what the person decided: a user, `denied`, or nothing yet.
    devices: dict[str, str] = field(default_factory=dict)
    #: Codes to user, challenge and redirect.
    codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    #: Whom the browser's person says they are; empty says no.
    person: str = "ana"
    revoked: list[str] = field(default_factory=list)
    #: While it is set, nobody gets an answer.
    hangs: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    asked_about: list[str] = field(default_factory=list)

    @property
    def authority(self) -> Path:
        """PEM file of the authority behind its certificate."""
        return self.folder / "token-authority.pem"

    @property
    def introspection(self) -> str:
        """Where a mail server asks whose a token is."""
        return f"http://127.0.0.1:{self.plain_port}/introspect"

    def oauth2(self, **changes: Any) -> dict[str, Any]:
        """What the settings say of it."""
        at = f"https://localhost:{self.port}"
        places = {name: f"{at}/{name}" for name in ("authorize", "token", "device", "revoke")}
        return {"client_id": CLIENT_ID, "scopes": ["mail"], **places, **changes}

    def renewals(self) -> int:
        """How often somebody asked for a fresh access token."""
        return sum(form["grant_type"] == "refresh_token" for form in self.forms)

    def give(self, user: str) -> dict[str, Any]:
        """New tokens, as an answer has them."""
        access, refresh = (f"{kind}-zilpzalp-{secrets.token_hex(12)}" for kind in ("access", "refresh"))
        self.access[access] = user
        given: dict[str, Any] = {"access_token": access, "token_type": "Bearer"}
        if self.lifetime is not None:
            given["expires_in"] = self.lifetime
        if self.gives_refresh:
            self.refresh[refresh] = user
            given["refresh_token"] = refresh
        return given

    def expire(self) -> None:
        """Every access token has run out."""
        self.access.clear()

    def take_away(self) -> None:
        """Somebody took the permission back: nothing is good any more."""
        self.access.clear()
        self.refresh.clear()

    def decide(self, user: str) -> None:
        """The person with the device code signs in as a user, or says `denied`."""
        self.devices = dict.fromkeys(self.devices, user)

    # Endpoints.

    def on_token(self, form: dict[str, str]) -> Said:
        self.forms.append(form)
        if self.faults:
            return self.faults.pop(0)
        if form.get("client_id") != CLIENT_ID or form.get("client_secret", "") != self.secret:
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000222: ana's secret has expired"}
        grant = {"refresh_token": self._renew, "authorization_code": self._trade, _DEVICE: self._poll}
        return grant[form["grant_type"]](form)

    def _renew(self, form: dict[str, str]) -> Said:
        user = self.refresh.get(form["refresh_token"])
        if user is None:
            return 400, {"error": "invalid_grant", "error_description": "AADSTS70043: ana@hopestreet.example: over"}
        given = self.give(user)
        if self.replaces:
            del self.refresh[form["refresh_token"]]
        else:
            del self.refresh[given.pop("refresh_token")]
        return 200, given

    def _trade(self, form: dict[str, str]) -> Said:
        user, challenge, redirect = self.codes.pop(form["code"], ("", "", ""))
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        met = urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if not user or not met or form.get("redirect_uri") != redirect:
            return 400, {"error": "invalid_grant"}
        return 200, self.give(user)

    def _poll(self, form: dict[str, str]) -> Said:
        decided = self.devices.get(form["device_code"])
        if decided:
            return (400, {"error": "access_denied"}) if decided == "denied" else (200, self.give(decided))
        return 400, {"error": "authorization_pending" if decided == "" else "expired_token"}

    def on_device(self, _: dict[str, str]) -> Said:
        code = secrets.token_hex(8)
        self.devices[code] = ""
        url = f"https://localhost:{self.port}/code"
        return 200, {
            "device_code": code, "user_code": "WDJB-MJHT", "verification_uri": url, "expires_in": 60, "interval": 1,
        }  # fmt: skip

    def on_revoke(self, form: dict[str, str]) -> Said:
        self.revoked.append(form["token"])
        self.refresh.pop(form["token"], None)
        return 200, {}

    def on_introspect(self, form: dict[str, str]) -> Said:
        self.asked_about.append(form["token"])
        user = self.access.get(form["token"])
        return 200, {"active": user is not None, **({"username": user} if user else {})}

    def on_authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent on to: the person decides at once."""
        if not self.person:
            return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_hex(8)
        self.codes[code] = (self.person, asked["code_challenge"], asked["redirect_uri"])
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"


def _handler(server: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path != "/authorize":
                self.send_error(404)
                return
            self.send_response(302)
            self.send_header("Location", server.on_authorize(_plain(parts.query)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = _plain(self.rfile.read(length).decode())
            if server.hangs.is_set():
                server.ended.wait(30)
                return
            status, said = getattr(server, f"on_{self.path.strip('/')}")(form)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            """Keep still."""

    return Handler


def _plain(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


@contextmanager
def token_server(folder: Path) -> Iterator[TokenServer]:
    """Start it; `folder` takes its certificate."""
    server = TokenServer(folder)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(server.authority))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    secured = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    secured.socket = tls.wrap_socket(secured.socket, server_side=True)
    plain = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.port, server.plain_port = secured.server_address[1], plain.server_address[1]
    running = [threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}) for one in (secured, plain)]
    for thread in running:
        thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        for one in (secured, plain):
            one.shutdown()
            one.server_close()
        for thread in running:
            thread.join()
