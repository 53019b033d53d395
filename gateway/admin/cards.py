"""What a policy card tells of the practice, for the page and the command alike: by a mailbox that the policy is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.admin.checks import policies_in_use
from gateway.core.policy.about import About
from gateway.settings.about import about
from gateway.settings.schema import Settings


def about_for(settings: Settings, policy: str, today: date, mailbox: str = "") -> About:
    """One mailbox as a card of this policy tells of it: the named one, else one that the policy is for, else any.

    Absences that are over are left out.
    """
    mailboxes = policies_in_use(settings).get(policy, ()) or tuple(settings.gateway.mailboxes)
    found = about(settings, mailbox or mailboxes[0])
    return replace(found, absences=tuple(absence for absence in found.absences if absence.last >= today))
