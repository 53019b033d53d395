"""`handrail policy`: what each policy says, as its file and as the card that a client reads."""

from __future__ import annotations

import sys
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from ruamel.yaml import YAML

from gateway import app as house
from gateway.admin.cards import about_for
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, settings_from
from gateway.cli.output import WRONG, fail, print_json, print_table, say
from gateway.clock import SystemClock
from gateway.core.policy.schema import Policy, as_file
from gateway.core.policy.sheet import Sheet
from gateway.settings.schema import Settings
from gateway.wording.cards import Cards

app = typer.Typer(
    no_args_is_help=True, help="The policies: one file each, which is promise, behaviour and text at once."
)


@unique
class Format(StrEnum):
    """What a card is made as."""

    TEXT = "text"
    HTML = "html"
    PDF = "pdf"


Name = Annotated[str, typer.Argument(help="A name that `handrail policy list` shows.")]
Language = Annotated[
    str, typer.Option("--lang", help="The language, for example `de`; left out: the practice's.", show_default=False)
]
As = Annotated[Format, typer.Option("--format", help="A page that loads nothing, or a file to print.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write it to this file.", dir_okay=False, show_default=False)
]
Mailbox = Annotated[
    str,
    typer.Option(help="Whose absences and receipts it tells of; left out: one that it is for.", show_default=False),
]


@app.command("list")
def names(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """List the policies, your own and the shipped ones, with their summaries."""
    settings = settings_from(config)
    own = settings.gateway.practice.language
    rows = [(name, _summary(policy, own)) for name, policy in sorted(settings.policies.items())]
    if as_json:
        print_json([{"name": name, "summary": summary} for name, summary in rows])
    else:
        print_table(rows, ("policy", "summary"))


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
def card(
    name: Name,
    config: Config = DEFAULT,
    language: Language = "",
    mailbox: Mailbox = "",
    form: As = Format.TEXT,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Show the card that a client can read: ten questions, answered from the policy.

    Example: `handrail policy card mornings-billed --lang de --format pdf --output card.pdf`
    """
    settings = settings_from(config)
    cards = house.cards_of(settings)
    sheet = _sheet(settings, cards, name, language, mailbox)
    if as_json:
        print_json([{"question": question, "answer": answer} for question, answer in sheet.passages])
    elif form is Format.PDF:
        if output is None and sys.stdout.isatty():
            raise fail(WRONG, "A PDF is nothing for a terminal; name a file with `--output card.pdf`")
        _write_octets(cards.pdf(sheet), output)
    elif form is Format.HTML:
        _write_octets(cards.html(sheet).encode("utf-8", "replace"), output)
    elif output is not None:
        _write(_text(sheet).encode("utf-8", "replace"), output)
    else:
        say(_text(sheet))


def _sheet(settings: Settings, cards: Cards, name: str, language: str, mailbox: str) -> Sheet:
    policy, practice = _policy(settings, name), settings.gateway.practice
    if language:
        must_know("language", language.partition("-")[0], cards.languages(name), "--lang")
    if mailbox:
        must_know("mailbox", mailbox, settings.gateway.mailboxes, "--mailbox")
    today = SystemClock().now().astimezone(ZoneInfo(practice.timezone)).date()
    about = about_for(settings, name, today, mailbox)
    try:
        return cards.sheet(policy, about, practice.name, language or practice.language, name)
    except ValueError as error:
        raise fail(WRONG, f"The card can't be said: {error}; `handrail check` tells more") from None


def _text(sheet: Sheet) -> str:
    indented = [(question, answer.replace("\n", "\n    ")) for question, answer in sheet.passages]
    summary = [sheet.summary] if sheet.summary else []
    return "\n\n".join([*summary, *(f"{question}\n    {answer}" for question, answer in indented)]) + "\n"


def _write_octets(content: bytes, output: Path | None) -> None:
    if output is not None:
        _write(content, output)
    else:
        typer.get_binary_stream("stdout").write(content)


def _write(content: bytes, output: Path) -> None:
    try:
        output.write_bytes(content)
    except OSError as error:
        raise fail(WRONG, f"{output} can't be written ({error.strerror}); name another file") from None


def _summary(policy: Policy, own: str) -> str:
    """In the practice's language, else in whatever language there is one."""
    return policy.summary_in(own, own) or next(iter(policy.summary.values()), "")


def _policy(settings: Settings, name: str) -> Policy:
    must_know("policy", name, settings.policies, "NAME")
    return settings.policies[name]
