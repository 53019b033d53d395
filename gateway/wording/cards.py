"""Policy cards in words: the statements of `core.policy.card`, said by the macros of `<language>/card.txt`.

In go a policy, what the practice is and a language; out come questions with answers, or what changes between two
policies. A practice's own card.txt, and below `policies/<name>/` one policy's, need only hold the macros that they
say otherwise: each macro is looked for in one file after another, the shipped one last.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from babel import Locale
from jinja2 import (
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.environment import TemplateModule
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.core.policy.about import About
from gateway.core.policy.card import card
from gateway.core.policy.difference import difference
from gateway.core.policy.schema import Policy
from gateway.core.policy.sheet import Change, Passage, Sheet
from gateway.core.policy.statements import QUESTIONS, STATEMENTS, Statement
from gateway.wording.say import FILTERS, locale_of

__all__ = ["Cards", "Change", "Flaw", "Passage", "Sheet"]

FILE = "card.txt"
PAGE = "card.html"
#: A language tag as folders are named by it (RFC 5646 2.1, without extensions).
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: Folder of templates that are for one policy alone, by its name.
POLICIES = "policies"
_OTHER, _CATEGORY = "category_other", "category_"
#: Beginnings of the codes of statements that are about something else than the rest of their answer.
_ASIDE = ("ack", "urgent", "presence")
#: Every macro that a language needs, with its parameters.
MACROS: Mapping[str, tuple[str, ...]] = {
    "title": ("practice",),
    **{f"question_{question}": () for question in QUESTIONS},
    **{f"{_CATEGORY}{name}": () for name in ("scheduling", "billing", "stressor", "touchpoint")},
    _OTHER: ("name",),
    **STATEMENTS,
}
#: Line ends and blanks of a template; no-break spaces are meant.
_BLANK = re.compile(r"[ \t\r\n]+")
#: What the author of a template may get wrong, beside Jinja's own errors.
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


class Flaw(NamedTuple):
    """One thing that is wrong with the words: the file, with the line where there is one; what; and the mend."""

    where: str
    what: str
    mend: str


class _File(NamedTuple):
    """One card.txt: the loader's name, and where it lies."""

    name: str
    path: Path


