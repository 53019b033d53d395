"""The therapist's own commands: mails to the control address whose subject carries a token of a digest's link.

In go the facts of such a mail, later what its token allows and the message that it is about; out come events, an entry
of the roster or a presence note, and the word back to the therapist. Of a mail's body nothing counts but the words of
a presence note and the reason for a waiver. Refuses to know how it is proven that the therapist sent it, and what was
spent: `flow.commands` asks for that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.decide.decision import Order, Setting
from gateway.core.decide.observation import person_behind
from gateway.core.decide.presence import expires, is_control, note_kept
from gateway.core.decide.tokens import LIFETIME, Token, token_in
from gateway.core.effects import ActionTold, Effect, action_key
from gateway.core.events import Event, Recategorised, Received, Ref, Waived
from gateway.core.history import Note, Story
from gateway.core.message.facts import Facts
from gateway.core.news import Action, Fate, Link
from gateway.core.policy.client import Client

#: The category of messages about appointments.
SCHEDULING = "scheduling"
#: The longest reason for a waiver that is kept.
LONGEST_REASON = 200
#: What becomes of a command that can't be carried out is told while it is news: folders of sent mail are read anew.
NEWS = timedelta(days=1)
#: So long a command that nobody can tell for the therapist's own waits for its copy to be found among sent mail.
PROOF = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Done:
    """What carrying an order out brings about; nothing but the word back where it was done before."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    client: Client | None = None
    note: Note | None = None


def order_in(facts: Facts, setting: Setting, at: datetime) -> Order | None:
    """The order that a mail to the control address, and to nobody else, gives; None for a mail of another sort.

    An answer or a forward may give one too: only who has a digest of the therapist's knows a token.
    """
    if not facts.to or not all(is_control([one], setting) for one in facts.to):
        return None
    token = token_in(facts.subject)
    return None if token is None else Order(facts.key, token, facts.subject, facts.new_text, at)


def carry_out(setting: Setting, order: Order, token: Token, story: Story | None, client: Client | None) -> Done:
    """What an order with a token that holds brings about. `client` is the entry of who wrote the message."""
    if token.action is Action.NOTE:
        return _leave_note(setting, order)
    received = story.received if story else None
    if story is None or received is None:
        return _told(setting, order, "gone", action=token.action)
    match token.action:
        case Action.WAIVE:
            return _waive(setting, order, story, received)
        case Action.SCHEDULING:
            return _recategorise(setting, order, story, received, SCHEDULING, Action.SCHEDULING)
        case Action.AS_FOUND:
            return _recategorise(setting, order, story, received, received.category, Action.AS_FOUND)
        case Action.MUTE | Action.UNMUTE:
            return _mute(setting, order, story, received, client, acks=token.action is Action.UNMUTE)


def not_carried_out(setting: Setting, order: Order, fate: Fate, action: Action | None, now: datetime) -> ActionTold:
    """The word back where nothing was done, or where it had been done before."""
    return replace(_word(setting, order, fate, action=action), due=now)


def not_proven(setting: Setting, order: Order, now: datetime) -> ActionTold:
    """The word about an order that nobody can tell for the therapist's own: later, for its copy among sent mail may
    prove it yet. One with no token of ours is told of once a day, so that nobody can fill the mailbox by it.
    """
    ours = setting.signer is not None and setting.signer.read(order.token, setting.mailbox) is not None
    told = replace(_word(setting, order, "unproven"), due=now + PROOF)
    return told if ours else replace(told, message=f"none-of-ours:{now:%Y-%m-%d}")


def takes_back(setting: Setting, order: Order) -> str:
    """The key of the word that an order was not proven, which its proof takes back."""
    return action_key(setting.mailbox, order.mail)


def _leave_note(setting: Setting, order: Order) -> Done:
    text = order.text.strip()
    if not text:
        return _told(setting, order, "empty", action=Action.NOTE)
    note = Note(text, order.at, expires(order.subject, setting, order.at))
    return Done((), (note_kept(setting, note, order.mail, order.at),), note=note)


def _waive(setting: Setting, order: Order, story: Story, received: Received) -> Done:
    if story.waived is not None:
        return _about(setting, order, received, "before", Action.WAIVE)
    reason = reason_in(order.text)
    told = _about(setting, order, received, "done", Action.WAIVE, reason=reason)
    return replace(told, events=(Waived(at=order.at, by="digest", note=reason),))


def reason_in(text: str) -> str:
    """What stands behind the colon of a body's first line (`Reason: ...`): a signature is no reason."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join(first.partition(":")[2].split())[:LONGEST_REASON]


def _recategorise(
    setting: Setting, order: Order, story: Story, received: Received, category: str, action: Action
) -> Done:
    if story.category == category:
        return _about(setting, order, received, "before", action)
    undo = _undo(setting, order, story.ref, Action.AS_FOUND) if action is Action.SCHEDULING else None
    told = _about(setting, order, received, "done", action, undo=undo)
    return replace(told, events=(Recategorised(at=order.at, category=category, by="digest"),))


def _mute(
    setting: Setting, order: Order, story: Story, received: Received, client: Client | None, *, acks: bool
) -> Done:
    """Acks to who wrote it are switched off, or on again; who is on no roster comes to stand there."""
    action = Action.UNMUTE if acks else Action.MUTE
    person = person_behind(received)
    if not person:
        return _about(setting, order, received, "gone", action)
    client = client or Client(address=person)
    if client.acks is acks:
        return _about(setting, order, received, "before", action)
    undo = _undo(setting, order, story.ref, Action.MUTE if acks else Action.UNMUTE)
    told = _about(setting, order, received, "done", action, undo=undo, author=person)
    return replace(told, client=client.model_copy(update={"acks": acks}))


def _undo(setting: Setting, order: Order, ref: Ref, action: Action) -> Link | None:
    if setting.signer is None:
        return None
    until, place = order.at + LIFETIME, action_key(setting.mailbox, order.mail)
    return setting.signer.link(setting.mailbox, action, ref.key, until, place)


def _about(setting: Setting, order: Order, received: Received, fate: Fate, action: Action, **said: Any) -> Done:
    told = {"author": received.author, "received": received.at, "action": action}
    return _told(setting, order, fate, **told | said)


def _told(setting: Setting, order: Order, fate: Fate, **said: Any) -> Done:
    return Done((), (_word(setting, order, fate, **said),))


def _word(setting: Setting, order: Order, fate: Fate, **said: Any) -> ActionTold:
    return ActionTold(
        ref=Ref(setting.mailbox, ""),
        due=order.at,
        to=setting.address,
        sender=setting.address,
        language=setting.language,
        policy=setting.policy_name,
        version=setting.version,
        message=order.mail,
        fate=fate,
        control=setting.control,
        **said,
    )
