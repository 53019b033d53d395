"""Which receipts (RFC 8098) a client found in the own mailbox."""

from __future__ import annotations

from email.message import EmailMessage

from tests.e2e.practice import Practice


def receipts_for(practice: Practice, client: str, message_id: str) -> list[EmailMessage]:
    """The reports that tell of one message."""
    reports = [mail for mail in practice.inbox_of(client) if mail.get_content_type() == "multipart/report"]
    return [mail for mail in reports if message_id in mail.as_string()]
