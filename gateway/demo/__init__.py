"""The whole house on loopback, with invented people: it tells the story while it runs.

Nothing here is special: the demo writes an ordinary config folder, opens the ordinary house on it, sends mail through
its SMTP port and acts as the therapist's mail program would, on an ordinary Maildir.
"""

from gateway.demo.letters import write_config
from gateway.demo.play import Account, run

__all__ = ["Account", "run", "write_config"]
