"""`handrail policy`: what each policy says, as its file and as the card that a client reads."""

from __future__ import annotations

from typing import Annotated

import typer
from ruamel.yaml import YAML

from gateway.cli.options import DEFAULT, AsJson, Config, must_know, settings_from
from gateway.cli.output import print_json, print_table, say
from gateway.core.policy.card import About
from gateway.core.policy.card import card as sentences
from gateway.core.policy.schema import Policy, as_file
from gateway.settings.schema import Settings

app = typer.Typer(
    no_args_is_help=True, help="The policies: one file each, which is promise, behaviour and text at once."
)

Name = Annotated[str, typer.Argument(help="A name that `handrail policy list` shows.")]


@app.command("list")
def names(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List the policies, your own and the shipped ones, with their summaries."""
    policies = sorted(settings_from(config).policies.items())
    if as_json:
        print_json([{"name": name, "summary": policy.summary} for name, policy in policies])
    else:
        print_table([(name, policy.summary) for name, policy in policies], ("policy", "summary"))


@app.command()
def show(name: Name, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show a policy as a file, with every default written out.

    Example, to make one your own: `handrail policy show mornings-billed > config/policies/my-mornings.yaml`
    """
    policy = _policy(settings_from(config), name)
    if as_json:
        print_json(as_file(policy))
        return
    writer = YAML()
    writer.default_flow_style = False
    writer.dump(as_file(policy), typer.get_text_stream("stdout"))


@app.command()
def card(name: Name, config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Show the card that a client can read: ten questions, answered from the policy.

    Example: `handrail policy card mornings-billed`
    """
    settings = settings_from(config)
    policy, practice = _policy(settings, name), settings.gateway.practice
    about = About(practice.phone, practice.crisis_line, practice.timezone)
    lines = sentences(policy, about)
    if as_json:
        print_json([{"question": question, "answer": answer} for question, answer in lines])
        return
    if policy.summary:
        say(f"{policy.summary}\n")
    for question, answer in lines:
        say(f"{question}\n    {answer}\n")


def _policy(settings: Settings, name: str) -> Policy:
    must_know("policy", name, settings.policies, "NAME")
    return settings.policies[name]
