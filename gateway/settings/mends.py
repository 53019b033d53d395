"""What pydantic found wrong, said so that a person can mend it.

In go a document, the model that it was read into and pydantic's errors; out come faults with the place in the file.
A value is quoted only where it can't be a secret.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from gateway.settings.documents import Document, Key
from gateway.settings.errors import Fault
from gateway.settings.sign_in import Secret

_DATE = "must be a date, for example 2026-12-24"
#: pydantic's error type -> what the value must be.
_WANTED = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "path_type": "must be a path",
    "too_short": "must not be empty",
    "time_delta_type": "must be a duration",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
}
#: How alike two words must be for one to be suggested (difflib's ratio).
_CLOSE = 0.6
_MAPPINGS = frozenset({"model_type", "model_attributes_type", "dict_type"})
_CHOICES = frozenset({"enum", "literal_error"})


def faults(document: Document, model: Any, error: ValidationError) -> Iterator[Fault]:
    """Each of pydantic's errors at its place. A key that is missing because it is misspelt is told once."""
    found = [(_key(one), one) for one in error.errors(include_url=False)]
    meant = {_meant(model, key) for key, one in found if one["type"] == "extra_forbidden"}
    for key, one in found:
        if one["type"] != "missing" or key not in meant:
            yield _fault(document, model, key, one["type"], one)


def suggest(word: str, known: Iterable[str], kind: str) -> str:
    """`did you mean policy?` where one is close, else the list of what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=_CLOSE)
    if near:
        return f"did you mean {near[0]}?"
    return f"{kind}: {', '.join(names)}" if names else ""


def _key(found: Any) -> Key:
    return tuple(part for part in found["loc"] if part != "[key]")


def _meant(model: Any, key: Key) -> Key:
    """The key that an unknown one was probably meant to be."""
    near = difflib.get_close_matches(str(key[-1]), _names(_type_at(model, key[:-1])), n=1, cutoff=_CLOSE)
    return (*key[:-1], *near)


def _fault(document: Document, model: Any, key: Key, kind: str, found: Any) -> Fault:
    if kind == "extra_forbidden":
        names = _names(_type_at(model, key[:-1]))
        return document.fault(key, "unknown key", suggest(str(key[-1]), names, "known keys"), at_key=True)
    if kind == "missing":
        return document.fault(key, "missing", _how_to_add(model, key))
    written = document.nearest(key)
    if kind in _MAPPINGS:
        return document.fault(written, "must have keys of its own", _keys_of(_type_at(model, key)))
    if kind in _CHOICES:
        return _choice(document, written, found)
    if kind == "value_error":
        what, _, mend = str(found["ctx"]["error"]).partition("; ")
        return document.fault(written, what, mend)
    if kind == "string_type" and isinstance(found["input"], int | float):
        return document.fault(written, "must be a text", "put the number in quotes")
    return document.fault(written, _WANTED.get(kind) or f"{found['msg'][:1].lower()}{found['msg'][1:]}")


def _choice(document: Document, key: Key, found: Any) -> Fault:
    allowed = [word.strip(" '") for word in found["ctx"]["expected"].replace(" or ", ",").split(",")]
    given = str(found["input"])
    near = difflib.get_close_matches(given, allowed, n=1, cutoff=_CLOSE)
    mend = f"write one of {', '.join(allowed)}" + (f" (did you mean {near[0]}?)" if near else "")
    return document.fault(key, f"{given!r} is not allowed", mend)


def _how_to_add(model: Any, key: Key) -> str:
    field = _fields(_type_at(model, key[:-1])).get(str(key[-1]))
    sense = " ".join((field.description or "").split()) if field else ""
    return f"add it: {sense}" if sense else f"add {key[-1]}:"


def _keys_of(kind: Any) -> str:
    if kind is Secret:
        return "write {env: NAME}, {file: PATH} or {credential: NAME}, never the secret itself"
    names = _names(kind)
    return f"known keys: {', '.join(sorted(names))}" if names else ""


def _names(kind: Any) -> list[str]:
    return list(_fields(kind))


def _fields(kind: Any) -> dict[str, FieldInfo]:
    """A model's fields by the name that the file uses."""
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _type_at(kind: Any, key: Key) -> Any:
    """The type that belongs at a path below a model; None where the path leads out of it."""
    for part in key:
        kind = _inner(_plain(kind), part)
    return _plain(kind)


def _inner(kind: Any, part: str | int) -> Any:
    if fields := _fields(kind):
        field = fields.get(str(part))
        return field.annotation if field else None
    arguments = get_args(kind)
    if get_origin(kind) is dict and len(arguments) == 2:
        return arguments[1]
    return arguments[0] if arguments and isinstance(part, int) else None


def _plain(kind: Any) -> Any:
    """Without `Annotated` and `| None`."""
    while True:
        origin = get_origin(kind)
        if hasattr(kind, "__metadata__"):
            kind = get_args(kind)[0]
        elif origin in (Union, types.UnionType):
            kind = next((one for one in get_args(kind) if one is not type(None)), None)
        else:
            return kind
