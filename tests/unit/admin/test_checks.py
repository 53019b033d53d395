"""Each contradiction in the settings is found, with where it stands and what mends it."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.admin.checks import Probe, Severity, check, check_live, longest_gap
from gateway.core.policy.schema import Hours
from gateway.ports import Unavailable
from gateway.settings.schema import RouteRule
from tests.unit.admin.house import SOUND_POLICY, settings


def policy(**knobs: Any) -> dict[str, Any]:
    return {"policies": {"mornings-billed": SOUND_POLICY | knobs}}


def test_sound_settings_have_no_findings() -> None:
    assert check(settings()) == ()


CASES = [
    ({"mailbox": {"watch": None}}, "gateway.yaml mailboxes.ana", "the policy sends receipts", "warning"),
    ({"mailbox": {"watch": None}}, "gateway.yaml mailboxes.ana", "the policy counts time", "warning"),
    ({"mailbox": {"watch": None}}, "gateway.yaml mailboxes.ana", "no tag in the mail program", "notice"),
    ({"mailbox": {"tags": {"urgent": ""}}}, "gateway.yaml mailboxes.ana.tags", "no tag", "warning"),
    ({"mailbox": {"alert": ""}}, "gateway.yaml mailboxes.ana.alert", "alerts go to the mailbox itself", "warning"),
    (
        {"mailbox": {"alert": "Ana@hopestreet.example"}},
        "gateway.yaml mailboxes.ana.alert",
        "alerts go to the mailbox itself",
        "warning",
    ),
    ({"mailbox": {"alert": "pager"}}, "gateway.yaml mailboxes.ana.alert", "reach nobody", "error"),
    (
        {"mailbox": {"tags": {"urgent": "$label1", "scheduling": "$Label1"}}},
        "gateway.yaml mailboxes.ana.tags",
        "get the same tag",
        "warning",
    ),
    ({"mailbox": {"password": None}}, "gateway.yaml mailboxes.ana.watch", "no password to sign in with", "error"),
    (
        {"mailbox": {"watch": "maildir:ana"}},
        "gateway.yaml mailboxes.ana.watch",
        "nothing signs in with its `password`",
        "warning",
    ),
    (
        {"mailbox": {"deliver": "smtps://ana@mail.example"}},
        "gateway.yaml mailboxes.ana.deliver",
        "no password to sign in with",
        "error",
    ),
    (
        {"smarthost": {"url": "smtps://mail.example", "password": {"env": "SECRET"}}},
        "gateway.yaml smarthost",
        "nothing signs in with its `password`",
        "warning",
    ),
    ({"smarthost": {"url": "smtps://gw@mail.example"}}, "gateway.yaml smarthost", "no password", "error"),
    (
        {
            "routes": (RouteRule(to="x@hopestreet.example", mailbox="ben"),),
            "policies": {"mornings-billed": SOUND_POLICY, "": {}},
        },
        "gateway.yaml mailboxes.ana",
        "no route leads here",
        "warning",
    ),
    (
        {"practice": {"name": "Hope", "timezone": "UTC", "phone": "1", "language": "nl-BE"}},
        "gateway.yaml practice.language",
        "no lexicon knows words of urgency in nl",
        "warning",
    ),
    (
        {"practice": {"name": "Hope", "timezone": "UTC"}},
        "gateway.yaml practice",
        "acks can't name a number for a crisis",
        "warning",
    ),
    ({"smarthost": {"url": "maildir:out"}}, "gateway.yaml smarthost", "go into a folder", "notice"),
    ({"smarthost": {"url": "smtp://mail.example"}}, "gateway.yaml smarthost", "clear text", "warning"),
    (
        {"mailbox": {"watch": "imap://ana@mail.example"}},
        "gateway.yaml mailboxes.ana.watch",
        "clear text (imap:)",
        "warning",
    ),
    ({"mailbox": {"deliver": "lmtp://mail.example"}}, "gateway.yaml mailboxes.ana.deliver", "clear text", "warning"),
    ({"web": {"listen": "0.0.0.0:8080"}}, "gateway.yaml web.listen", "no sign-in", "warning"),
    ({"smtp": {"listen": ["[::]:25"]}}, "gateway.yaml smtp", "clear text ([::]:25)", "warning"),
    ({"smtp": {"listen": ["192.0.2.1:25"]}}, "gateway.yaml smtp.hostname", "as localhost", "notice"),
    (
        policy(hours={}, answer={"promise": "next-reading-time"}),
        "policies/mornings-billed.yaml answer.promise",
        "no reading times are set",
        "error",
    ),
    (
        policy(answer={"promise": "within 24h"}),
        "policies/mornings-billed.yaml answer.promise",
        "within 24 hours, but up to 2 days 22 hours pass",
        "warning",
    ),
    (
        policy(hours={"days": "mon-fri"}, answer={"promise": "within 24h"}),
        "policies/mornings-billed.yaml answer.promise",
        "up to 2 days pass",
        "warning",
    ),
    (
        policy(hours={}, answer={"promise": "within 0"}),
        "policies/mornings-billed.yaml answer.promise",
        "at the very moment",
        "error",
    ),
    (
        policy(record={"for": "0"}),
        "policies/mornings-billed.yaml record.for",
        "forgotten after 0 seconds, before what waits to be sent",
        "warning",
    ),
    (
        policy(record={"for": "2w"}, allowance={"messages": 9, "per": "month"}),
        "policies/mornings-billed.yaml record.for",
        "forgotten after 14 days, before the month is over",
        "warning",
    ),
    (
        policy(record={"for": "2d"}, answer={"promise": "within 5d"}),
        "policies/mornings-billed.yaml record.for",
        "before the promised answer is due",
        "warning",
    ),
    (
        policy(urgency={"trust_all": True, "alert": "urgent"}),
        "policies/mornings-billed.yaml urgency",
        "every message counts as urgent",
        "notice",
    ),
    (policy(hours={"days": []}), "policies/mornings-billed.yaml hours.days", "no day on which mail is read", "error"),
    (
        policy(acknowledge={"when": "never"}),
        "policies/mornings-billed.yaml acknowledge.when",
        "no ack says by when",
        "notice",
    ),
    (
        policy(acknowledge={"when": "never"}, allowance={"messages": 5}),
        "policies/mornings-billed.yaml allowance",
        "no ack tells clients",
        "warning",
    ),
    (
        policy(hours={}, answer={"promise": "none"}, acknowledge={"when": "outside-hours"}),
        "policies/mornings-billed.yaml acknowledge.when",
        "every one is acked",
        "notice",
    ),
    (
        policy(billing={"exempt": ["scheduling", "stressor"]}),
        "policies/mornings-billed.yaml billing.exempt",
        "no lexicon recognises stressor",
        "warning",
    ),
]


@pytest.mark.parametrize(("given", "where", "what", "severity"), CASES)
def test_a_contradiction_is_found_with_its_mend(given: dict[str, Any], where: str, what: str, severity: str) -> None:
    found = [finding for finding in check(settings(**given)) if finding.where == where and what in finding.what]
    assert [finding.severity for finding in found] == [severity]
    assert found[0].mend


@pytest.mark.parametrize(
    "given",
    [
        policy(answer={"promise": "within 3d"}),
        policy(record={"for": "7d"}, allowance={"messages": 5}),
        policy(urgency={"trust_all": True}),
        {"mailbox": {"watch": "imap+starttls://mail.example"}},
        policy(hours={}, answer={"promise": "within 1h"}),
        policy(billing={"counts": "nothing", "exempt": ["stressor"]}),
        policy(urgency={"alert": "never"}) | {"mailbox": {"alert": ""}},
        {"smarthost": {"url": "smtp://127.0.0.1:25"}},
        {"smtp": {"listen": ["127.0.0.1:25", "[::1]:25"]}},
        {"web": None},
    ],
)
def test_what_is_consistent_is_not_complained_about(given: dict[str, Any]) -> None:
    assert check(settings(**given)) == ()


def test_only_policies_that_mail_can_come_under_are_checked() -> None:
    policies = {"mornings-billed": SOUND_POLICY, "odd": {"hours": {"days": []}}}
    assert check(settings(policies)) == ()
    routed = settings(policies, routes=(RouteRule(to="*@hopestreet.example", mailbox="ana", policy="odd"),))
    assert [finding.where for finding in check(routed)] == ["policies/odd.yaml hours.days"]


def test_the_gravest_findings_come_first() -> None:
    found = check(settings(**policy(hours={"days": []}), smarthost={"url": "maildir:out"}, mailbox={"alert": ""}))
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.WARNING, Severity.NOTICE]


async def test_probes_are_asked_at_once_and_answered_in_order() -> None:
    async def well() -> str:
        return "takes mail"

    async def ill() -> str:
        raise Unavailable("refused the login")

    probes = [Probe("mailbox ana", "renew the password", ill), Probe("smart host", "", well)]
    first, second = await check_live(probes)
    assert (first.severity, first.what, first.mend) == (Severity.ERROR, "refused the login", "renew the password")
    assert (second.severity, second.what) == (Severity.FINE, "takes mail")


def test_gaps_are_measured_over_the_end_of_the_week() -> None:
    twice = Hours.model_validate({"reading": ["08:00", "17:00"], "days": "mon-sun"})
    assert longest_gap(twice) == timedelta(hours=15)
    once = Hours.model_validate({"reading": "09:00-10:00", "days": "wed"})
    assert longest_gap(once) == timedelta(days=7) - timedelta(hours=1)
    assert longest_gap(Hours()) == timedelta()
