"""Folders of one mailbox that must not be one: where messages are moved to, and where others lie.

Works on the plain values of the documents, as `settings.crosscheck` does; what is left out has the schema's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.settings.documents import Document, Key
from gateway.settings.errors import Fault
from gateway.settings.providers import fill_mailbox
from gateway.settings.schema import Mailbox

_DEFAULT = {name: Mailbox.model_fields[name].default for name in ("inbox", "withdrawn", "sent", "drafts")}


def folders(gateway: Document) -> Iterator[Fault]:
    """Every folder that messages are moved to and that has another use."""
    for name, said in _mapping(gateway.data.get("mailboxes")).items():
        at: Key = ("mailboxes", str(name))
        mailbox = {**_DEFAULT, **fill_mailbox(_mapping(said))}
        own = {_key(one): use for use, some in _uses(mailbox) for one in some}
        yield from _taken(gateway, (*at, "withdrawn"), mailbox["withdrawn"], own, "for example Withdrawn")
        tagged = _mapping(mailbox.get("tags")).get("folder")
        new = {_key(one) for one in (mailbox["inbox"], *_several(mailbox.get("inboxes")))}
        kept = {key: use for key, use in own.items() if key not in new}
        kept |= {_key(mailbox["withdrawn"]): "what was taken back lies there"}
        yield from _taken(gateway, (*at, "tags", "folder"), tagged, kept, "for example Urgent")


def _uses(mailbox: Mapping[str, Any]) -> Iterator[tuple[str, list[object]]]:
    yield "new mail lands there", [mailbox["inbox"], *_several(mailbox.get("inboxes"))]
    yield "your answers lie there", _several(mailbox["sent"])
    yield "drafts lie there", [mailbox["drafts"]]


def _taken(document: Document, at: Key, folder: object, uses: Mapping[str, str], example: str) -> Iterator[Fault]:
    use = uses.get(_key(folder))
    if isinstance(folder, str) and folder and use is not None:
        yield document.fault(at, f"messages would be moved to {folder!r}, and {use}", f"name another, {example}")


def _key(folder: object) -> str:
    """Some servers tell folders without case."""
    return folder.casefold() if isinstance(folder, str) else ""


def _several(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
