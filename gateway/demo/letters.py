"""The invented practice and its post: an ordinary config folder, and six messages with what the therapist does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gateway.core.policy.client import Client

#: The practice's own address, to which every letter goes.
ANA = "ana@hopestreet.example"
GATEWAY = """\
practice:
  name: Hope Street Practice
  timezone: Australia/Sydney
  language: en
  phone: "02 5550 1234"
  crisis_line: Lifeline 13 11 14
  region: AU-NSW
smtp: {{listen: ["127.0.0.1:0"], hostname: gateway.hopestreet.example}}
store: {{url: "sqlite:///{folder}/handrail.db"}}
smarthost: {{url: "maildir:{folder}/outgoing"}}
web: {{listen: "127.0.0.1:0"}}
logs: {{level: warning}}
mailboxes:
  ana:
    address: ana@hopestreet.example
    deliver: "maildir:{folder}/mailbox"
    watch: "maildir:{folder}/mailbox"
    policy: hope-street
"""
POLICY = """\
summary: I read mail each morning and answer then. Write whenever you need to.
hours: {reading: "07:00-09:00", days: mon-sun}
answer: {promise: next-reading-time}
acknowledge: {when: always}
receipt: {send: on-request, grace: 1s}
allowance: {messages: 5, per: week, warn_at: 0.6}
urgency: {alert: urgent}
billing: {counts: read+answer, exempt: [scheduling]}
"""
CARLA = Client(address="carla@client.example", name="Carla Reyes", urgent_word="bluebird")
TOM = Client(address="tom@client.example", name="Tom Okafor")
MIA = Client(address="mia@client.example", name="Mia Lindqvist")


@dataclass(frozen=True)
class Letter:
    """One invented message, and what the therapist does with it."""

    title: str
    client: Client
    subject: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    reverse_path: str | None = None
    opened: bool = False
    answer: str = ""
    acked: bool = True
    alerted: bool = False
    receipt: bool = False


LETTERS = (
    Letter(
        "A routine message",
        CARLA,
        "This week",
        "Dear Ana,\n\nsince Tuesday I have been sleeping better. I tried the breathing before the meeting, and my hands"
        " stayed still for most of it. I noticed that I was waiting for somebody to say that I had done it wrong, and"
        " nobody did. I would like to talk about that on Thursday.\n\nCarla\n\n-- \nSent from my phone\n",
        opened=True,
        answer="Dear Carla,\n\nthank you for telling me. Keep that moment for Thursday: what it was like when nobody"
        " said it. Until then,\n\nAna\n",
    ),
    Letter(
        "A message about an appointment",
        TOM,
        "Thursday",
        "Hi Ana, can we move Thursday's appointment to 3 pm? Tom\n",
        opened=True,
    ),
    Letter(
        "The agreed urgent word",
        CARLA,
        "bluebird",
        "Bluebird. My mother was taken to hospital this afternoon and I don't know how to get through the night.\n",
        alerted=True,
    ),
    Letter(
        "A crisis",
        MIA,
        "(no subject)",
        "I can't do this any more. I want to end my life and I don't know whom else to tell.\n",
        alerted=True,
    ),
    Letter(
        "A message that asks for a receipt",
        TOM,
        "The letter for my employer",
        "Hello Ana, here is the wording that my employer asks for. Is that all right with you?\n\nTom\n",
        fields={"Disposition-Notification-To": "Tom Okafor <tom@client.example>"},
        opened=True,
        receipt=True,
    ),
    Letter(
        "An out-of-office note",
        TOM,
        "Out of office: The letter for my employer",
        "I am away until Monday.\n",
        fields={"Auto-Submitted": "auto-replied"},
        reverse_path="",
        acked=False,
    ),
)


def write_config(folder: Path) -> Path:
    """An ordinary config folder for Hope Street Practice, below `folder`."""
    config = folder / "config"
    (config / "policies").mkdir(parents=True, exist_ok=True)
    (config / "gateway.yaml").write_text(GATEWAY.format(folder=folder), encoding="utf-8")
    (config / "policies" / "hope-street.yaml").write_text(POLICY, encoding="utf-8")
    return config
