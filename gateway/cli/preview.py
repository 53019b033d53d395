"""`handrail preview`: every message as it would go out, before anybody gets one."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Annotated

import typer

from gateway import app as house
from gateway.cli.options import DEFAULT, AsJson, Config, must_know, settings_from
from gateway.cli.output import FOUND, WRONG, fail, print_json, say
from gateway.core.policy.schema import Policy
from gateway.ports import Words
from gateway.settings.schema import Settings
from gateway.wording import MESSAGES, Sample, is_sent

Shown = tuple[Sample, Words]
#: Points of height for a line of a letter on the page; the letter scrolls where that is too little.
_LINE = 24


def preview(
    message: Annotated[str, typer.Argument(help=f"Only this one: {', '.join(MESSAGES)}.", show_default=False)] = "",
    policy: Annotated[str, typer.Option(help="A policy; else the mailbox's own.", show_default=False)] = "",
    lang: Annotated[str, typer.Option(help="A language; else the practice's.", show_default=False)] = "",
    mailbox: Annotated[str, typer.Option(help="A mailbox; else the first.", show_default=False)] = "",
    page: Annotated[Path | None, typer.Option("--html", help="Write one page with all of it.")] = None,
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show each message as it would go out under a policy, in a language, each with a sample of what brings it about.

    Sends nothing. Your own words are used where there are some: a file `templates/en/help.txt` in the config folder
    goes before the shipped one, and `templates/policies/open-door/en/help.txt` goes before both, for that policy alone.

    Examples:

    * `handrail preview`

    * `handrail preview ack --policy clear-limits --lang fr`

    * `handrail preview --policy open-door --html preview.html`
    """
    settings = settings_from(config)
    chosen = _mailbox(settings, mailbox)
    name = policy or settings.gateway.mailboxes[chosen].policy
    must_know("policy", name, settings.policies, "--policy")
    if message:
        must_know("message", message, MESSAGES, "MESSAGE")
    shown = _shown(settings, name, lang, chosen)
    rule = settings.policies[name]
    wanted = [one for one in shown if (one[0].message == message if message else is_sent(one[0], rule))]
    if page is not None:
        _write(page, _page(f"Mail under {name}", wanted, rule))
    if as_json:
        print_json([_as_json(one, rule) for one in wanted])
    elif page is None:
        _tell(wanted, shown, rule)


def _mailbox(settings: Settings, name: str) -> str:
    mailboxes = settings.gateway.mailboxes
    if name:
        must_know("mailbox", name, mailboxes, "--mailbox")
    return name or next(iter(mailboxes))


def _shown(settings: Settings, policy: str, lang: str, mailbox: str) -> list[Shown]:
    wording = house.templates_of(settings)
    language = lang or settings.gateway.practice.language
    if lang and lang.partition("-")[0] not in {one.partition("-")[0] for one in wording.languages}:
        must_know("language", lang, wording.languages, "--lang")
    try:
        return list(wording.shown(policy, language, mailbox))
    except ValueError as error:
        raise fail(FOUND, f"{error}; `handrail check` says why") from None


def _tell(wanted: list[Shown], shown: list[Shown], rule: Policy) -> None:
    for sample, words in wanted:
        say(f"{_title(sample, rule)}\n  Subject: {words.subject}\n", "  ")
        say("\n".join(f"  {line}".rstrip() for line in words.text.splitlines()))
        say()
    never = {sample.message for sample, _ in shown} - {sample.message for sample, _ in shown if is_sent(sample, rule)}
    if never and len({sample.message for sample, _ in wanted}) > 1:
        say(f"Under this policy there is never: {', '.join(sorted(never))}.")


def _title(sample: Sample, rule: Policy) -> str:
    return f"{sample.message}: {sample.case}{'' if is_sent(sample, rule) else ' (not sent under this policy)'}"


def _as_json(shown: Shown, rule: Policy) -> dict[str, object]:
    sample, words = shown
    return {
        "message": sample.message,
        "case": sample.case,
        "sent": is_sent(sample, rule),
        "language": words.language,
        "subject": words.subject,
        "text": words.text,
        "html": words.html,
    }


def _page(title: str, shown: list[Shown], rule: Policy) -> str:
    """One page that loads nothing: each letter in a frame of its own, in which nothing runs."""
    letters = "\n".join(_letter(sample, words, rule) for sample, words in shown)
    language = html.escape(shown[0][1].language if shown else "en")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        "<style>body{font-family:sans-serif;max-width:44em;margin:2em auto;padding:0 1em}"
        "iframe{width:100%;border:1px solid #bbb}h2{font-size:1em;margin-top:2em}</style></head>\n"
        f"<body>\n<h1>{html.escape(title)}</h1>\n{letters}\n</body>\n</html>\n"
    )


def _letter(sample: Sample, words: Words, rule: Policy) -> str:
    height = _LINE * (len(words.text.splitlines()) + 3)
    return (
        f"<h2>{html.escape(_title(sample, rule))}</h2>\n<p>Subject: {html.escape(words.subject)}</p>\n"
        f'<iframe sandbox title="{html.escape(sample.message)}" style="height:{height}px" '
        f'srcdoc="{html.escape(words.html)}"></iframe>'
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(WRONG, f"{path} can't be written ({error.strerror}); name another file") from None
    typer.echo(f"Wrote {path}.", err=True)
