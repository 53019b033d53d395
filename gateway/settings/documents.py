"""One YAML 1.2 file as plain values, with the line and column of every key and value.

Reading never raises for what stands in the file: what can't be read is a fault, and `data` is then None.
YAML 1.2 keeps `12:30` a text and `NO` Norway; a key that stands twice is a fault, not the last one's luck.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.settings.errors import Fault

#: Where a value stands: keys and list positions from the top of the file.
Key = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values and where they stand. Lines and columns count from 1."""

    file: str
    data: Any
    keys: dict[Key, Place] = field(default_factory=dict)
    values: dict[Key, Place] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    #: Where a value stands in another file than this one.
    files: dict[Key, str] = field(default_factory=dict)

    def nearest(self, key: Key) -> Key:
        """The longest beginning of the path that stands in the file."""
        return next((key[:end] for end in range(len(key), 0, -1) if key[:end] in self.values), ())

    def fault(self, key: Key, what: str, mend: str = "", *, at_key: bool = False) -> Fault:
        """A fault at a value, or at its key; what is not in the file is shown where it would belong."""
        found = self.nearest(key)
        at_key = at_key or found != key
        line, column = (self.keys if at_key else self.values).get(found) or self.values.get(found, (1, 1))
        return Fault(self.files.get(found, self.file), line, column, dotted(key), what, mend)


def dotted(key: Key) -> str:
    """`mailboxes.ana.policy`, `[2].to`: the path as people write it."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(path: Path, name: str) -> Document:
    """Read a file; `name` is how faults call it. An empty file has None as data and no fault."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _broken(name, line, 1, "not UTF-8", "save the file as UTF-8")
    except OSError as error:
        return _broken(name, 0, 0, f"can't be read ({error.strerror})", "check the path and its permissions")
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """The values of a text, with their places."""
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True  # found below, every one, with both lines
    try:
        root = yaml.compose(io.StringIO(text))
        data = yaml.constructor.construct_document(root) if root is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return _broken(name, line, column, f"no YAML: {what}", _mend(what))
    except (YAMLError, ValueError) as error:
        return _broken(name, 1, 1, f"no YAML: {str(error).splitlines()[0]}")
    document = Document(name, data)
    faults = () if root is None else tuple(_survey(document, root, (), set()))
    return Document(name, data, document.keys, document.values, faults)


#: What the parser says, and what people did; the first that fits.
_MENDS = (
    ("\\t", "indent with blanks, not with tabs"),
    (
        "mapping values are not allowed",
        "put quotes round a value with a colon in it, or indent as the lines beside it",
    ),
    ("could not find expected ':'", "write `key: value`; this line, or the one above, lacks its colon"),
    ("did not find expected", "look here and a few lines above: indentation, a bracket or a quote that is not closed"),
    ("while scanning a quoted scalar", "close the quote"),
)


def _mend(what: str) -> str:
    return next((mend for words, mend in _MENDS if words in what), "look here and a few lines above")


def _broken(name: str, line: int, column: int, what: str, mend: str = "") -> Document:
    return Document(name, None, faults=(Fault(name, line, column, "", what, mend),))


def _survey(document: Document, node: Node, key: Key, open_nodes: set[int]) -> Iterator[Fault]:
    """Note where everything stands; an alias that leads back to itself is followed once."""
    document.values[key] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in open_nodes:
        return
    open_nodes.add(id(node))
    if isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            yield from _survey(document, item, (*key, number), open_nodes)
    elif isinstance(node, MappingNode):
        yield from _survey_mapping(document, node, key, open_nodes)
    open_nodes.remove(id(node))


def _survey_mapping(document: Document, node: MappingNode, key: Key, open_nodes: set[int]) -> Iterator[Fault]:
    for name, value in node.value:
        if not isinstance(name, ScalarNode):
            continue
        inner = (*key, str(name.value))
        place = (name.start_mark.line + 1, name.start_mark.column + 1)
        if inner in document.keys:
            first = document.keys[inner][0]
            yield Fault(document.file, *place, dotted(inner), f"stands twice, first in line {first}", "take one away")
            continue
        document.keys[inner] = place
        yield from _survey(document, value, inner, open_nodes)
