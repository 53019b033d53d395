"""All commands in the order in which an admin meets them."""

from __future__ import annotations

import typer

from gateway import __version__, logs
from gateway.cli import (
    changes,
    check,
    clients,
    clients_table,
    demo,
    explain,
    init,
    ledger,
    login,
    note,
    outbox,
    policy,
    policy_check,
    preview,
    promises,
    schema,
    serve,
    simulate,
    status,
)

app = typer.Typer(
    name="handrail",
    help="An email gateway in front of a therapy practice's mailbox: it confirms what arrived, marks what is urgent, "
    "says what was read and counts the time, all from one policy file.\n\n"
    "New here? Run `handrail demo`. For your practice: `handrail init`, `handrail check`, `handrail serve`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"handrail {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(  # noqa: ARG001 - its callback has seen to it
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Stands before every command."""
    # A command prints what it has to say; `serve` and `demo` log as their settings want it.
    logs.set_up("warning", "text")


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("schema")(schema.schema)
policy.app.command("check")(policy_check.check)
app.command("serve")(serve.serve)
app.command("login")(login.login)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.command("preview")(preview.preview)
app.command("simulate")(simulate.simulate)
app.command("promises")(promises.promises)
app.command("ledger")(ledger.ledger)
app.add_typer(note.app, name="note")
clients.app.command("import")(clients_table.read)
clients.app.command("export")(clients_table.write)
app.add_typer(clients.app, name="clients")
policy.app.command("versions")(changes.versions)
policy.app.command("announce")(changes.announce)
app.add_typer(policy.app, name="policy")
app.add_typer(outbox.app, name="outbox")
