"""What can go wrong with a mailbox out there.

    Unavailable (gateway.ports)
    └── MailboxFault
        ├── Lost          the network, the server or the protocol failed: try again soon
        ├── Throttled     the server asks us to stay away for a while: do so
        ├── Refused       it does not let us in: try again late and tell the admin, so that no account gets locked
        └── Missing       the folder is not there (yet)

The texts name what failed and the mend, never what the server said: that may name a person.
"""

from __future__ import annotations

from gateway.ports import Unavailable


class MailboxFault(Unavailable):
    """The mailbox cannot be watched now."""


class Lost(MailboxFault):
    """The connection failed."""


class Throttled(MailboxFault):
    """The server asks for a pause."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the mail server asks to be left alone for {seconds:.0f} seconds")
        self.seconds = seconds


class Refused(MailboxFault):
    """The server does not let us in."""


class Missing(MailboxFault):
    """There is no such folder."""
