"""Policies that begin with another one: `extends` on the plain values, before anything is typed.

In go documents by policy name, the shipped ones and the practice's own; out come documents that say everything, each
value with the file, line and column where it stands, and a fault for each `extends` that leads nowhere or in a circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.settings.documents import Document, Key
from gateway.settings.errors import Fault
from gateway.settings.mends import suggest

_EXTENDS: Key = ("extends",)


class Extending:
    """Resolves `extends` among the policies of one config folder.

    A practice's own file that extends its own name begins with the shipped policy of that name.
    """

    def __init__(self, own: Mapping[str, Document], shipped: Mapping[str, Document]) -> None:
        self._own = own
        self._shipped = shipped
        self.names = frozenset({*own, *shipped})

    def whole(self, name: str) -> tuple[Document, tuple[Fault, ...]]:
        """A policy's document with all that it begins with, and what is wrong on the way there."""
        chain, faults = self._chain(name)
        whole = chain[-1]
        for document in reversed(chain[:-1]):
            whole = merged(document, whole)
        return whole, faults

    def _chain(self, name: str) -> tuple[list[Document], tuple[Fault, ...]]:
        """The document, what it begins with, and so on; it ends before what is not there or leads back."""
        chain = [self._first(name)]
        gone = [name]
        while (wanted := _extended(chain[-1])) is not None:
            parent = self._parent(chain[-1], gone[-1], wanted)
            if parent is None:
                mend = suggest(wanted, self.names - {gone[-1]}, "policies")
                return chain, (chain[-1].fault(_EXTENDS, f"no policy {wanted!r}", mend),)
            if any(parent is one for one in chain):
                return chain, self._circle(gone, wanted, chain)
            chain.append(parent)
            gone.append(wanted)
        return chain, ()

    def _first(self, name: str) -> Document:
        return self._own.get(name) or self._shipped[name]

    def _parent(self, child: Document, name: str, wanted: str) -> Document | None:
        if wanted == name and child is self._own.get(name):
            return self._shipped.get(name, child)
        return self._own.get(wanted) or self._shipped.get(wanted)

    def _circle(self, gone: list[str], wanted: str, chain: list[Document]) -> tuple[Fault, ...]:
        """Told in the file whose `extends` closes the circle, so that one that only leads into it is not blamed."""
        round_trip = [*gone[gone.index(wanted) :], wanted]
        what = f"{gone[-1]} extends itself" if len(round_trip) == 2 else f"a circle: {' -> '.join(round_trip)}"
        return (chain[-1].fault(_EXTENDS, what, "name another policy, or take `extends` out"),)


def _extended(document: Document) -> str | None:
    """The name that a document extends; None where there is none, or something that is no name."""
    wanted = document.data.get("extends") if isinstance(document.data, dict) else None
    return wanted if isinstance(wanted, str) and wanted else None


def merged(child: Document, parent: Document) -> Document:
    """Mappings key by key, the child's before the parent's; lists and single values as a whole.

    Of two that are no mappings, or of which one could not be read, the child alone is left.
    """
    if not isinstance(child.data, dict) or not isinstance(parent.data, dict):
        return child
    whole = Document(child.file, {}, faults=child.faults)
    _note(whole, child, ())
    whole.data.update(_merge(whole, child, parent, (), child.data, parent.data))
    return whole


def _merge(
    whole: Document, child: Document, parent: Document, at: Key, mine: Mapping[Any, Any], theirs: Mapping[Any, Any]
) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    for name in [*theirs, *(name for name in mine if name not in theirs)]:
        here = (*at, str(name))
        if name not in mine:
            values[name] = theirs[name]
            _note_below(whole, parent, here)
        elif isinstance(mine[name], dict) and isinstance(theirs.get(name), dict):
            _note(whole, child, here)
            values[name] = _merge(whole, child, parent, here, mine[name], theirs[name])
        else:
            values[name] = mine[name]
            _note_below(whole, child, here)
    return values


def _note_below(whole: Document, source: Document, at: Key) -> None:
    for key in _below(source, at):
        _note(whole, source, key)


def _below(source: Document, at: Key) -> Iterator[Key]:
    return (key for key in source.values if key[: len(at)] == at)


def _note(whole: Document, source: Document, key: Key) -> None:
    """Where the value of a key stands."""
    if key in source.values:
        whole.values[key] = source.values[key]
        whole.files[key] = source.files.get(key, source.file)
    if key in source.keys:
        whole.keys[key] = source.keys[key]
