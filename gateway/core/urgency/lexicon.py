"""Phrases of urgency, as data: one lexicon a file, with its language, level, source and licence."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from gateway.core.events import Level


class Lexicon(BaseModel):
    """One list of phrases. Two kinds: words of urgency (they raise the level) and of a category (they name it)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """Shown with each hit."""
    language: str
    """ISO 639 code, for example `en`."""
    level: Level = Level.ROUTINE
    """What a hit raises the message to."""
    category: Literal["", "scheduling", "billing", "stressor"] = ""
    """What a hit says the message is about."""
    source: str
    """Where the phrases come from."""
    licence: str
    """Under which licence."""
    phrases: tuple[str, ...]
    """Words as people write them; case, accents and apostrophes don't matter, `*` at the end takes any ending."""
    fillers: tuple[str, ...] = ()
    """Words that may stand between those of a phrase and change nothing, for example `just`; at most three in a row."""
    masks: tuple[str, ...] = ()
    """Idioms that hide a phrase within their own span, for example `dying to see`."""
