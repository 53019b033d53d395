"""A config folder to `Settings`, or to every fault in it at once, each with file, line, column and mend.

The folder holds `gateway.yaml`, `routes.yaml` (without it each mailbox takes its own addresses), `policies/NAME.yaml`,
`urgency/LANG/*.yaml` and `crisis-lines.yaml`. Policies, lexicons and crisis lines that are not in the folder are the
shipped ones.
Reads files and nothing else: no network, no environment, no secrets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gateway import shipped
from gateway.core.policy.schema import Policy
from gateway.core.routing import Route
from gateway.core.urgency.lexicon import Lexicon
from gateway.settings.crosscheck import check
from gateway.settings.documents import Document, read
from gateway.settings.errors import Fault, SettingsError
from gateway.settings.extending import Extending
from gateway.settings.kinds import Country
from gateway.settings.mends import faults as mends
from gateway.settings.schema import CrisisLine, Gateway, RouteRule, Settings

T = TypeVar("T")


def load(folder: Path) -> Settings:
    """Read a config folder. Paths in it stay as written: relative ones are meant from the folder.

    Raises SettingsError with all faults.
    """
    if not folder.is_dir():
        raise SettingsError((Fault(str(folder), 0, 0, "", "no such folder", "make one with: handrail init"),))
    faults: list[Fault] = []
    document = _gateway_document(folder)
    routes_document = _routes_document(folder)
    policies = _policies(folder, faults)
    gateway = _model(document, Gateway, faults)
    rules = _model(routes_document, tuple[RouteRule, ...], faults) if routes_document else None
    lexicons = [
        _from_file(path, name, Lexicon, faults) for name, path in _with_shipped(folder, "urgency", "*/*.yaml").items()
    ]
    crisis_lines = _crisis_lines(folder, faults)
    faults.extend(check(document, routes_document, {name: whole for name, (whole, _) in policies.items()}, folder))
    if faults or gateway is None:
        raise SettingsError(tuple(set(faults)))
    return Settings(
        folder=folder,
        gateway=gateway,
        routes=rules if rules is not None else own_addresses(gateway),
        policies={name: policy for name, (_, policy) in policies.items() if policy is not None},
        lexicons=tuple(lexicon for lexicon in lexicons if lexicon is not None),
        crisis_lines=crisis_lines,
    )


def own_addresses(gateway: Gateway) -> tuple[RouteRule, ...]:
    """The routes where no file says any: each mailbox takes its address, its aliases and its control address.

    None to those that mail reaches without us.
    """
    return tuple(
        RouteRule(to=address, mailbox=name)
        for name, mailbox in gateway.mailboxes.items()
        for address in (mailbox.address, *mailbox.aliases, mailbox.control)
        if address and mailbox.deliver is not None
    )


def as_routes(settings: Settings) -> tuple[Route, ...]:
    """The routes as the intake asks them; a rule without a policy takes its mailbox's."""
    return tuple(
        Route(rule.to, rule.mailbox, rule.policy or settings.gateway.mailboxes[rule.mailbox].policy)
        for rule in settings.routes
    )


def _gateway_document(folder: Path) -> Document:
    path = folder / "gateway.yaml"
    if path.exists():
        return read(path, path.name)
    return Document(
        path.name, None, faults=(Fault(path.name, 0, 0, "", "no such file", "make one with: handrail init"),)
    )


def _routes_document(folder: Path) -> Document | None:
    """None where there is no file. An empty file means no route, not no file."""
    path = folder / "routes.yaml"
    if not path.exists():
        return None
    document = read(path, path.name)
    empty = document.data is None and not document.faults
    return Document(path.name, [], values={(): (1, 1)}) if empty else document


def _policies(folder: Path, faults: list[Fault]) -> dict[str, tuple[Document, Policy | None]]:
    """Each policy by its name: what it says with all that it extends, and that typed."""
    own, ours = ({path.stem: read(path, name) for name, path in files} for files in _both(folder, "policies", "*.yaml"))
    extending = Extending(own, ours)
    found: dict[str, tuple[Document, Policy | None]] = {}
    for name in sorted(extending.names):
        whole, wrong = extending.whole(name)
        faults.extend(wrong)
        found[name] = (whole, _model(whole, Policy, faults))
    return found


def _crisis_lines(folder: Path, faults: list[Fault]) -> dict[str, CrisisLine]:
    """The shipped ones by country; each that the practice names itself stands in for that country's."""
    found: dict[str, CrisisLine] = {}
    for files in reversed(_both(folder, "", "crisis-lines.yaml")):
        for name, path in files:
            found |= _model(read(path, name), dict[Country, CrisisLine], faults) or {}
    return found


def _both(folder: Path, kind: str, pattern: str) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    """Files of a kind with their names: the practice's own, and the shipped ones."""
    own, ours = (
        [(path.relative_to(root).as_posix(), path) for path in sorted((root / kind).glob(pattern))]
        for root in (folder, shipped.folder("config"))
    )
    return own, ours


def _with_shipped(folder: Path, kind: str, pattern: str) -> dict[str, Path]:
    """Files of a kind by their name in the folder; the practice's own hide shipped ones of the same name."""
    own, ours = _both(folder, kind, pattern)
    return dict(ours) | dict(own)


def _from_file(path: Path, name: str, model: type[T], faults: list[Fault]) -> T | None:
    value: T | None = _model(read(path, name), model, faults)
    return value


def _model(document: Document, model: Any, faults: list[Fault]) -> Any:
    """The typed value; None, and faults added, where there is none. An empty file is a mapping without keys."""
    faults.extend(document.faults)
    if document.faults and document.data is None:
        return None
    data = {} if document.data is None else document.data
    try:
        return TypeAdapter(model).validate_python(data)
    except ValidationError as error:
        faults.extend(mends(document, model, error))
        return None
