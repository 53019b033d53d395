"""Which folders are watched, and as what."""

import pytest

from gateway.mailbox.plan import Watched, missing, watched
from gateway.mailbox.responses import Listed
from gateway.mailbox.world import Role
from tests.ports.observed import mailbox_settings

URL = "imap://127.0.0.1:1"


def listed(name: str, *marks: str, delimiter: str = "/") -> Listed:
    return Listed(name, frozenset(marks), delimiter)


@pytest.mark.parametrize(
    ("folder", "role"),
    [
        (listed("Sent"), Role.SENT),
        (listed("INBOX.Sent", delimiter="."), Role.SENT),
        (listed("[Gmail]/Gesendet", "\\sent"), Role.SENT),
        (listed("Sent Items"), Role.SENT),
        (listed("Arkiv", "\\archive"), Role.OTHER),
        (listed("Spam", "\\junk"), Role.OTHER),
        (listed("Bin", "\\trash"), Role.OTHER),
        (listed("Clients|Former", delimiter="|"), Role.OTHER),
        (listed("First"), Role.OTHER),
        (listed("unbekannt"), Role.INBOX),
        (listed("All Mail", "\\all"), None),
        (listed("Drafts", "\\drafts"), None),
        (listed("Newsletters"), None),
        (listed("Inbox"), None),
        (listed("Withdrawn"), None),
    ],
)
def test_a_folder_is_watched_by_its_mark_by_the_settings_or_by_a_usual_name(folder: Listed, role: Role | None) -> None:
    settings = mailbox_settings(
        URL, folders=["Clients/Former"], inboxes=["Unbekannt"], tags={"folder": "First"}, withdrawn="Withdrawn"
    )
    found = watched([folder], settings)
    assert found[0] == Watched("INBOX", Role.INBOX)
    assert found[1:] == ((Watched(folder.name, role),) if role else ())


def test_what_the_settings_name_and_the_server_has_not_is_told() -> None:
    settings = mailbox_settings(URL, sent=["Sent", "Answers"], inboxes=["Unbekannt"])
    found = watched([listed("INBOX.Sent", delimiter=".")], settings)
    assert missing(found, settings) == (("Unbekannt", Role.INBOX), ("Answers", Role.SENT))
