"""What lies in the folders of templates, judged without rendering: languages, messages, files, and what is amiss.

In go the folders, the practice's own first, the names of the policies, and the Jinja environment; out come faults with
path and line. What only shows when a template is filled is for `render` to find, and what makes cards for `cards`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from gateway.wording.contexts import FOLDERS
from gateway.wording.faults import Fault

#: A language tag as folders are named by it (RFC 5646 2.1, without extensions).
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
PARTS = ("subject.txt", "body.txt", "body.html")
MESSAGES = tuple(sorted(FOLDERS.values()))
#: Where a folder holds what single policies say in their own way.
POLICIES = "policies"
#: Beside the languages: the pages, and the letters of printed cards, which are no mail.
_APART = frozenset({"web", "fonts"})
#: What cards are made of.
_CARDS = frozenset({"card.txt", "card.html"})


@dataclass(frozen=True, slots=True)
class _Root:
    """A folder that holds languages: one of the folders, or one policy's in it."""

    path: Path
    #: Empty for everybody's.
    policy: str = ""

    def subfolders(self, below: str = "") -> tuple[Path, ...]:
        """In order; what is hidden does not count."""
        folder = self.path / below
        if not folder.is_dir():
            return ()
        return tuple(sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))

    def files(self) -> dict[str, Path]:
        """Template names to files; notes, and what editors leave beside, are none."""
        apart = _APART if self.policy else {*_APART, POLICIES}
        found = {}
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            hidden = path.name.startswith(".") or path.name.endswith(("~", ".md"))
            if path.is_file() and not hidden and name.partition("/")[0] not in apart and path.name not in _CARDS:
                found[name] = path
        return found


class Shelf:
    """The folders as they lie there now."""

    def __init__(self, environment: Environment, folders: Sequence[Path], policies: Sequence[str] = ()) -> None:
        self._environment = environment
        self._shared = tuple(_Root(folder) for folder in folders)
        self._policies = tuple(policies)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Every language that everybody's mail can be in."""
        found = {folder.name for root in self._shared for folder in root.subfolders()}
        return tuple(sorted(name for name in found if LANGUAGE.fullmatch(name) and name not in _APART))

    def faults(self) -> Iterator[Fault]:
        """Folders with names that mean nothing, templates that are missing, can't be read, or are never used."""
        yield from self._unknown_folders()
        for language in self.languages:
            for message in MESSAGES:
                yield from self._missing(language, message)
        parsed: list[nodes.Template] = []
        used = {path for _, path in self._in_use}
        for path in self._all_files:
            found = self._parse(path)
            if not isinstance(found, Fault):
                parsed.append(found)
            elif path in used:
                yield found
        yield from self._unused(parsed)

    @cached_property
    def _own(self) -> tuple[_Root, ...]:
        """What single policies have of their own."""
        folders = (folder for root in self._shared for folder in root.subfolders(POLICIES))
        return tuple(_Root(folder, folder.name) for folder in folders)

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Everybody's, the first folder that has one before the others."""
        found: dict[str, Path] = {}
        for root in reversed(self._shared):
            found |= root.files()
        return found

    @cached_property
    def _in_use(self) -> tuple[tuple[str, Path], ...]:
        return (*self._files.items(), *(file for root in self._own for file in root.files().items()))

    @cached_property
    def _all_files(self) -> tuple[Path, ...]:
        """Those that others stand before too: what one of these includes is not forgotten."""
        return tuple(path for root in (*self._shared, *self._own) for path in root.files().values())

    def _unknown_folders(self) -> Iterator[Fault]:
        for root in (*self._shared, *self._own):
            if root.policy and root.policy not in self._policies:
                known = ", ".join(sorted(self._policies))
                yield Fault(str(root.path), "there is no such policy", f"there is {known}")
            for folder in root.subfolders():
                yield from self._unknown(root, folder)

    def _unknown(self, root: _Root, folder: Path) -> Iterator[Fault]:
        apart = _APART if root.policy else {*_APART, POLICIES}
        if folder.name in apart:
            return
        if not LANGUAGE.fullmatch(folder.name):
            yield Fault(str(folder), "no mail is in this language", "name the folder for example en or de-AT")
        elif root.policy and folder.name not in self.languages:
            mend = f"write one of {', '.join(self.languages)}, or add templates/{folder.name}"
            yield Fault(str(folder), "no mail of other policies is in this language", mend)
        for one in root.subfolders(folder.name):
            if one.name not in MESSAGES:
                yield Fault(str(one), "there is no such message", f"there is {', '.join(MESSAGES)}")

    def _missing(self, language: str, message: str) -> Iterator[Fault]:
        """A language says every message, or a wider one does (`de` for `de-AT`); a message has all its parts."""
        parts = [part for part in PARTS if f"{language}/{message}/{part}" in self._files]
        where = next(root.path / language for root in self._shared if (root.path / language).is_dir())
        wider = language.partition("-")[0]
        if not parts and (language == wider or wider not in self.languages):
            what = f"{message} is missing, so people who read {language} get it in another language"
            yield Fault(f"{where}/{message}", what, f"add {', '.join(PARTS)}; en/{message} is a model")
        for part in PARTS if parts else ():
            if part not in parts:
                mend = "add it, for example {% extends 'letter.html' %}" if part == "body.html" else "add it"
                yield Fault(f"{where}/{message}/{part}", "is missing", f"{mend}, or take {where}/{message} away")

    def _parse(self, path: Path) -> nodes.Template | Fault:
        try:
            return self._environment.parse(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            return Fault(f"{path}:{line}", "is not UTF-8", "save the file as UTF-8")
        except OSError as error:
            return Fault(str(path), f"can't be read ({error.strerror})", "chown it to the gateway's user")
        except TemplateSyntaxError as error:
            return Fault(f"{path}:{error.lineno}", f"is no template: {error.message}", "mend this line")

    def _unused(self, parsed: Sequence[nodes.Template]) -> Iterator[Fault]:
        """Files that no message is made of: a misspelt name makes the shipped text go out in place of one's own."""
        named = {name for tree in parsed for name in meta.find_referenced_templates(tree)}
        if None in named:
            return  # a name that is computed may mean any file
        used = named | {f"{lang}/{message}/{part}" for lang in self.languages for message in MESSAGES for part in PARTS}
        for name, path in self._in_use:
            folder, _, rest = name.partition("/")
            placed = not rest or (folder in self.languages and rest.partition("/")[0] in (*MESSAGES, rest))
            if placed and name not in used:
                mend = f"name it one of {', '.join(PARTS)}, include it, or take it away"
                yield Fault(str(path), "no message is made of this file", mend)
