"""Samples of what a digest tells beside what is open, and of the words back about its links; nobody in them is real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args

from gateway.core.effects import ActionTold, Digest
from gateway.core.news import Action, Beyond, Charging, Fate, Link, Noted, Open, Unacked

_OFFICE = "office@client.example"
#: As long as a true one.
_TOKEN = f"0{'sample' * 16}xx9"
#: What is done, in a few English words.
_CASES = {
    Action.WAIVE: "a charge is waived",
    Action.SCHEDULING: "a message is marked as one about appointments",
    Action.AS_FOUND: "a message is marked as it was before",
    Action.MUTE: "somebody gets no more confirmations",
    Action.UNMUTE: "somebody gets confirmations again",
}


def link(action: Action) -> Link:
    """A link that leads nowhere."""
    return Link(action, _TOKEN)


def with_links(messages: tuple[Open, ...]) -> tuple[Open, ...]:
    """Messages of a digest with what can be done about them."""
    first, second, *others = messages
    all_three = tuple(link(one) for one in (Action.WAIVE, Action.SCHEDULING, Action.MUTE))
    return (replace(first, links=all_three[-1:]), replace(second, links=all_three), *others)


def with_news(digest: Digest, client: str, control: str) -> Digest:
    """A digest that tells of everything that there is."""
    at = digest.due
    came = at - timedelta(hours=20)
    return replace(
        digest,
        withdrawn=(Noted(client, came),),
        away=(Noted(client, came),),
        unacked=(
            Unacked(author=client, received=came, why="unsafe"),
            Unacked(author=client, received=came, why="quiet"),
            Unacked(author=_OFFICE, received=came, why="often"),
            Unacked(author=client, received=came, why="muted", links=(link(Action.UNMUTE),)),
        ),
        charging=(
            Charging(author=client, over=False, minutes=13, free=timedelta(minutes=15), messages=2, cluster=4),
            Charging(author=_OFFICE, over=True, minutes=18, free=timedelta(minutes=15), messages=4),
            Charging(author=_OFFICE, over=False, minutes=3, free=None, messages=3, cluster=4),
        ),
        beyond=(
            Beyond(author=client, used=6, allowed=5, unit="messages", per="week"),
            Beyond(author=client, used=2, allowed=1, unit="messages", per="session"),
            Beyond(author=_OFFICE, used=31, allowed=30, unit="minutes", per="month"),
        ),
        given_up=2,
        control=control,
        note_link=link(Action.NOTE),
        note="I am away next week.",
    )


def actions(inner: Mapping[str, Any], client: str, control: str) -> Iterator[tuple[str, ActionTold]]:
    """What is told of links, as the therapist mostly meets it."""
    for action, case in _CASES.items():
        yield case, _told(inner, client, control, "done", action)
    yield "a link was used before", _told(inner, client, control, "before", Action.WAIVE)
    yield "a link ran out", _told(inner, client, control, "expired", Action.WAIVE)
    yield "a link that nobody can tell for the therapist's own", _told(inner, "", control, "unproven", None)


def rare_actions(inner: Mapping[str, Any], client: str, control: str) -> Iterator[ActionTold]:
    """Everything else that may become of a link."""
    for fate in get_args(Fate):
        yield _told(inner, "", control, fate, None)
        for action in Action:
            yield replace(_told(inner, client, control, fate, action), reason="", undo=None)


def _told(inner: Mapping[str, Any], client: str, control: str, fate: Fate, action: Action | None) -> ActionTold:
    due: datetime = inner["due"]
    undo = {Action.MUTE: Action.UNMUTE, Action.UNMUTE: Action.MUTE, Action.SCHEDULING: Action.AS_FOUND}
    back = undo.get(action) if action else None
    return ActionTold(
        **inner,
        message="0" * 64,
        fate=fate,
        action=action,
        author=client,
        received=due - timedelta(hours=20) if client else None,
        reason="the first one is on me" if action is Action.WAIVE else "",
        control=control,
        undo=link(back) if back and fate == "done" else None,
    )
