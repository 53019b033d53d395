"""The practice of a story as settings, the same for both stages: only where mail goes and comes from differs."""

from __future__ import annotations

from functools import cache
from typing import Any

from ruamel.yaml import YAML

from gateway import shipped
from gateway.core.policy.schema import Policy
from gateway.settings.documents import Document, read
from gateway.settings.extending import Extending
from gateway.settings.load import load, own_addresses
from gateway.settings.schema import Gateway, Settings
from tests.stories.stage import PHONE, PRACTICE, Cast

MAILBOX, URGENT, SCHEDULING = "ana", "$label1", "$label5"


def gateway_of(cast: Cast, **places: Any) -> dict[str, Any]:
    """`gateway.yaml` as values. `places` are keys of its mailbox, and `smarthost` beside them."""
    story = cast.story
    mailbox = {
        "address": cast.therapist,
        "control": cast.control,
        "policy": story.policy,
        "tags": {"urgent": URGENT, "categories": {"scheduling": SCHEDULING}},
        "absences": [
            {"from": f"{away.first}", "until": f"{away.last}", "cover": away.cover.lower()} for away in story.absences
        ],
    }
    smarthost = places.pop("smarthost")
    return {
        "practice": {
            "name": PRACTICE,
            "timezone": story.zone.key,
            "region": story.region,
            "language": story.language,
            "phone": PHONE,
        },
        "smarthost": smarthost,
        "covers": {
            cover.name.lower(): {"name": cover.name, "address": cast.address(cover.name), "phone": cover.phone}
            for cover in story.covers
        },
        "mailboxes": {MAILBOX: {**mailbox, **places}},
    }


def settings_of(cast: Cast) -> Settings:
    """The settings without reading the shipped files anew."""
    places = {"deliver": "maildir:ana", "watch": "maildir:ana", "smarthost": {"url": "maildir:sent"}}
    gateway = Gateway.model_validate(gateway_of(cast, **places))
    policies = {**_shipped().policies, cast.story.policy: policy_with(cast.story.policy, cast.story.changes)}
    return _shipped().model_copy(update={"gateway": gateway, "routes": own_addresses(gateway), "policies": policies})


def policy_with(preset: str, changes: str) -> Policy:
    """A preset with changes as a file that extends it would say them."""
    own = {"extends": preset, **(YAML(typ="safe", pure=True).load(changes) or {})}
    whole, faults = Extending({preset: Document(f"{preset}.yaml", own)}, _documents()).whole(preset)
    assert not faults, faults
    return Policy.model_validate(whole.data)


@cache
def _shipped() -> Settings:
    return load(shipped.folder("config"))


@cache
def _documents() -> dict[str, Document]:
    files = (shipped.folder("config") / "policies").glob("*.yaml")
    return {path.stem: read(path, path.name) for path in files}
