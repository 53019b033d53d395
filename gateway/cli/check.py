"""`handrail check`: what is wrong with the config, and with the world that it names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from gateway import app as house
from gateway.admin.checks import Finding, Severity, check_live
from gateway.admin.checks import check as consistency
from gateway.cli.options import DEFAULT, AsJson, Config
from gateway.cli.output import FOUND, WRONG, fail, print_json, say
from gateway.settings.errors import SettingsError

_MARKS = {Severity.ERROR: "error  ", Severity.WARNING: "warning", Severity.NOTICE: "notice ", Severity.FINE: "ok     "}
#: Columns before what is found.
_MARGIN = 9
#: What the second line of a finding is called; what is well needs none.
_MENDS = {Severity.ERROR: "mend: ", Severity.WARNING: "mend: ", Severity.NOTICE: "to change it: "}


def check(
    config: Config = DEFAULT,
    live: Annotated[bool, typer.Option("--live", help="Also ask mail servers, smart host, store and DNS.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the config folder: faults with file and line, templates, promises that can't be kept, each with its mend.

    Ends with 0 where nothing is an error, 1 where something is, 2 where the files can't be used as they are.

    Example, before the gateway goes into service: `handrail check --config /etc/handrail --live`
    """
    try:
        settings = house.settings_from(config)
    except SettingsError as error:
        if as_json:
            print_json({"faults": error.faults, "findings": []})
            raise typer.Exit(WRONG) from None
        raise fail(WRONG, str(error)) from None
    findings = [*house.faults_of_files(settings), *consistency(settings), *asyncio.run(house.sign_ins_found(settings))]
    if live:
        findings += asyncio.run(check_live(house.probes_for(settings)))
    if as_json:
        print_json({"faults": [], "findings": findings})
    else:
        _tell(findings, str(config))
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(FOUND)


def _tell(findings: Sequence[Finding], folder: str) -> None:
    for finding in findings:
        say(f"{_MARKS[finding.severity]}  {finding.where}: {finding.what}", " " * _MARGIN)
        if finding.mend and finding.severity in _MENDS:
            say(f"{' ' * _MARGIN}{_MENDS[finding.severity]}{finding.mend}", "  ")
    graver = sum(finding.severity in {Severity.ERROR, Severity.WARNING} for finding in findings)
    say(f"{folder}: {graver} to mend." if graver else f"{folder}: nothing to mend.")
