"""Why a template failed, for whoever wrote it: file and line, what is wrong, and the mend; never anybody's mail."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, fields
from pathlib import Path

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError

from gateway.wording.contexts import Context

#: What a template may raise beside Jinja's own: its author's mistakes, and files that can't be read.
MISTAKES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the template's path, with the line where there is one; what; and the mend."""

    where: str
    what: str
    mend: str


def fault_of(error: Exception, folder: str, context: Context) -> Fault | None:
    """None for what the shelf tells: a file that is no template, or one of a message's own that is missing."""
    if isinstance(error, (TemplateSyntaxError, UnicodeDecodeError)):
        return None
    if isinstance(error, UndefinedError):
        names = ", ".join(sorted(field.name for field in fields(context)))
        return Fault(place_of(error, folder), str(error), f"this template knows {names}")
    if isinstance(error, TemplateNotFound):
        if str(error.name).startswith(f"{folder}/"):
            return None
        return Fault(place_of(error, folder), f"there is no template {error.name}", "add it, or take the line out")
    words = f"fails with {type(error).__name__}: {error}" if str(error) else f"fails with {type(error).__name__}"
    return Fault(place_of(error, folder), words.splitlines()[0], "mend this line, or take your template away")


def place_of(error: Exception, folder: str) -> str:
    """File and line of the template that failed, as far as Jinja tells; its line numbers are the template's own."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if Path(frame.filename).suffix in (".txt", ".html")]
    return f"{inner[-1].filename}:{inner[-1].lineno}" if inner else folder
