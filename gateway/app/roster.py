"""The roster for commands that must leave the record alone: read, but never made, changed or brought up to date."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from gateway.app.wiring import open_record
from gateway.core.policy.client import Client
from gateway.credentials import CredentialError
from gateway.ports import Unavailable
from gateway.settings.schema import Settings
from gateway.store import SealError


async def roster_of(settings: Settings, mailbox: str) -> tuple[tuple[Client, ...], str]:
    """Everybody on a mailbox's roster; nobody, and why, where there is no record yet or it can't be read."""
    if why := missing(settings):
        return (), why
    try:
        async with open_record(settings) as record:
            return await record.clients(mailbox), ""
    except (Unavailable, CredentialError) as error:
        return (), str(error)
    except SealError:
        return (), "it was sealed with another key"


def missing(settings: Settings) -> str:
    """What opening the record would make, since it is not there."""
    store = settings.gateway.store
    url = make_url(store.url)
    if url.drivername == "sqlite" and not Path(str(url.database)).is_file():
        return "there is no record yet"
    if store.key.file is not None and not (settings.folder / store.key.file).is_file():
        return "the record's key is missing"
    return ""
