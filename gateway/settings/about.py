"""What the settings say of one mailbox, as far as a policy's promises hang on it."""

from __future__ import annotations

from gateway.core.policy.about import About, Covering
from gateway.settings.schema import Cover, Settings


def about(
    settings: Settings, mailbox: str, spoken: frozenset[str] = frozenset(), needed: frozenset[str] = frozenset()
) -> About:
    """One mailbox of the practice. `spoken`: languages with templates; `needed`: those of the clients on the roster.

    Absences of a calendar are not among these: they are known once it is read.
    """
    practice, found = settings.gateway.practice, settings.gateway.mailboxes[mailbox]
    return About(
        phone=practice.phone,
        crisis_line=settings.crisis_line,
        zone=practice.timezone,
        region=practice.region,
        language=practice.language,
        watched=found.watch is not None,
        alerted="@" in (found.alert or found.address).strip("@"),
        covers={name: _covering(settings, cover) for name, cover in settings.gateway.covers.items()},
        absences=found.absences,
        spoken=spoken,
        needed=needed | {practice.language},
    )


def _covering(settings: Settings, cover: Cover) -> Covering:
    own = settings.gateway.mailboxes.get(cover.mailbox)
    return Covering(cover.name, cover.phone, own.absences if own else ())
