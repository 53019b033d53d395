"""What lies in the folders of templates, judged without rendering: languages, messages, files, and what is amiss.

In go the folders, the practice's own first, and the Jinja environment over them; out come faults with path and line.
What only shows when a template is filled is for `render` to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from gateway.wording.contexts import FOLDERS

#: A language tag as folders are named by it (RFC 5646 2.1, without extensions).
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
PARTS = ("subject.txt", "body.txt", "body.html")
MESSAGES = tuple(sorted(FOLDERS.values()))
#: Beside the languages: the pages, which are no mail.
_PAGES = "web"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the template's path, with the line where there is one; what; and the mend."""

    where: str
    what: str
    mend: str


class Shelf:
    """The folders as they lie there now."""

    def __init__(self, environment: Environment, folders: Sequence[Path]) -> None:
        self._environment = environment
        self._folders = tuple(folders)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Every language that has a folder."""
        found = {folder.name for folder in self._subfolders(Path())}
        return tuple(sorted(name for name in found if LANGUAGE.fullmatch(name) and name != _PAGES))

    def faults(self) -> Iterator[Fault]:
        """Folders with names that mean nothing, templates that are missing, can't be read, or are never used."""
        yield from self._unknown_folders()
        for language in self.languages:
            for message in MESSAGES:
                yield from self._missing(language, message)
        parsed: dict[Path, nodes.Template] = {}
        for path in self._files.values():
            found = self._parse(path)
            if isinstance(found, Fault):
                yield found
            else:
                parsed[path] = found
        yield from self._unused(parsed)

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Template names to files; notes, and what editors leave beside, are none."""
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if path.is_file() and not path.name.startswith(".") and not path.name.endswith(("~", ".md")):
                    found[name] = path
        return {name: path for name, path in found.items() if not name.startswith(f"{_PAGES}/")}

    def _subfolders(self, below: Path) -> Iterator[Path]:
        for folder in self._folders:
            if (folder / below).is_dir():
                yield from sorted(path for path in (folder / below).iterdir() if path.is_dir())

    def _unknown_folders(self) -> Iterator[Fault]:
        for folder in self._subfolders(Path()):
            if not LANGUAGE.fullmatch(folder.name) and not folder.name.startswith("."):
                yield Fault(str(folder), "no mail is in this language", "name the folder for example en or de-AT")
        for language in self.languages:
            for folder in self._subfolders(Path(language)):
                if folder.name not in MESSAGES:
                    yield Fault(str(folder), "there is no such message", f"there is {', '.join(MESSAGES)}")

    def _missing(self, language: str, message: str) -> Iterator[Fault]:
        """A language says every message, or a wider one does (`de` for `de-AT`); a message has all its parts."""
        parts = [part for part in PARTS if f"{language}/{message}/{part}" in self._files]
        where = next(folder / language for folder in self._folders if (folder / language).is_dir())
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

    def _unused(self, parsed: dict[Path, nodes.Template]) -> Iterator[Fault]:
        """Files that no message is made of: a misspelt name makes the shipped text go out in place of one's own."""
        named = {name for tree in parsed.values() for name in meta.find_referenced_templates(tree)}
        if None in named:
            return  # a name that is computed may mean any file
        used = named | {f"{lang}/{message}/{part}" for lang in self.languages for message in MESSAGES for part in PARTS}
        for name, path in self._files.items():
            folder, _, rest = name.partition("/")
            placed = not rest or (folder in self.languages and rest.partition("/")[0] in (*MESSAGES, rest))
            if placed and name not in used:
                mend = f"name it one of {', '.join(PARTS)}, include it, or take it away"
                yield Fault(str(path), "no message is made of this file", mend)
