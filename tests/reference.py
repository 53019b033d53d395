"""The reference of policies, made from the docstrings of the schema: `make docs` writes it, a test compares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.core.policy.schema import Policy, as_file

PAGE = Path(__file__).parents[1] / "docs" / "policies.md"
MARK = "## Every knob\n"
_HEAD = "| knob | default | what it says |\n| --- | --- | --- |"


def reference() -> str:
    """A table a section, a row a knob, with its default as a file would say it."""
    return MARK + "\n" + "\n".join(_sections())


def _sections() -> Iterator[str]:
    defaults = as_file(Policy())
    plain = {name: field for name, field in Policy.model_fields.items() if not _is_model(field.annotation)}
    for name, field in plain.items():
        yield f"- `{name}`: {_one_line(field.description)}"
    for name, field in Policy.model_fields.items():
        if name not in plain and _is_model(field.annotation):
            model: type[BaseModel] = field.annotation  # type: ignore[assignment]
            yield f"\n### {name}\n\n{_one_line(model.__doc__)}\n\n{_HEAD}"
            for key, knob in model.model_fields.items():
                shown = knob.alias or key
                yield f"| `{name}.{shown}` | {_default(defaults[name][shown])} | {_one_line(knob.description)} |"
    yield ""


def _is_model(annotation: object) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def _default(value: Any) -> str:
    if value in (None, "", []) and value is not False:
        return "none"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def write() -> None:
    """Put the reference into its page."""
    before = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(before + reference(), encoding="utf-8")


if __name__ == "__main__":
    write()