class Cards:
    """Cards by folders of templates, the practice's own first."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Nothing is read before a card is asked for; a file that has changed since is read again."""
        self._folders = tuple(folders)
        self._environment = ImmutableSandboxedEnvironment(
            loader=PrefixLoader({str(n): FileSystemLoader(folder) for n, folder in enumerate(self._folders)}),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)
        self._modules_made: dict[tuple[str, str], tuple[Template, TemplateModule]] = {}
        self._pages = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self._folders),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def card(self, policy: Policy, about: About, language: str, name: str = "") -> tuple[Passage, ...]:
        """The ten questions with their answers; `name` is the policy's, for templates of its own.

        In the first language that has all the words: the one asked for, the practice's, English. Raises ValueError
        where a template fails; its text names the template.
        """
        words = self._words(language, about.language, name)
        return tuple(
            Passage(words.question(answer.question), words.answer(answer.statements)) for answer in card(policy, about)
        )

    def difference(
        self, before: Policy, after: Policy, about: About, language: str, name: str = ""
    ) -> tuple[Change, ...]:
        """The questions that are answered otherwise, with both answers. Language and errors are as for `card`."""
        words = self._words(language, about.language, name)
        return tuple(
            Change(words.question(one.question), words.answer(one.before), words.answer(one.after))
            for one in difference(before, after, about)
        )

    def sheet(self, policy: Policy, about: About, practice: str, language: str, name: str = "") -> Sheet:
        """A whole card, to be shown or printed. Language and errors are as for `card`."""
        words = self._words(language, about.language, name)
        return Sheet(
            title=words.say("title", practice=practice),
            summary=policy.summary_in(words.tag, about.language),
            passages=self.card(policy, about, words.tag, name),
            language=words.tag,
            direction="rtl" if words.locale.text_direction == "rtl" else "ltr",
        )

    def html(self, sheet: Sheet) -> str:
        """A card as a page that loads nothing. Raises ValueError where the template fails; its text names it."""
        try:
            return self._pages.get_template(PAGE).render(sheet=sheet)
        except _MISTAKES as error:
            raise _failed(error, PAGE) from None

    def pdf(self, sheet: Sheet) -> bytes:
        """A card to print; the same for the same sheet."""
        from gateway.wording.pdf import pdf  # what prints is loaded only where something is printed

        return pdf(sheet)

    def languages(self, name: str = "") -> dict[str, str]:
        """The languages that have all the words of a policy's card, each with its own name for itself."""
        return {tag: _own_name(tag) for tag in self._tags() if not self._lacks(tag, name)}

    def flaws(self, policies: Mapping[str, Policy], about: About) -> Iterator[Flaw]:
        """What is wrong with the words of any card: files that are no templates, macros that are missing, that no
        statement has or that take other values, and macros that fail when a policy's card is said.
        """
        broken = tuple(fault for file in self._all_files() if (fault := self._misread(file)) is not None)
        yield from broken
        if broken:
            return
        for file in self._all_files():
            yield from self._misfits(file)
        for tag in self._tags():
            missing = self._lacks(tag)
            if missing:
                where = next(file.path for file in self._all_files() if tag in file.path.parts)
                yield Flaw(str(where), f"lacks {', '.join(missing)}", "add these macros; en/card.txt is a model")
            else:
                yield from self._failures(tag, policies, about)

    def _failures(self, tag: str, policies: Mapping[str, Policy], about: About) -> Iterator[Flaw]:
        told: set[str] = set()
        for name, policy in policies.items():
            try:
                self.card(policy, about, tag, name)
            except ValueError as error:
                where, _, what = str(error).removeprefix("template ").partition(" failed: ")
                if where not in told:
                    told.add(where)
                    yield Flaw(where, f"fails with {what}", "mend this line, or take your macro away")

    def _words(self, wanted: str, own: str, name: str) -> _Words:
        base = wanted.partition("-")[0]
        for tag in dict.fromkeys((wanted, base, own, own.partition("-")[0], "en")):
            if not _TAG.fullmatch(tag):
                continue
            locale = locale_of(tag, own)
            if not _missing(modules := self._modules(tag, name, locale)):
                return _Words(tag, locale, modules)
        raise ValueError(f"template en/{FILE} failed: it is missing or lacks macros")

    def _modules(self, tag: str, name: str, locale: Locale) -> tuple[TemplateModule, ...]:
        return tuple(self._module(file, locale) for file in self._files(tag, name))

    def _module(self, file: _File, locale: Locale) -> TemplateModule:
        try:
            template = self._environment.get_template(file.name)
            known, module = self._modules_made.get((file.name, str(locale)), (None, None))
            if module is None or known is not template:  # the environment makes a new one of a file that has changed
                module = template.make_module({"locale": locale})
                self._modules_made[file.name, str(locale)] = (template, module)
        except _MISTAKES as error:
            raise _failed(error, file.path) from None
        return module

    def _lacks(self, tag: str, name: str = "") -> tuple[str, ...]:
        return _missing(self._modules(tag, name, locale_of(tag)))

    def _files(self, tag: str, name: str) -> Iterator[_File]:
        """Where the macros of a language are looked for: `de-AT` before `de`, one policy's before everybody's."""
        tags = dict.fromkeys((tag, tag.partition("-")[0]))
        places = [*(f"{POLICIES}/{name}/{one}" for one in tags if name), *tags]
        for number, folder in enumerate(self._folders):
            for place in places:
                path = folder / place / FILE
                if path.is_file():
                    yield _File(f"{number}/{place}/{FILE}", path)

    def _all_files(self) -> Iterator[_File]:
        for number, folder in enumerate(self._folders):
            found = [*folder.glob(f"*/{FILE}"), *folder.glob(f"{POLICIES}/*/*/{FILE}")]
            for path in sorted(path for path in found if _TAG.fullmatch(path.parent.name)):
                yield _File(f"{number}/{path.relative_to(folder).as_posix()}", path)

    def _tags(self) -> tuple[str, ...]:
        return tuple(sorted({file.path.parent.name for file in self._all_files()}))

    def _misread(self, file: _File) -> Flaw | None:
        try:
            self._environment.get_template(file.name).make_module({"locale": locale_of(file.path.parent.name)})
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            return Flaw(f"{file.path}:{line}", "is not UTF-8", "save the file as UTF-8")
        except OSError as error:
            return Flaw(str(file.path), f"can't be read ({error.strerror})", "chown it to the gateway's user")
        except TemplateSyntaxError as error:
            return Flaw(f"{file.path}:{error.lineno}", f"is no template: {error.message}", "mend this line")
        except _MISTAKES as error:
            what = f"fails with {type(error).__name__}: {error}".splitlines()[0]
            return Flaw(_place(error, file.path), what, "mend this line, or take your file away")
        return None

    def _misfits(self, file: _File) -> Iterator[Flaw]:
        """Macros that nothing asks for, as a misspelt one, and macros that would be given what they don't take."""
        module = self._environment.get_template(file.name).make_module({"locale": locale_of(file.path.parent.name)})
        for name, macro in vars(module).items():
            if not isinstance(macro, Macro):
                continue
            if name not in MACROS and not name.startswith(_CATEGORY):
                yield Flaw(str(file.path), f"no statement is called {name}", f"name it as in en/{FILE}, or with a _")
            elif tuple(macro.arguments) != MACROS.get(name, ()):
                takes = f"{name}({', '.join(MACROS.get(name, ()))})"
                yield Flaw(str(file.path), f"{name} takes other values", f"write {{% macro {takes} %}}")


