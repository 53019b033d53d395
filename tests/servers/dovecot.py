"""A real Dovecot on loopback: IMAP out, LMTP in, users of a test's choosing; and a second mail program to look with."""

from __future__ import annotations

import contextlib
import grp
import imaplib
import os
import pwd
import re
import shutil
import signal
import socket
import string
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from tests.servers.places import free_port, program, server_folder

_CONFIG = string.Template(r"""
base_dir = $root/run
state_dir = $root/state
log_path = $root/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
$tls
disable_plaintext_auth = no
auth_verbose = no
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 0
mail_location = maildir:$root/mail/%u
mail_max_userip_connections = 1000
mailbox_idle_check_interval = 1 secs
auth_username_format = %Lu
passdb {
  driver = passwd-file
  args = scheme=PLAIN $root/users
}
userdb {
  driver = $userdb
}
namespace inbox {
  inbox = yes
  separator = /
$drafts
  mailbox Sent {
    auto = create
    special_use = \Sent
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  service_count = 0
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = $lmtp
  }
}
protocol lmtp {
  auth_username_format = %Lu
}
$more
""")

#: Limits for many mailboxes and connections (Dovecot's own are 1024 processes, 10 connections a user and address).
MANY = """
default_client_limit = 8000
default_vsz_limit = 1 G
service imap {
  process_limit = 6000
}
service lmtp {
  process_limit = 100
}
# Mail processes under other users than Dovecot's own report there.
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server."""

    root: Path
    config: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int
    users: Mapping[str, str]
    #: PEM file of the authority behind its certificate; None without TLS.
    authority: Path | None

    def open(self, user: str, folder: str = "INBOX") -> MailProgram:
        """A mail program signed in as a user."""
        return MailProgram(self.imap_port, user, self.users[user], folder)

    def kill_imap(self) -> int:
        """Kill every imap process, as a crash would; how many there were."""
        killed = 0
        for pid in self._children("imap"):
            os.kill(pid, signal.SIGKILL)
            killed += 1
        return killed

    def _children(self, name: str) -> Iterator[int]:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, _, rest = stat.read_text().partition(" (")
                command = rest.rpartition(")")[0]
                session = int(rest.rpartition(")")[2].split()[3])
            except OSError:
                continue
            if command == name and session == self._session:
                yield int(pid)

    @property
    def _session(self) -> int:
        return int((self.root / "run" / "master.pid").read_text())

    def admin(self, *arguments: str) -> str:
        """Run doveadm and return what it says."""
        command = [program("doveadm"), "-c", str(self.config), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def deliver(self, user: str, content: bytes) -> None:
        """Put a message into the inbox over LMTP, as a downstream hop does."""
        with socket.create_connection(("127.0.0.1", self.lmtp_port), 10) as peer, peer.makefile("rwb") as stream:
            for line in (None, b"LHLO test.example", b"MAIL FROM:<>", b"RCPT TO:<" + user.encode() + b">", b"DATA"):
                _say(stream, line)
            stuffed = re.sub(rb"(?m)^\.", b"..", content)
            _say(stream, stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".")
            _say(stream, b"QUIT")


def _say(stream: object, line: bytes | None) -> None:
    if line is not None:
        stream.write(line + b"\r\n")  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
    while True:
        reply: bytes = stream.readline()  # type: ignore[attr-defined]
        if reply[3:4] != b"-":
            break
    assert reply[:1] in (b"2", b"3"), reply


@contextmanager
def dovecot(
    users: Mapping[str, str],
    *,
    tls: bool = False,
    drafts: str = "Drafts",
    owners: Mapping[str, int] | None = None,
    more: str = "",
) -> Iterator[Dovecot]:
    """Start a Dovecot for `users` (name to password; a name may be an address); kill it at the end.

    `drafts` is the folder that is marked as \\Drafts; empty: there is none. `owners` are the uids that own the users'
    mail, where it is not Dovecot's own user: only root can have it so. `more` are further settings.
    """
    with server_folder("dovecot") as root:
        server = _configure(root, users, tls=tls, drafts=drafts, owners=owners or {}, more=more)
        process = subprocess.Popen([program("dovecot"), "-F", "-c", str(server.config)], start_new_session=True)
        try:
            for port in (server.imap_port, server.lmtp_port, *((server.imaps_port,) if tls else ())):
                _await_port(process, port, root)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):  # one that ended by itself was told of already
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _configure(
    root: Path, users: Mapping[str, str], *, tls: bool, drafts: str, owners: Mapping[str, int], more: str
) -> Dovecot:
    user = "dovecot" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    (root / "mail").mkdir()
    if os.getuid() == 0:
        shutil.chown(root / "mail", user, group)
    userdb = f"static\n  args = uid={user} gid={group} home={root}/mail/%u"
    if owners:
        (root / "mail").chmod(0o1777)
        userdb = f"passwd-file\n  args = {root}/users\n  default_fields = gid={group}"
    lines = (f"{name}:{{PLAIN}}{word}:{owners.get(name, '')}:::{root}/mail/{name}" for name, word in users.items())
    (root / "users").write_text("".join(f"{line}\n" for line in lines))
    ports = {"imap": free_port(), "imaps": free_port() if tls else 0, "lmtp": free_port()}
    authority = _certify(root) if tls else None
    secured = f"ssl = yes\nssl_cert = <{root}/cert.pem\nssl_key = <{root}/key.pem" if tls else "ssl = no"
    config = root / "dovecot.conf"
    marked = f'  mailbox "{drafts}" {{\n    auto = create\n    special_use = \\Drafts\n  }}' if drafts else ""
    written = {"root": root, "user": user, "group": group, "userdb": userdb, "more": more} | ports
    config.write_text(_CONFIG.substitute(written, tls=secured, drafts=marked))
    return Dovecot(root, config, ports["imap"], ports["imaps"], ports["lmtp"], users, authority)


