"""Templates to words: `<language>/<message>/{subject.txt,body.txt,body.html}`, looked for in this order:

1. `policies/<policy>/<language>/...`, what one policy says in its own way;
2. `<language>/...` in the practice's own folder;
3. `<language>/...` as it is shipped.

That holds file by file, for what templates include as well, so that one sentence can be said anew without the rest.
Templates run in Jinja's sandbox, with strict undefined: a name that the context lacks is an error, never a gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway import ports
from gateway.core.effects import Ack, Mail, Notice, Reminder
from gateway.core.policy.client import as_agreed
from gateway.core.policy.schema import Policy
from gateway.core.policy.sheet import Change, Passage
from gateway.settings.schema import Cover, Mailbox, Practice
from gateway.wording.cards import Cards
from gateway.wording.contexts import FOLDERS, Context, context_for, draft_for, folder_for
from gateway.wording.faults import MISTAKES, Fault, fault_of, place_of
from gateway.wording.letter import Paragraph, as_text, paragraphs
from gateway.wording.premises import Line, Premises
from gateway.wording.samples import Sample, premises_for_samples, samples
from gateway.wording.shape import pairs, shape
from gateway.wording.shelf import LANGUAGE, POLICIES, Shelf

_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*")


class Templates:
    """`ports.Wording` by folders of templates; the first folder that has a template wins."""

    def __init__(
        self,
        folders: Sequence[Path],
        practice: Practice,
        mailboxes: Mapping[str, Mailbox],
        policies: Mapping[str, Policy],
        policy_of: Callable[[str, int], Policy | None] | None = None,
        covers: Mapping[str, Cover] | None = None,
        crisis_lines: Mapping[str, Line] | None = None,
    ) -> None:
        """`policies` are those in force; without `policy_of` they stand for every version of theirs."""
        self._folders = tuple(folders)
        self._premises = Premises(
            practice=practice,
            mailboxes=mailboxes,
            policies=policies,
            policy_of=policy_of or (lambda name, _: policies.get(name)),
            covers=covers or {},
            crisis_lines=crisis_lines or {},
        )
        self._cards = Cards(folders)
        self._shared = _environment(self._folders)
        self._own: dict[str, Environment] = {}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Every language that there are templates in."""
        return Shelf(self._shared, self._folders, tuple(self._premises.policies)).languages

    def render(self, effect: Mail) -> ports.Words:
        """Subject, text and HTML, in the first language that has templates: the effect's, the practice's, English.

        Raises ValueError where a template is missing or fails; its text names the template and nothing of the mail.
        """
        return self._say(effect, folder_for(effect), lambda language: self._context(effect, self._premises, language))

    def draft(self, effect: Reminder) -> ports.Words:
        """The draft to the client that goes with a reminder; language and failure as `render` has them."""
        return self._say(effect, "draft", lambda language: draft_for(effect, self._premises, language))

    def shown(self, policy: str, language: str, mailbox: str) -> Iterator[tuple[Sample, ports.Words]]:
        """Every message as it would go out under a policy, each with a sample that brings it about.

        Raises ValueError as `render` does.
        """
        premises = premises_for_samples(self._premises)
        for sample in samples(policy, language, mailbox, premises):
            yield sample, self._say(sample.effect, sample.message, self._contexts(sample, premises))

    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong with the templates, in every language that there is, tried with samples for every policy.

        Their texts name templates, and nobody's mail.
        """
        shelf = Shelf(self._shared, self._folders, tuple(self._premises.policies))
        told: dict[tuple[str, str], Fault] = {}
        for fault in (
            *shelf.faults(),
            *self._unspoken(shelf.languages),
            *self._flaws(),
            *self._failures(shelf.languages),
        ):
            told.setdefault((fault.where, fault.what), fault)
        return tuple(told.values())

    def _unspoken(self, languages: Sequence[str]) -> Iterator[Fault]:
        own = self._premises.practice.language
        if own not in languages and own.partition("-")[0] not in languages:
            what = f"there are no templates in {own}, so mail goes out in English"
            mend = f"write one of {', '.join(languages)}, or add templates/{own.partition('-')[0]}"
            yield Fault("gateway.yaml practice.language", what, mend)

    def _flaws(self) -> Iterator[Fault]:
        premises = self._premises
        about = premises.about(next(iter(premises.mailboxes), ""))
        return (Fault(*flaw) for flaw in self._cards.flaws(premises.policies, about))

    def _failures(self, languages: Sequence[str]) -> Iterator[Fault]:
        premises = premises_for_samples(self._premises)
        distinct = tuple(self._distinct(premises))
        for language in languages:
            for sample, environment in distinct:
                said = replace(sample, effect=replace(sample.effect, language=language))
                context = self._tried(said, premises, language)
                if context is not None:
                    yield from self._failure(context, language, environment)

    def _distinct(self, premises: Premises) -> Iterator[tuple[Sample, Environment]]:
        """As few samples as bring each two parts of a context together in every shape that they have.

        Once for each set of templates that policies may have of their own.
        """
        # Nobody changes a file while it is tried; to ask each time whether one did takes most of the time.
        still = {policy: self._environment(policy) for policy in premises.policies}
        frozen = {id(one): one.overlay(auto_reload=False) for one in still.values()}
        met: dict[int, set[Hashable]] = {one: set() for one in frozen}
        told: set[tuple[int, Hashable]] = set()
        for policy, mailbox in product(premises.policies, _kinds(premises.mailboxes)):
            environment = id(still[policy])
            for sample in samples(policy, "en", mailbox, premises, every=True):
                context = self._tried(sample, premises, "en")
                key = (environment, shape(context) if context is not None else sample.message)
                if key in told:
                    continue
                told.add(key)
                shapes = pairs(context) if context is not None else {sample.message}
                if not shapes <= met[environment]:
                    met[environment] |= shapes
                    yield sample, frozen[environment]

    def _tried(self, sample: Sample, premises: Premises, language: str) -> Context | None:
        try:
            return self._contexts(sample, premises)(language)
        except ValueError:
            return None  # a card that fails, which `_flaws` has told

    def _failure(self, context: Context, language: str, environment: Environment) -> Iterator[Fault]:
        folder = f"{language}/{FOLDERS[type(context)]}"
        if not _has(environment, f"{folder}/subject.txt"):
            return
        try:
            self._fill(context, folder, environment)
        except MISTAKES as error:
            if fault := fault_of(error, folder, context):
                yield fault

    def _contexts(self, sample: Sample, premises: Premises) -> Callable[[str], Context]:
        effect = sample.effect
        if sample.message == "draft" and isinstance(effect, Reminder):
            return lambda language: draft_for(effect, premises, language)
        return lambda language: self._context(effect, premises, language)

    def _say(self, effect: Mail, message: str, context: Callable[[str], Context]) -> ports.Words:
        environment = self._environment(effect.policy)
        wanted = effect.client_language if isinstance(effect, Reminder) and message == "draft" else ""
        language = self._language(wanted or effect.language, message, environment)
        values = context(language)
        try:
            return self._words(values, language, environment)
        except MISTAKES as error:
            place = place_of(error, f"{language}/{message}")
            raise ValueError(f"template {place} failed: {type(error).__name__}") from None

    def _context(self, effect: Mail, premises: Premises, language: str) -> Context:
        card, changes = self._card(effect, premises, language), self._changes(effect, premises, language)
        return context_for(effect, premises, language, card, changes)

    def _card(self, effect: Mail, premises: Premises, language: str) -> tuple[Passage, ...]:
        policy = premises.policy(effect)
        if not (isinstance(effect, Ack) and effect.known and effect.welcome and policy):
            return ()
        about = premises.about(effect.ref.mailbox, effect.country)
        passages = self._cards.card(as_agreed(policy, effect.messages, effect.exempt), about, language, effect.policy)
        return tuple(Passage(one.question, _parted(one.answer)) for one in passages)

    def _changes(self, effect: Mail, premises: Premises, language: str) -> tuple[Change, ...]:
        if not isinstance(effect, Notice):
            return ()
        before, after = (premises.policy_of(effect.policy, number) for number in (effect.before, effect.version))
        if before is None or after is None:
            raise ValueError(f"a version of policy {effect.policy} is not known here yet")
        before, after = (as_agreed(one, effect.messages, effect.exempt) for one in (before, after))
        about = premises.about(effect.ref.mailbox, effect.country)
        changes = self._cards.difference(before, after, about, language, effect.policy)
        return tuple(Change(one.question, _parted(one.before), _parted(one.after)) for one in changes)

    def _words(self, context: Context, language: str, environment: Environment) -> ports.Words:
        subject, parts, html = self._fill(context, f"{language}/{FOLDERS[type(context)]}", environment)
        return ports.Words(subject=subject, text=as_text(parts, self._whole), html=html, language=language)

    def _fill(self, context: Context, folder: str, environment: Environment) -> tuple[str, tuple[Paragraph, ...], str]:
        """Subject, paragraphs and HTML."""
        values: dict[str, Any] = {field.name: getattr(context, field.name) for field in fields(context)}
        subject = " ".join(environment.get_template(f"{folder}/subject.txt").render(values).split())
        parts = paragraphs(environment.get_template(f"{folder}/body.txt").render(values))
        page = environment.get_template(f"{folder}/body.html")
        return subject, parts, page.render(values | {"title": subject, "paragraphs": parts})

    @cached_property
    def _whole(self) -> tuple[str, ...]:
        """What must be found at a glance, as a number to call, and is never broken over two lines."""
        premises = self._premises
        lines = (line.line for line in premises.crisis_lines.values())
        numbers = (cover.phone for cover in premises.covers.values())
        found = (premises.practice.phone, premises.practice.crisis_line, *numbers, *lines)
        return tuple(one for one in found if one)

    def _environment(self, policy: str) -> Environment:
        """What a policy's mail is filled by: with its own templates first, where it has some."""
        if not _NAME.fullmatch(policy):
            return self._shared
        own = [folder / POLICIES / policy for folder in self._folders]
        if not any(folder.is_dir() for folder in own):
            return self._shared
        if policy not in self._own:
            loaders = [FileSystemLoader(folder) for folder in (*own, *self._folders)]
            self._own[policy] = self._shared.overlay(loader=ChoiceLoader(loaders))
        return self._own[policy]

    def _language(self, wanted: str, message: str, environment: Environment) -> str:
        own = self._premises.practice.language
        for tag in (wanted, wanted.partition("-")[0], own, own.partition("-")[0]):
            if LANGUAGE.fullmatch(tag) and _has(environment, f"{tag}/{message}/subject.txt"):
                return tag
        return "en"


def _environment(folders: Sequence[Path]) -> Environment:
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"], default=False, default_for_string=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        cache_size=-1,
    )


def _has(environment: Environment, template: str) -> bool:
    try:
        environment.get_template(template)
    except TemplateNotFound:
        return False
    except (TemplateError, UnicodeDecodeError):
        return True  # it is there and fails; rendering says so
    return True


def _parted(answer: str) -> str:
    """A card's lines as a letter's paragraphs."""
    return answer.replace("\n", "\n\n")


def _kinds(mailboxes: Mapping[str, Mailbox]) -> Sequence[str]:
    """A watched and an unwatched mailbox stand for all."""
    return list({mailbox.watch is None: name for name, mailbox in mailboxes.items()}.values())
