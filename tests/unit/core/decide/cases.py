"""A message and a setting to vary, for tables of decisions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.decide.decision import Setting, TagNames
from gateway.core.events import Level
from gateway.core.history import History
from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.read import read
from gateway.core.policy.calendar import Calendar
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.core.urgency.assess import Matcher
from gateway.core.urgency.lexicon import Lexicon

#: Monday, 21:10 in Berlin.
NOW = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)


def _lexicon(name: str, level: Level, *phrases: str) -> Lexicon:
    return Lexicon(name=name, language="en", level=level, source="ours", licence="ours", phrases=phrases)


LEXICONS = (_lexicon("en/crisis", Level.CRISIS, "end my life"), _lexicon("en/urgent", Level.URGENT, "urgent"))
CARLA = Client(address="carla@client.example", name="Carla", urgent_word="bluebird")
QUIET_HISTORY = History(known=True)


def content(text: str = "Since Tuesday I have been sleeping better.", fields: Mapping[str, str] | None = None) -> bytes:
    """A plain message from Carla to Ana."""
    head = {
        "From": "Carla <carla@client.example>",
        "To": "ana@hopestreet.example",
        "Subject": "This week",
        "Date": "Mon, 23 Nov 2026 21:09:00 +0100",
        "Message-ID": "<one@client.example>",
        "Content-Type": "text/plain; charset=utf-8",
        **(fields or {}),
    }
    lines = [f"{name}: {value}" for name, value in head.items() if value]
    return ("\r\n".join([*lines, "", text]) + "\r\n").encode()


def facts(
    text: str = "Since Tuesday I have been sleeping better.",
    reverse_path: str = "carla@client.example",
    **fields: str,
) -> Facts:
    """What is read from Carla's message; header fields by name, with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return read(content(text, named), Envelope(reverse_path, ("ana@hopestreet.example",)))


def setting(policy: Mapping[str, Any] | None = None, client: Client | None = CARLA, **changes: Any) -> Setting:
    """Ana's mailbox in Berlin."""
    base = Setting(
        mailbox="ana",
        address="ana@hopestreet.example",
        own=frozenset({"ana@hopestreet.example"}),
        policy_name="test",
        policy=Policy.model_validate(policy or {}),
        calendar=Calendar(ZoneInfo("Europe/Berlin")),
        language="en",
        alert_to="ana@hopestreet.example",
        authserv="",
        tags=TagNames(urgent="$label1"),
        matcher=Matcher(LEXICONS),
        client=client,
    )
    return replace(base, **changes)
