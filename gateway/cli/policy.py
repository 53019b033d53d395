"""`handrail policy`: what each policy says, as its file and as the card that a client reads."""

from __future__ import annotations

import typer
from ruamel.yaml import YAML

from gateway.cli.options import DEFAULT, AsJson, Config, settings_from
from gateway.cli.output import WRONG, fail, print_json
from gateway.core.policy.card import About
from gateway.core.policy.card import card as sentences
from gateway.core.policy.schema import Policy, as_file
from gateway.settings.schema import Settings

app = typer.Typer(help="The policies: one file each, which is promise, behaviour and text.")


@app.command("list")
def names(config: Config = DEFAULT) -> None:
    """List the policies, with their summaries."""
    for name, policy in sorted(settings_from(config).policies.items()):
        typer.echo(f"{name:24} {policy.summary}")


@app.command()
def show(name: str, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show a policy with every default written out."""
    policy = _policy(settings_from(config), name)
    if as_json:
        print_json(as_file(policy))
        return
    writer = YAML()
    writer.default_flow_style = False
    writer.dump(as_file(policy), typer.get_text_stream("stdout"))


@app.command()
def card(name: str, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show the card that a client can read, computed from the policy."""
    settings = settings_from(config)
    policy, practice = _policy(settings, name), settings.gateway.practice
    about = About(practice.phone, practice.crisis_line, practice.timezone)
    lines = sentences(policy, about)
    if as_json:
        print_json([{"question": question, "answer": answer} for question, answer in lines])
        return
    if policy.summary:
        typer.echo(f"{policy.summary}\n")
    for question, answer in lines:
        typer.echo(f"{question}\n    {answer}\n")


def _policy(settings: Settings, name: str) -> Policy:
    if name not in settings.policies:
        raise fail(WRONG, f"There is no policy {name!r}; there is {', '.join(sorted(settings.policies))}.")
    return settings.policies[name]
