"""Events, effects, clients and policies as JSON and back, with what names a person split off to be sealed.

In go the frozen dataclasses of the core, out come plain values; and the reverse. Knows no key and no table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from gateway.core.effects import Mail
from gateway.core.events import PERSONAL, Event
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy, as_file

#: Fields of events that are stored sealed. Beside what names a person: what confirms a guess at a Message-ID or a
#: content (plain hashes), what tells of a person's distress (reasons name the phrases found), and a downstream's reply,
#: which often repeats the recipient.
SEALED = PERSONAL | {"digest", "thread", "answer", "effect", "reasons", "reply"}
#: These have columns of their own.
_COLUMNS = {"kind", "at"}

_events: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
_mails: TypeAdapter[Mail] = TypeAdapter(Annotated[Mail, Field(discriminator="kind")])


def _blank(event: type[Event]) -> dict[str, Any]:
    """What the sealed fields of an event read as once they are erased."""
    return {field.name: [] if field.name == "reasons" else "" for field in fields(event) if field.name in SEALED}


_BLANK = {field.default: _blank(one) for one in get_args(Event) for field in fields(one) if field.name == "kind"}


@dataclass(frozen=True, slots=True)
class Parts:
    """An event taken apart: JSON of what may lie open, and the JSON of each field that is to be sealed."""

    open: str
    personal: dict[str, str]


def take_apart(event: Event) -> Parts:
    """Split an event; `kind` and `at` are left to the caller's columns."""
    values = _events.dump_python(event, mode="json")
    plain = {name: value for name, value in values.items() if name not in SEALED | _COLUMNS}
    return Parts(_json(plain), {name: _json(value) for name, value in values.items() if name in SEALED})


def put_together(kind: str, at: datetime, parts: Parts) -> Event:
    """The event again. A sealed field that was erased since reads as empty."""
    personal = {name: json.loads(value) for name, value in parts.personal.items()}
    return _events.validate_python(_BLANK[kind] | json.loads(parts.open) | personal | {"kind": kind, "at": at})


def mail_text(effect: Mail) -> str:
    """An effect as JSON text."""
    return _json(_mails.dump_python(effect, mode="json"))


def mail(text: str) -> Mail:
    """The effect again."""
    return _mails.validate_python(json.loads(text))


def client_text(client: Client) -> str:
    """A roster entry as JSON text."""
    return client.model_dump_json()


def client(text: str) -> Client:
    """The roster entry again."""
    return Client.model_validate_json(text)


def policy_text(policy: Policy) -> str:
    """A policy as JSON text, with every default written out: a default that changes later must not change it."""
    return _json(as_file(policy))


def policy(text: str) -> Policy:
    """The policy again."""
    return Policy.model_validate(json.loads(text))


def _json(value: object) -> str:
    # ASCII, so that lone surrogates and NUL of hostile header fields pass through any database.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
