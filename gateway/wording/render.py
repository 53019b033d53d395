"""Templates to words: `<language>/<message>/{subject.txt,body.txt,body.html}`, the practice's own before the shipped.

Templates run in Jinja's sandbox, with strict undefined: a name that the context lacks is an error, never a gap.
The text's paragraphs are what `body.html` is made of, so that both parts of a mail say the same.
"""

from __future__ import annotations

import re
import textwrap
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway import ports
from gateway.core.effects import Mail
from gateway.core.policy.schema import Policy
from gateway.settings.schema import Mailbox, Practice
from gateway.wording import samples
from gateway.wording.contexts import FOLDERS, Words, context_for, folder_for
from gateway.wording.shelf import LANGUAGE, Fault, Shelf

_PARAGRAPHS = re.compile(r"\n\s*\n")
#: RFC 5322 2.1.1 asks for no more than 78; the rest is room for quote marks in an answer.
_WIDTH = 72
#: No-break space, which textwrap does not wrap at; it does not leave this file.
_GLUE = "\N{NO-BREAK SPACE}"
#: What a template may raise beside Jinja's own: its author's mistakes, and files that can't be read.
_MISTAKES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


class Templates:
    """`ports.Wording` by folders of templates; the first folder that has a template wins."""

    def __init__(
        self,
        folders: Sequence[Path],
        practice: Practice,
        mailboxes: Mapping[str, Mailbox],
        policies: Mapping[str, Policy],
    ) -> None:
        self._folders = tuple(folders)
        self._practice = practice
        self._mailboxes = mailboxes
        self._policies = policies
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"], default=False, default_for_string=False),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def render(self, effect: Mail) -> ports.Words:
        """Subject, text and HTML, in the first language that has templates: the effect's, the practice's, English.

        Raises ValueError where a template is missing or fails; its text names the template and nothing of the mail.
        """
        message = folder_for(effect)
        language = self._language(effect.language, message)
        try:
            return self._words(self._context(effect, language), language)
        except _MISTAKES as error:
            place = _place(error, f"{language}/{message}")
            raise ValueError(f"template {place} failed: {type(error).__name__}") from None

    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong with the templates, in every language that there is, tried with samples for every policy.

        Their texts name templates, and nobody's mail.
        """
        shelf = Shelf(self._environment, self._folders)
        failures = (fault for language in shelf.languages for fault in self._failures(language))
        told: dict[tuple[str, str], Fault] = {}
        for fault in (*shelf.faults(), *self._unspoken(shelf.languages), *failures):
            told.setdefault((fault.where, fault.what), fault)
        return tuple(told.values())

    def _unspoken(self, languages: Sequence[str]) -> Iterator[Fault]:
        own = self._practice.language
        if own not in languages and own.partition("-")[0] not in languages:
            what = f"there are no templates in {own}, so mail goes out in English"
            mend = f"write one of {', '.join(languages)}, or add templates/{own.partition('-')[0]}"
            yield Fault("gateway.yaml practice.language", what, mend)

    def _failures(self, language: str) -> Iterator[Fault]:
        tried = samples.effects(language, self._practice, self._mailboxes, self._policies)
        for context in dict.fromkeys(self._context(effect, language) for effect in tried):
            folder = f"{language}/{FOLDERS[type(context)]}"
            if not self._has(f"{folder}/subject.txt"):
                continue
            try:
                self._words(context, language)
            except (TemplateSyntaxError, UnicodeDecodeError):
                continue  # the shelf has told it
            except _MISTAKES as error:
                if not (isinstance(error, TemplateNotFound) and str(error.name).startswith(f"{folder}/")):
                    yield _fault(error, folder, context)

    def _context(self, effect: Mail, language: str) -> Words:
        mailbox, policy = self._mailboxes.get(effect.ref.mailbox), self._policies.get(effect.policy)
        return context_for(effect, self._practice, mailbox, policy, language)

    def _words(self, context: Words, language: str) -> ports.Words:
        folder = f"{language}/{FOLDERS[type(context)]}"
        values: dict[str, Any] = {field.name: getattr(context, field.name) for field in fields(context)}
        subject = " ".join(self._fill(f"{folder}/subject.txt", values).split())
        paragraphs = _paragraphs(self._fill(f"{folder}/body.txt", values))
        html = self._fill(f"{folder}/body.html", values | {"title": subject, "paragraphs": paragraphs})
        whole = (self._practice.phone, self._practice.crisis_line)
        return ports.Words(subject=subject, text=_text(paragraphs, whole), html=html, language=language)

    def _fill(self, template: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(values)

    def _language(self, wanted: str, message: str) -> str:
        own = self._practice.language
        for tag in (wanted, wanted.partition("-")[0], own, own.partition("-")[0]):
            if LANGUAGE.fullmatch(tag) and self._has(f"{tag}/{message}/subject.txt"):
                return tag
        return "en"

    def _has(self, template: str) -> bool:
        try:
            self._environment.get_template(template)
        except TemplateNotFound:
            return False
        except TemplateError:
            return True  # it is there and fails; rendering says so
        return True


def _fault(error: Exception, folder: str, context: Words) -> Fault:
    if isinstance(error, UndefinedError):
        names = ", ".join(sorted(field.name for field in fields(context)))
        return Fault(_place(error, folder), str(error), f"this template knows {names}")
    if isinstance(error, TemplateNotFound):
        return Fault(_place(error, folder), f"there is no template {error.name}", "add it, or take the line out")
    words = f"fails with {type(error).__name__}: {error}" if str(error) else f"fails with {type(error).__name__}"
    return Fault(_place(error, folder), words.splitlines()[0], "mend this line, or take your template away")


def _place(error: Exception, folder: str) -> str:
    """File and line of the template that failed, as far as Jinja tells; its line numbers are the template's own."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if Path(frame.filename).suffix in (".txt", ".html")]
    return f"{inner[-1].filename}:{inner[-1].lineno}" if inner else folder


def _paragraphs(text: str) -> tuple[str, ...]:
    """Blank lines part paragraphs; line ends within one are the template's own and mean nothing."""
    return tuple(" ".join(part.split()) for part in _PARAGRAPHS.split(text) if part.strip())


def _text(paragraphs: Sequence[str], whole: Sequence[str]) -> str:
    """Wrapped lines; what must be found at a glance, as a number to call, is never broken."""
    return "\n\n".join(_wrapped(part, [one for one in whole if one]) for part in paragraphs) + "\n"


def _wrapped(paragraph: str, whole: Sequence[str]) -> str:
    for one in whole:
        paragraph = paragraph.replace(one, one.replace(" ", _GLUE))
    filled = textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return filled.replace(_GLUE, " ")
