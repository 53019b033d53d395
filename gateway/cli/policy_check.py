"""`handrail policy check`: what policies promise and can't keep, each with its mend."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway import app as house
from gateway.admin.checks import Severity, check_policy, policies_in_use
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, settings_from
from gateway.cli.output import FOUND, print_account, print_json, say

Name = Annotated[str | None, typer.Argument(help="A name that `handrail policy list` shows.", show_default=False)]


def check(
    name: Name = None,
    config: Config = DEFAULT,
    everyone: Annotated[bool, typer.Option("--all", help="Check every policy, also those that nobody uses.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find promises that can't be kept and knobs without effect, in one policy or in all that are in use.

    Ends with 0 where nothing is an error, 1 where something is.

    Example: `handrail policy check mornings-billed`
    """
    settings = settings_from(config)
    if name is not None:
        must_know("policy", name, settings.policies, "NAME")
    chosen = [name] if name is not None else sorted(settings.policies if everyone else policies_in_use(settings))
    spoken = frozenset(house.templates_of(settings).languages)
    found = {one: check_policy(settings, one, spoken) for one in chosen}
    findings = [finding for ones in found.values() for finding in ones]
    if as_json:
        print_json(found)
    elif findings:
        rows = [(f.severity.value, f.where, f"{f.what}; {f.mend}") for f in findings]
        print_account(rows, ("", "where", "what, and what mends it"))
    else:
        say(f"{', '.join(chosen)}: nothing to mend.")
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(FOUND)
