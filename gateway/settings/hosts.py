"""Which hosts of a URL or a `listen` lie on this very machine, where nobody listens on the wire."""

from __future__ import annotations

import ipaddress


def on_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