def _certify(root: Path) -> Path:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(root / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(root / "cert.pem"))
    authority.cert_pem.write_to_path(str(root / "authority.pem"))
    return root / "authority.pem"


def _await_port(process: subprocess.Popen[bytes], port: int, root: Path) -> None:
    """Wait until the server answers; show its log where it does not."""
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                break
            threading.Event().wait(0.01)
        else:
            return
    written = root / "dovecot.log"
    raise RuntimeError(f"Dovecot did not start:\n{written.read_text() if written.exists() else '(no log)'}")


class MailProgram:
    """A second mail program: what the therapist uses, over a connection of its own."""

    def __init__(self, port: int, user: str, password: str, folder: str = "INBOX") -> None:
        self._imap = imaplib.IMAP4("127.0.0.1", port, timeout=30)
        self._imap.login(f'"{user}"', password)
        self.select(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._imap.logout()
        except (imaplib.IMAP4.error, OSError):
            self._imap.shutdown()

    def select(self, folder: str) -> None:
        """Change to a folder, named as on the wire."""
        status, data = self._imap.select(f'"{folder}"')
        assert status == "OK", data

    def uids(self) -> list[str]:
        """Every message, oldest first."""
        return [uid.decode() for uid in self._uid("SEARCH", "ALL")[0].split()]

    def find(self, message_id: str) -> str | None:
        """The uid of a message."""
        return self._search("Message-ID", message_id)

    def find_answer(self, message_id: str) -> str | None:
        """The uid of a message that answers another one."""
        return self._search("In-Reply-To", message_id)

    def open(self, message_id: str) -> None:
        """Read it: `\\Seen` is set."""
        self.mark(message_id, "\\Seen")

    def unread(self, message_id: str) -> None:
        """Mark it as unread."""
        self._store(message_id, "-FLAGS.SILENT", "\\Seen")

    def mark(self, message_id: str, *flags: str) -> None:
        """Set flags or keywords."""
        self._store(message_id, "+FLAGS.SILENT", *flags)

    def mark_all(self, *flags: str) -> None:
        """Set flags on every message at once."""
        self._imap.noop()  # or it would know nothing of the newest
        self._uid("STORE", "1:*", "+FLAGS.SILENT", f"({' '.join(flags)})")

    def flags(self, message_id: str) -> frozenset[str]:
        """The flags and keywords that a message has; none for one that is not there."""
        uid = self.find(message_id)
        return frozenset() if uid is None else self.flags_of(uid)

    def flags_of(self, uid: str) -> frozenset[str]:
        """The flags and keywords of the message with a uid."""
        # What the server says unasked, of what another program did, stands among the answers (RFC 9051 7.5.2).
        lines = [one for one in self._uid("FETCH", uid, "(FLAGS)") if isinstance(one, bytes)]
        line = next(one for one in reversed(lines) if f"UID {uid}".encode() in one)
        return frozenset(flag.decode() for flag in imaplib.ParseFlags(line)) - {"\\Recent"}

    def content(self, uid: str) -> bytes:
        """A message, unread as before."""
        data = self._uid("FETCH", uid, "(BODY.PEEK[])")
        return next(bytes(one[1]) for one in data if isinstance(one, tuple))

    def append(self, folder: str, content: bytes, flags: Iterable[str] = (), at: datetime | None = None) -> None:
        """Put a message into a folder, as mail programs do with what they send; `at` is its INTERNALDATE."""
        when = imaplib.Time2Internaldate(at) if at else ""
        status, data = self._imap.append(f'"{folder}"', f"({' '.join(flags)})", when, content)
        assert status == "OK", data

    def create(self, folder: str) -> None:
        """Make a folder, named as on the wire."""
        status, data = self._imap.create(f'"{folder}"')
        assert status == "OK", data

    def remove_folder(self, folder: str) -> None:
        """Delete a folder with all that is in it."""
        status, data = self._imap.delete(f'"{folder}"')
        assert status == "OK", data

    def rename(self, folder: str, name: str) -> None:
        """Give a folder another name."""
        status, data = self._imap.rename(f'"{folder}"', f'"{name}"')
        assert status == "OK", data

    def copy(self, message_id: str, folder: str) -> None:
        """Put another copy into a folder."""
        self._uid("COPY", self._there(message_id), f'"{folder}"')

    def move(self, message_id: str, folder: str) -> None:
        """Move it into a folder (RFC 6851)."""
        self._uid("MOVE", self._there(message_id), f'"{folder}"')

    def _there(self, message_id: str) -> str:
        uid = self.find(message_id)
        assert uid is not None, "the message is not in this folder"
        return uid

    def delete(self, message_id: str) -> None:
        """Delete it for good."""
        self.mark(message_id, "\\Deleted")
        self._imap.expunge()

    def _search(self, field: str, value: str) -> str | None:
        self._imap.noop()
        uids = self._uid("SEARCH", "HEADER", field, f'"{value}"')[0].split()
        return uids[-1].decode() if uids else None

    def _store(self, message_id: str, how: str, *flags: str) -> None:
        self._uid("STORE", self._there(message_id), how, f"({' '.join(flags)})")

    def _uid(self, command: str, *arguments: str) -> list[bytes]:
        status, data = self._imap.uid(command, *arguments)
        assert status == "OK", data
        return [one for one in data if one is not None]
