"""A message that a watch found in a mailbox, as the decision needs it: its envelope, and whether it is anybody's.

Most of what lies in an inbox came by us and is known. The rest came another way (mailbox-only mode, or while the record
was down), or was put there: our own mail, what the therapist sent to themselves, old mail from another account.
"""

from __future__ import annotations

from datetime import timedelta

from gateway.core import addresses
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.found import recipient_of
from gateway.core.message.read import found_envelope
from gateway.flow.in_force import InForce

#: What came longer ago, and nobody knows of, was moved here from elsewhere: nobody waits for an answer to it, and no
#: time with it is counted. Beyond any outage, and any time that a server goes on trying (RFC 5321 4.5.4.1).
OLDEST_TO_TAKE_UP = timedelta(days=30)


def envelope_of(in_force: InForce, mailbox: str, content: bytes) -> Envelope:
    """The envelope as servers noted it: to the address of this mailbox that it came for, else to the mailbox's own."""
    own = in_force.settings.gateway.mailboxes[mailbox].address
    recipient = recipient_of(content, lambda address: in_force.is_for(mailbox, address))
    return found_envelope(content, recipient or own)


def is_our_own(facts: Facts, own: frozenset[str], control: str) -> bool:
    """Whether it is the practice's own mail: an alert, a digest, what a therapist sent and their provider shows.

    Not what a web form sends in the practice's name, with the person in Reply-To; nor what goes to the address for
    commands: whose that is, the decision finds out.
    """
    if addresses.key(facts.author.address) not in own:
        return False
    somebody = any(addresses.key(one) not in own for one in facts.reply_to)
    return not somebody and not any(addresses.same(one, control) for one in facts.envelope.recipients)
