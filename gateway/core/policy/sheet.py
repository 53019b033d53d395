"""A policy card in words, for whoever shows, prints or sends it: plain values, which `gateway.wording.cards` makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple


class Passage(NamedTuple):
    """One question of a policy card with its answer."""

    question: str
    answer: str


class Change(NamedTuple):
    """A question that two states of a policy answer otherwise."""

    question: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A policy card to be shown or printed."""

    title: str
    #: The therapist's own words; empty where there are none in this language.
    summary: str
    passages: tuple[Passage, ...]
    #: Its tag, as `de`.
    language: str
    direction: Literal["ltr", "rtl"] = "ltr"
