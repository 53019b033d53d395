"""The flow on a real SQLite store, with a downstream and a mailbox that are plain values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.alerts import LogAlerts
from gateway.clock import ManualClock
from gateway.core.decide.tokens import Signer
from gateway.core.events import Ref
from gateway.core.message.facts import Envelope
from gateway.core.policy.schema import Policy
from gateway.core.replies import Reply, accepted
from gateway.core.routing import Route
from gateway.core.tracking import Copy
from gateway.flow.arrival import Arrival
from gateway.flow.commands import Commands
from gateway.flow.in_force import InForce
from gateway.flow.in_hand import InHand
from gateway.flow.observation import Observation
from gateway.metrics import Metrics
from gateway.ports import Sighting
from gateway.settings.schema import Settings
from gateway.store import Sealer, Store, open_store

NOW = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)
ANA = "ana@hopestreet.example"
CARLA = "carla@client.example"
ROUTE = Route(ANA, "ana", "mornings")
ENVELOPE = Envelope(CARLA, (ANA,))
SIGNER = Signer(bytes(32))


@dataclass
class Downstream:
    """Takes what it is given, or says what it is told to; `gate` holds it until set."""

    reply: Reply = field(default_factory=lambda: accepted("Saved"))
    taken: list[bytes] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def relay(self, envelope: Envelope, content: bytes) -> Reply:
        await self.gate.wait()
        self.taken.append(content)
        return self.reply


@dataclass
class Flow:
    """Both shells over one store."""

    clock: ManualClock
    store: Store
    downstream: Downstream
    alerts: LogAlerts
    arrival: Arrival
    observation: Observation

    async def arrive(self, content: bytes, envelope: Envelope = ENVELOPE) -> Reply:
        return await self.arrival(ROUTE, envelope, content)

    async def effects(self) -> list[str]:
        """What the outbox holds, by kind."""
        return [pending.kind for pending in await self.store.pending()]

    async def ref(self, message_id: str) -> Ref:
        (found,) = await self.store.find("ana", [message_id])
        return found


def settings(
    folder: Path, policy: dict[str, object] | None = None, *, watched: bool = False, **mailbox: str
) -> Settings:
    """Hope Street Practice, with one policy; `mailbox` are further keys of its mailbox."""
    ana = {"address": ANA, "deliver": f"maildir:{folder}/mail", "policy": "mornings", **mailbox}
    ana |= {"watch": f"maildir:{folder}/mail"} if watched else {}
    values = {
        "folder": folder,
        "gateway": {
            "practice": {"name": "Hope Street Practice", "timezone": "Europe/Berlin"},
            "smarthost": {"url": f"maildir:{folder}/outgoing"},
            "mailboxes": {"ana": ana},
        },
        "routes": [{"to": ANA, "mailbox": "ana"}],
        "policies": {"mornings": Policy.model_validate(policy or {})},
    }
    return Settings.model_validate(values)


@asynccontextmanager
async def flowing(
    folder: Path, policy: dict[str, object] | None = None, *, watched: bool = False, **mailbox: str
) -> AsyncIterator[Flow]:
    """A flow whose downstream takes mail."""
    clock, downstream, metrics = ManualClock(NOW), Downstream(), Metrics()
    downstream.gate.set()
    alerts = LogAlerts(clock, metrics)
    known = settings(folder, policy, watched=watched, **mailbox)
    in_force, in_hand = InForce(known, (ROUTE,), signer=SIGNER), InHand()
    url = f"sqlite:///{folder}/handrail.db"
    async with open_store(url, sealer=Sealer([bytes(32)]), host="hopestreet.example") as store:
        await store.migrate()
        commands = Commands(store, store, store, in_force)
        arrival = Arrival(clock, store, store, store, {"ana": downstream}, in_force, in_hand, alerts, metrics, commands)
        observation = Observation(clock, store, store, store, store, in_force, in_hand, alerts, commands=commands)
        yield Flow(clock, store, downstream, alerts, arrival, observation)


def letter(name: str = "one", text: str = "Since Tuesday I sleep better.", **fields: str) -> bytes:
    """A client's message; header fields by name, with `_` for `-`."""
    head = {
        "From": f"Carla <{CARLA}>",
        "To": ANA,
        "Subject": "This week",
        "Date": "Mon, 23 Nov 2026 21:09:00 +0100",
        "Message-ID": f"<{name}@client.example>",
        **{key.replace("_", "-"): value for key, value in fields.items()},
    }
    return ("\r\n".join([*(f"{key}: {value}" for key, value in head.items()), "", text]) + "\r\n").encode()


def sighting(content: bytes, flags: frozenset[str] = frozenset(), uid: str = "1", at: datetime = NOW) -> Sighting:
    """What a watch tells of a message in a folder."""
    return Sighting(Copy("INBOX", uid, flags), content, at)
