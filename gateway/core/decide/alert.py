"""Who hears at once of words of urgency: the therapist, and in a crisis or an absence who covers."""

from __future__ import annotations

from dataclasses import replace

from gateway.core import addresses
from gateway.core.decide.case import Case
from gateway.core.effects import Alert
from gateway.core.events import Level, Origin, Ref
from gateway.core.reasons import Reason, because


def alerts_for(case: Case) -> list[tuple[Alert, Reason]]:
    """The alerts of one message, the therapist's first; none for what was told already or has no words of urgency."""
    level = case.assessment.level
    if not _is_due(case):
        return []
    alert = _to_therapist(case)
    covering = [
        (replace(alert, to=case.setting.covers[name], cover=name), because("cover", cover=name, why=why))
        for name, why in _covering(case).items()
    ]
    return [(alert, because("alert", level=level.value)), *covering]


def _is_due(case: Case) -> bool:
    threshold, level = case.setting.policy.urgency.alert, case.assessment.level
    if threshold == "never" or level.rank < Level(threshold).rank or not case.history.known:
        return False
    if case.automation.origin is Origin.MACHINE and case.setting.client is None:
        return False
    return addresses.key(case.facts.author.address) not in case.setting.own and _is_news(case)


def _is_news(case: Case) -> bool:
    """Some programs give every message one Message-ID: other bytes that are more urgent must not go under."""
    story = case.history.story
    if story is None or story.received is None:
        return story is None
    told = story.received
    return told.digest != case.facts.digest and told.level.rank < case.assessment.level.rank


def _covering(case: Case) -> dict[str, str]:
    """Names of those who cover and are known, each with why they hear of it."""
    found: dict[str, str] = {}
    if case.absence is not None and case.absence.cover:
        found[case.absence.cover] = "the therapist is away"
    if case.assessment.level is Level.CRISIS and case.setting.policy.urgency.cover:
        found.setdefault(case.setting.policy.urgency.cover, "it may be a crisis")
    return {name: why for name, why in found.items() if name in case.setting.covers}


def _to_therapist(case: Case) -> Alert:
    setting = case.setting
    return Alert(
        ref=Ref(setting.mailbox, case.facts.key),
        due=case.now,
        to=setting.alert_to,
        sender=setting.address,
        language=setting.language,
        policy=setting.policy_name,
        version=setting.version,
        level=case.assessment.level,
        received=case.now,
        author=case.facts.author.address or case.facts.envelope.reverse_path,
        again=case.facts.digest[:16] if case.history.story else "",
    )
