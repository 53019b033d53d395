"""A config folder to `Settings`, or to every fault in it at once, each with file, line, column and mend.

The folder holds `gateway.yaml`, `routes.yaml` (without it each mailbox takes its own addresses), `policies/NAME.yaml`
and `urgency/LANG/*.yaml`. Policies and lexicons that are not in the folder are the shipped ones.
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
from gateway.settings.mends import faults as mends
from gateway.settings.schema import Gateway, RouteRule, Settings

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
    policy_files = _with_shipped(folder, "policies", "*.yaml")
    gateway = _model(document, Gateway, faults)
    rules = _model(routes_document, tuple[RouteRule, ...], faults) if routes_document else None
    policies = {path.stem: _from_file(path, name, Policy, faults) for name, path in policy_files.items()}
    lexicons = [
        _from_file(path, name, Lexicon, faults) for name, path in _with_shipped(folder, "urgency", "*/*.yaml").items()
    ]
    faults.extend(check(document, routes_document, policies.keys(), folder))
    if faults or gateway is None:
        raise SettingsError(tuple(faults))
    return Settings(
        folder=folder,
        gateway=gateway,
        routes=rules if rules is not None else own_addresses(gateway),
        policies={name: policy for name, policy in policies.items() if policy is not None},
        lexicons=tuple(lexicon for lexicon in lexicons if lexicon is not None),
    )


def own_addresses(gateway: Gateway) -> tuple[RouteRule, ...]:
    """The routes where no file says any: each mailbox takes its address and its aliases."""
    return tuple(
        RouteRule(to=address, mailbox=name)
        for name, mailbox in gateway.mailboxes.items()
        for address in (mailbox.address, *mailbox.aliases)
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


def _with_shipped(folder: Path, kind: str, pattern: str) -> dict[str, Path]:
    """Files of a kind by their name in the folder; the practice's own hide shipped ones of the same name."""
    found: dict[str, Path] = {}
    for root in (shipped.folder("config"), folder):
        found |= {path.relative_to(root).as_posix(): path for path in sorted((root / kind).glob(pattern))}
    return found


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
