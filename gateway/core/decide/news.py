"""What a digest tells beside what is open: who is close to a charge or over an allowance, whose messages got no ack and
why, what was taken back, and clients' own absence notes.

In go the stories of a while, oldest first, and the settings that they were decided under; out come values of
`core.news`. What happened is told once: what came after the last digest, up to this one. Knows no words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Literal

from gateway.core import addresses
from gateway.core.billing.charge import reached
from gateway.core.decide.decision import Setting
from gateway.core.events import Level, Origin, Received, Ref
from gateway.core.history import CRISIS, Earlier, Story
from gateway.core.news import Action, Beyond, Charging, Link, Noted, Unacked
from gateway.core.policy.allowance import period_start, usage
from gateway.core.policy.client import Client
from gateway.core.policy.sessions import last_session

#: From which share of what is free on a charge is close.
CLOSE = Fraction(4, 5)
#: So far back messages are looked at; an allowance's period and an episode are mostly shorter.
RECENT = timedelta(days=35)

Why = Literal["often", "muted", "quiet", "unsafe"]
#: Reasons against an ack that are the therapist's to know, from what matters most.
_WHY: Mapping[str, Why] = {
    "answering-unsafe": "unsafe",
    "client-quiet": "quiet",
    "ack-person-cap": "often",
    "ack-thread-cap": "often",
    "ack-practice-cap": "often",
    "client-no-acks": "muted",
}
#: Signs that absence notes bear.
_ABSENT = frozenset({"Auto-Submitted", "a field that responders set", "a subject as absence notes have it"})
#: What header field a sign is, for whom words in one language would say little.
_FIELDS: Mapping[str, str] = {
    "a null reverse-path": "Return-Path",
    "a reverse-path that nobody is behind": "Return-Path",
    "an author that nobody is behind, with a Reply-To": "From",
    "an author that is a program": "From",
    "a field that responders set": "X-Autoreply",
    "a field that lists set": "List-*",
    "a subject as absence notes have it": "Subject",
    "a subject as failure notices have it": "Subject",
    "a spam filter's verdict": "X-Spam-Status",
}

Linking = Callable[[Action, Ref], tuple[Link, ...]]


@dataclass(frozen=True, slots=True)
class Since:
    """The stories that a digest looks back at, and the span whose news it tells: (after, until]."""

    stories: tuple[Story, ...]
    after: datetime
    until: datetime

    def news(self) -> Iterator[tuple[Story, Received]]:
        """What came in the span."""
        for story, received in _received(self.stories):
            if self.after < received.at <= self.until:
                yield story, received


def sign_of(received: Received) -> str:
    """The header field that made a message unsure; empty for one that nobody names."""
    signs = (dict(reason.params).get("sign", "") for reason in received.reasons if reason.code in _SIGNED)
    sign = next((one for one in signs if one), "")
    return _FIELDS.get(sign, sign)


_SIGNED = frozenset({"maybe-automatic", "no-answer-wanted", "null-reverse-path"})


def withdrawn(since: Since) -> tuple[Noted, ...]:
    """What its writers took back while it was unread; not the mails that asked for it."""
    told = []
    for story, received in _received(since.stories):
        taken = story.withdrawn
        if taken is not None and since.after < taken.at <= since.until and not asks_back(received):
            told.append(Noted(received.author, received.at))
    return tuple(told)


def asks_back(received: Received) -> bool:
    """Whether it is the very mail by which somebody takes another one back."""
    return received.request == "withdraw"


def away(since: Since, clients: Iterable[Client]) -> tuple[Noted, ...]:
    """Clients whose own absence notes came, each once."""
    known = {addresses.key(client.address) for client in clients}
    told = {
        addresses.key(received.author): Noted(received.author, received.at)
        for _, received in since.news()
        if received.origin is Origin.MACHINE and addresses.key(received.author) in known and _is_absent(received)
    }
    return tuple(told.values())


def _is_absent(received: Received) -> bool:
    return any(dict(reason.params).get("sign", "") in _ABSENT for reason in received.reasons)


def unacked(since: Since, link: Linking) -> tuple[Unacked, ...]:
    """Who got no ack though a person wrote, and why: the last message of each, the gravest reason first."""
    found: dict[tuple[Why, str], Unacked] = {}
    for story, received in since.news():
        if received.origin is Origin.MACHINE or (why := _why(received)) is None:
            continue
        links = link(Action.UNMUTE, story.ref) if why == "muted" else ()
        key = why, addresses.key(received.author)
        found[key] = Unacked(author=received.author, received=received.at, why=why, links=links)
    order = list(dict.fromkeys(_WHY.values()))
    return tuple(sorted(found.values(), key=lambda one: (order.index(one.why), one.received)))


def _why(received: Received) -> Why | None:
    codes = {reason.code for reason in received.reasons}
    return next((why for code, why in _WHY.items() if code in codes), None)


def charging(since: Since, setting_of: Callable[[str], Setting]) -> tuple[Charging, ...]:
    """Whose episode is close to what is free, or over it; those alone who wrote since the last digest."""
    told = []
    for author, stories in _by_author(since):
        setting = setting_of(author)
        billing = setting.policy.billing
        if not billing.free and billing.cluster is None:
            continue  # each message costs from its first minute on: there is nothing to come close to
        written = [_earlier(story, received) for story, received in stories]
        found = reached(written, billing, setting.client, setting.zone, since.until)
        most = billing.cluster.messages if billing.cluster else None
        if found is None:
            continue
        near = billing.free and found.minutes >= CLOSE * Fraction(billing.free // _MINUTE)
        if found.charged or near or (most is not None and found.messages >= most - 1):
            told.append(
                Charging(
                    author=author,
                    over=found.charged,
                    minutes=ceil(found.minutes),
                    free=billing.free or None,
                    messages=found.messages,
                    cluster=most,
                )
            )
    return tuple(told)


_MINUTE = timedelta(minutes=1)


def beyond(since: Since, setting_of: Callable[[str], Setting]) -> tuple[Beyond, ...]:
    """Who wrote more than their allowance of the period; those alone who wrote since the last digest."""
    told: list[Beyond] = []
    for author, stories in _by_author(since):
        setting = setting_of(author)
        last = last_session(setting.client, setting.calendar, since.until)
        *before, newest = (_earlier(story, received) for story, received in stories)
        if newest.at < period_start(setting.policy.allowance, setting.calendar, since.until, last):
            continue
        used = usage(setting.policy, setting.client, setting.calendar, before, newest.words, newest.at, last)
        if used.allowed is not None and used.used > used.allowed:
            told.append(Beyond(author=author, used=used.used, allowed=used.allowed, unit="messages", per=used.per))
        if used.minutes_allowed is not None and used.minutes_used > used.minutes_allowed:
            minutes, most = used.minutes_used, used.minutes_allowed
            told.append(Beyond(author=author, used=minutes, allowed=most, unit="minutes", per=used.per))
    return tuple(told)


def _by_author(since: Since) -> Iterator[tuple[str, Sequence[tuple[Story, Received]]]]:
    """What each person wrote, of those who wrote since the last digest, oldest first."""
    people: dict[str, list[tuple[Story, Received]]] = defaultdict(list)
    for story, received in _received(since.stories):
        if received.origin is Origin.MACHINE or asks_back(received) or story.withdrawn is not None:
            continue  # counts nowhere
        if received.at <= since.until:
            people[addresses.key(received.author)].append((story, received))
    for stories in people.values():
        if stories[-1][1].at > since.after:
            yield stories[-1][1].author, stories


def _earlier(story: Story, received: Received) -> Earlier:
    category = CRISIS if received.level is Level.CRISIS else story.category
    words = received.new_words + received.attachment_words
    return Earlier(received.at, words, category, story.waived is not None)


def _received(stories: Iterable[Story]) -> Iterator[tuple[Story, Received]]:
    for story in stories:
        if story.received is not None:
            yield story, story.received
