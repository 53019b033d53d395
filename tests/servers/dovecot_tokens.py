"""A Dovecot that people sign in to with tokens, too: it asks a token server whose each is (RFC 7662)."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.servers.dovecot import Dovecot, dovecot
from tests.servers.places import free_port, server_folder

_MORE = string.Template("""
auth_mechanisms = plain $mechanisms
auth_failure_delay = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $folder/oauth2.conf
}
# Else who is refused waits longer each time, and so does the next test.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $port
  }
}
""")
_INTROSPECTION = string.Template("""\
introspection_mode = post
introspection_url = $url
active_attribute = active
active_value = true
username_attribute = username
""")


@dataclass(frozen=True)
class TokenDovecot:
    """A running server, and where a Postfix asks it who signs in."""

    server: Dovecot
    auth_port: int


@contextmanager
def token_dovecot(
    users: Mapping[str, str], introspection: str, mechanisms: str = "xoauth2 oauthbearer"
) -> Iterator[TokenDovecot]:
    """Start a Dovecot with TLS for `users`, who have passwords for other mail programs."""
    with server_folder("tokens") as folder:
        (folder / "oauth2.conf").write_text(_INTROSPECTION.substitute(url=introspection))
        port = free_port()
        more = _MORE.substitute(mechanisms=mechanisms, folder=folder, port=port)
        with dovecot(users, tls=True, more=more) as server:
            yield TokenDovecot(server, port)
