"""The files of a config folder as JSON Schema (draft 2020-12), so that editors complete and check them.

In goes the kind of a file, out comes its schema as plain values. It is made from the very types that the files are read
into, and says what they say; what only two values together can show (a name that nothing bears) is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter

from gateway.core.policy.schema import Policy
from gateway.core.urgency.lexicon import Lexicon
from gateway.settings.kinds import Country
from gateway.settings.schema import CrisisLine, Gateway, RouteRule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: Kind of a file -> its type, and what it is.
_FILES: Mapping[str, tuple[Any, str]] = {
    "policy": (Policy, "A policy of Handrail: `policies/NAME.yaml`."),
    "gateway": (Gateway, "The settings of Handrail: `gateway.yaml`."),
    "routes": (tuple[RouteRule, ...], "Which recipient goes to which mailbox: `routes.yaml`; the first match wins."),
    "crisis-lines": (dict[Country, CrisisLine], "Crisis lines by country: `crisis-lines.yaml`."),
    "lexicon": (Lexicon, "Phrases of urgency, or of a category: `urgency/LANG/NAME.yaml`."),
}
KINDS = tuple(_FILES)


def json_schema(kind: str) -> dict[str, Any]:
    """The schema of a kind of file, one of `KINDS`."""
    type_, sense = _FILES[kind]
    made = TypeAdapter(type_).json_schema(by_alias=True, mode="validation")
    models = {model.__name__: model for model in _models(type_)}
    shapes = [made, *made.get("$defs", {}).values()]
    for shape in shapes:
        _as_files_say(shape, models.get(shape.get("title", "")))
    head = {"$schema": DIALECT, "$id": f"urn:handrail:{kind}", "title": f"Handrail {kind}", "description": sense}
    return head | {name: value for name, value in made.items() if name not in head}


def _as_files_say(shape: dict[str, Any], model: type[BaseModel] | None) -> None:
    """Descriptions on one line, defaults as a file has them, no titles that only repeat the key, and no other keys."""
    if "patternProperties" in shape:
        shape["additionalProperties"] = False
    if "description" in shape:
        shape["description"] = _flat(shape["description"])
    defaults = _defaults(model) if model else {}
    for name, value in shape.get("properties", {}).items():
        value.pop("title", None)
        value.pop("default", None)
        if "description" in value:
            value["description"] = _flat(value["description"])
        if defaults.get(name) not in (None, "", [], {}):
            value["default"] = defaults[name]


def _flat(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _defaults(model: type[BaseModel]) -> Mapping[str, Any]:
    """What a file would say for each key that may be left out; those with keys of their own say it there."""
    given = {name for name, field in model.model_fields.items() if not field.is_required()}
    whole = model.model_construct().model_dump(mode="json", by_alias=True, include=given)
    return {name: value for name, value in whole.items() if not isinstance(value, dict)}


def _models(kind: Any) -> set[type[BaseModel]]:
    """Every model that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields.values()
        return {kind}.union(*(_models(field.annotation) for field in fields))
    return set[type[BaseModel]]().union(*map(_models, get_args(kind)))
