"""A policy's file changes: who hears of it, and from when on it holds."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.core.decide.change import Audience, Plan, plan
from gateway.core.effects import Cancel, Notice
from gateway.core.policy.client import Client
from gateway.core.policy.schema import Policy
from gateway.core.policy.versions import Version, in_force
from tests.unit.core.decide.cases import CARLA, NOW, setting

DAY = timedelta(days=1)
TOM = Client(address="tom@client.example", language="de")
QUIET = Client(address="mia@client.example", quiet=True)


def policy(**changes: Any) -> Policy:
    return Policy.model_validate({"answer": {"promise": "within 24h"}, **changes})


OPEN = policy()
STRICT = policy(answer={"promise": "none", "when": "never"})
FIRST = Version("open", 1, OPEN, since=NOW - 100 * DAY, recorded=NOW - 100 * DAY)


def planned(
    new: Policy, versions: tuple[Version, ...] = (FIRST,), *clients: Client, now: datetime = NOW
) -> Plan | None:
    return plan("open", new, versions, [Audience(setting(client=None), clients)], now)


def notices(made: Plan | None) -> list[Notice]:
    assert made is not None
    return [effect for effect in made.effects if isinstance(effect, Notice)]


def test_the_first_state_of_a_file_holds_at_once_and_nobody_is_told() -> None:
    made = planned(OPEN, (), CARLA)
    assert made is not None
    assert (made.version.number, made.version.since, made.effects) == (1, NOW, ())


def test_a_file_that_has_not_changed_is_no_new_version() -> None:
    assert planned(OPEN, (FIRST,), CARLA) is None
    assert planned(policy(extends="open-door"), (FIRST,), CARLA) is None


def test_a_change_is_announced_to_each_client_and_holds_after_the_notice_that_the_old_version_promised() -> None:
    made = planned(policy(answer={"when": "never"}, change={"notice": "0"}), (FIRST,), CARLA, TOM, QUIET)
    assert made is not None
    assert made.version.since == NOW + 14 * DAY
    assert [(one.to, one.language, one.before, one.version) for one in notices(made)] == [
        (CARLA.address, "en", 1, 2),
        (TOM.address, "de", 1, 2),
    ]
    assert {one.due for one in notices(made)} == {NOW + timedelta(minutes=10)}
    assert in_force((FIRST, made.version), NOW + 13 * DAY) == FIRST
    assert in_force((FIRST, made.version), NOW + 14 * DAY) == made.version


def test_where_nobody_is_under_a_policy_its_change_holds_at_once() -> None:
    made = planned(STRICT)
    assert made is not None
    assert (made.version.since, made.told) == (NOW, 0)


def test_what_no_client_would_notice_holds_at_once() -> None:
    made = planned(policy(digest={"at": "07:30"}), (FIRST,), CARLA)
    assert made is not None
    assert (made.version.since, made.told) == (NOW, 0)


def test_a_file_that_is_put_back_before_anybody_was_told_is_told_to_nobody() -> None:
    made = planned(STRICT, (FIRST,), CARLA)
    assert made is not None
    soon = NOW + timedelta(minutes=5)
    back = planned(OPEN, (FIRST, made.version), CARLA, now=soon)
    assert back is not None
    assert [effect.target for effect in back.effects if isinstance(effect, Cancel)] == [notices(made)[0].key]
    assert notices(back) == []
    after = (FIRST, made.version, back.version)
    assert in_force(after, NOW + 30 * DAY) == back.version
    assert back.version.policy == OPEN


def test_a_change_that_was_announced_and_is_put_back_is_announced_as_such() -> None:
    made = planned(STRICT, (FIRST,), CARLA)
    assert made is not None
    later = NOW + DAY
    back = planned(OPEN, (FIRST, made.version), CARLA, now=later)
    assert back is not None
    assert back.version.since == later
    assert [(one.before, one.version) for one in notices(back)] == [(2, 3)]


@pytest.mark.parametrize("again", [{}, {"digest": {"at": "07:30"}}, {"summary": "I answer nothing."}])
def test_what_was_announced_comes_no_sooner_for_an_edit_that_nobody_would_notice(again: dict[str, Any]) -> None:
    made = planned(STRICT, (FIRST,), CARLA)
    assert made is not None
    versions = [FIRST, made.version]
    if not again:  # another change, and back within the ten minutes
        other = planned(policy(answer={"promise": "within 2d"}), tuple(versions), CARLA, now=NOW + 5 * DAY)
        assert other is not None
        versions.append(other.version)
    later = NOW + 5 * DAY + timedelta(minutes=5)
    file = policy(answer={"promise": "none", "when": "never"}, **again)
    edited = planned(file, tuple(versions), CARLA, now=later)
    assert edited is not None
    assert notices(edited) == []
    after = (*versions, edited.version)
    assert in_force(after, made.version.since - timedelta(minutes=1)) == FIRST
    assert in_force(after, made.version.since) == edited.version


def test_a_second_change_before_the_first_holds_takes_its_place() -> None:
    made = planned(STRICT, (FIRST,), CARLA)
    assert made is not None
    other = planned(policy(answer={"promise": "within 2d"}), (FIRST, made.version), CARLA, now=NOW + DAY)
    assert other is not None
    after = (FIRST, made.version, other.version)
    assert in_force(after, NOW + 14 * DAY + timedelta(hours=1)) == FIRST
    assert in_force(after, NOW + 15 * DAY) == other.version


def test_who_has_an_agreement_of_their_own_hears_of_no_change_that_is_not_theirs() -> None:
    limited = policy(allowance={"messages": 5})
    mine = Client(address="mia@client.example", messages=4)
    first = replace(FIRST, policy=limited)
    made = planned(policy(allowance={"messages": 3}), (first,), CARLA, mine)
    assert [one.to for one in notices(made)] == [CARLA.address]