class _Words:
    """One language's macros, each taken from the first file that has it."""

    def __init__(self, tag: str, locale: Locale, modules: Sequence[TemplateModule]) -> None:
        self.tag = tag
        self.locale = locale
        self._modules = tuple(modules)

    def question(self, code: str) -> str:
        return self.say(f"question_{code}")

    def answer(self, statements: Iterable[Statement]) -> str:
        """A line for each paragraph: what is beside the question itself begins one."""
        lines: list[list[str]] = []
        paragraph = ""
        for statement in statements:
            topic = statement.code.partition("_")[0]
            begins = topic if topic in _ASIDE else ""
            if not lines or (begins and begins != paragraph):
                lines.append([])
                paragraph = begins
            lines[-1].append(self._statement(statement))
        return "\n".join(" ".join(line) for line in lines)

    def _statement(self, statement: Statement) -> str:
        return self.say(statement.code, **{key: self._worded(key, value) for key, value in statement.values})

    def _worded(self, key: str, value: object) -> object:
        """Names of categories become words; every other value is for the filters."""
        if key == "categories" and isinstance(value, tuple):
            return tuple(self._category(name) for name in value)
        return value

    def _category(self, name: str) -> str:
        macro = f"{_CATEGORY}{name}"
        return self.say(macro) if macro != _OTHER and self._find(macro) else self.say(_OTHER, name=name)

    def say(self, name: str, /, **values: object) -> str:
        """What a macro makes of its values, on one line. Raises ValueError that names the template."""
        macro = self._find(name)
        try:
            if macro is None:
                raise TemplateNotFound(name)
            return _BLANK.sub(" ", str(macro(**values))).strip(" ")
        except _MISTAKES as error:
            raise _failed(error, f"{self.tag}/{FILE}, {name},") from None

    def _find(self, name: str) -> Macro | None:
        return next((macro for module in self._modules if (macro := _macro(module, name))), None)


def _missing(modules: Sequence[TemplateModule]) -> tuple[str, ...]:
    return tuple(name for name in MACROS if not any(_macro(module, name) for module in modules))


def _macro(module: TemplateModule, name: str) -> Macro | None:
    found = vars(module).get(name)
    return found if isinstance(found, Macro) else None


def _failed(error: Exception, where: Path | str) -> ValueError:
    return ValueError(f"template {_place(error, where)} failed: {type(error).__name__}")


def _place(error: Exception, where: Path | str) -> str:
    """File and line of the template, as far as Jinja tells."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or where}:{error.lineno}"
    inner = [place for frame, line in traceback.walk_tb(error.__traceback__) if (place := _in_template(frame, line))]
    return inner[-1] if inner else str(where)


def _in_template(frame: FrameType, line: int) -> str:
    """Where a frame is a template's: Jinja sets its own lines only in what it renders, not in what a macro raises."""
    template = frame.f_globals.get("__jinja_template__")
    if isinstance(template, Template):
        return f"{template.filename}:{template.get_corresponding_lineno(line)}"
    path = frame.f_code.co_filename
    return f"{path}:{line}" if Path(path).name in (FILE, PAGE) else ""


@lru_cache(maxsize=64)
def _own_name(tag: str) -> str:
    locale = locale_of(tag)
    name = str(locale.languages.get(locale.language, tag))
    return name[:1].upper() + name[1:]
