"""A real Postfix on loopback: takes mail as a smart host does and delivers it over LMTP.

It has its own configuration, queue, data and log; the machine's own Postfix is neither read nor touched. Postfix's
master wants root: where the tests run as somebody else, it is started and ended by sudo.
"""

from __future__ import annotations

import os
import shutil
import socket
import string
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.places import free_port, server_folder

_MAIN = string.Template("""\
compatibility_level = 3.6
queue_directory = $root/queue
data_directory = $root/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = $root/postfix.log
maillog_file_prefixes = $root
syslog_name = postfix-test
myhostname = smarthost.example
mydomain = smarthost.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
default_transport = error:5.1.2 no such place in this test
transport_maps = inline:{$transports}
relay_domains = $domains
relay_recipient_maps =
lmtp_host_lookup = native
minimal_backoff_time = 1s
maximal_backoff_time = 5s
queue_run_delay = 1s
append_dot_mydomain = no
biff = no
$more
""")

_MASTER = string.Template("""\
127.0.0.1:$port inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
""")


@dataclass(frozen=True)
class Postfix:
    """A running server."""

    root: Path
    smtp_port: int

    @property
    def log(self) -> str:
        """What it has logged so far."""
        written = self.root / "postfix.log"
        return written.read_text() if written.exists() else ""


@contextmanager
def postfix(deliver: Mapping[str, int], settings: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """Start a Postfix that hands mail for each domain to an LMTP port on loopback; end it at the end.

    `settings` are more lines of main.cf. Mail for other domains is bounced.
    """
    with server_folder("postfix") as root:
        server = Postfix(root, free_port())
        _configure(server, deliver, settings or {})
        try:
            _run(server, "start")
            _await_port(server)
            yield server
        finally:
            _end(server)


def _configure(server: Postfix, deliver: Mapping[str, int], settings: Mapping[str, str]) -> None:
    root = server.root
    transports = ", ".join(f"{{{domain} = lmtp:inet:127.0.0.1:{port}}}" for domain, port in deliver.items())
    more = "\n".join(f"{name} = {value}" for name, value in settings.items())
    (root / "etc").mkdir()
    (root / "queue").mkdir()
    (root / "data").mkdir()
    main = _MAIN.substitute(root=root, transports=transports, domains=", ".join(deliver), more=more)
    (root / "etc" / "main.cf").write_text(main)
    (root / "etc" / "master.cf").write_text(_MASTER.substitute(port=server.smtp_port))
    for name in ("dynamicmaps.cf",):
        if (shipped := Path("/etc/postfix", name)).exists():
            shutil.copy(shipped, root / "etc" / name)
    _as_root("chown", "-R", "root", str(root / "etc"), str(root / "queue"))
    _as_root("chown", "postfix", str(root / "data"))


def _run(server: Postfix, command: str) -> None:
    done = _as_root("postfix", "-c", str(server.root / "etc"), command, check=False)
    if done.returncode:
        raise RuntimeError(f"`postfix {command}` failed:\n{done.stdout}{done.stderr}{server.log}")


def _as_root(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if os.getuid() != 0:
        if shutil.which("sudo") is None:
            raise RuntimeError("Postfix's master needs root. Run the tests as root, or install sudo for this user.")
        command = ("sudo", "-n", *command)
    return subprocess.run(command, check=check, capture_output=True, text=True, env={**os.environ, "PATH": path})


def _await_port(server: Postfix) -> None:
    """Wait for the greeting; show the log where none comes."""
    for _ in range(1000):
        try:
            with socket.create_connection(("127.0.0.1", server.smtp_port), 10) as peer:
                if peer.recv(3) == b"220":
                    return
        except OSError:
            threading.Event().wait(0.02)
    raise RuntimeError(f"Postfix did not start:\n{server.log}")


def _end(server: Postfix) -> None:
    """End the master by its pid and wait until it is gone; then take back the queue, which is not ours to remove."""
    written = server.root / "queue" / "pid" / "master.pid"
    pid = _as_root("cat", str(written), check=False).stdout.strip()
    if pid.isdigit():
        _as_root("kill", "-TERM", pid, check=False)
        for _ in range(500):
            if not Path("/proc", pid).exists():
                break
            threading.Event().wait(0.01)
        else:
            _as_root("kill", "-KILL", pid, check=False)
    _as_root("chown", "-R", str(os.getuid()), str(server.root))
