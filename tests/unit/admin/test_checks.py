"""Each contradiction in the settings is found, with where it stands and what mends it."""

from typing import Any

import pytest

from gateway.admin.checks import Probe, Severity, check, check_live, check_policy
from gateway.core.events import Level
from gateway.core.urgency.lexicon import Lexicon
from gateway.ports import Unavailable
from gateway.settings.schema import RouteRule
from tests.unit.admin.house import SOUND_POLICY, settings

#: A mailbox that mail reaches without us.
FOUND = {"deliver": None, "trusted_authserv": "topmost"}


def policy(**knobs: Any) -> dict[str, Any]:
    return {"policies": {"mornings-billed": SOUND_POLICY | knobs}}


def test_sound_settings_have_no_findings() -> None:
    assert check(settings()) == ()


CASES = [
    ({"mailbox": {"watch": None}}, "policies/mornings-billed.yaml receipt.send", "receipts are promised", "error"),
    ({"mailbox": {"watch": None}}, "policies/mornings-billed.yaml billing.counts", "time is counted", "warning"),
    (
        {"mailbox": {"absences": [{"from": "2026-12-24", "until": "2027-01-03"}]}},
        "gateway.yaml mailboxes.ana.absences[0].cover",
        "nobody covers",
        "warning",
    ),
    (
        {"practice": {"name": "Hope", "timezone": "UTC", "phone": "1"}},
        "policies/mornings-billed.yaml hours.holidays",
        "not known whose",
        "warning",
    ),
    (
        policy(billing={"rate": "45.00 EUR"}),
        "policies/mornings-billed.yaml billing.rate",
        "the price is in EUR, and the practice is in AU, where people pay in AUD",
        "warning",
    ),
    (
        policy(answer={"when": "always", "only": ["scheduling", "bookings"]}),
        "policies/mornings-billed.yaml answer.only",
        "no lexicon recognises bookings",
        "warning",
    ),
    ({"mailbox": {"watch": None}}, "gateway.yaml mailboxes.ana", "no tag in the mail program", "notice"),
    ({"mailbox": {"deliver": None}}, "gateway.yaml mailboxes.ana.trusted_authserv", "anybody may pass for", "warning"),
    (
        {"mailbox": {**FOUND, "tags": {"subject": "[urgent]"}}},
        "gateway.yaml mailboxes.ana.tags.subject",
        "not changed there",
        "warning",
    ),
    (
        {**policy(receipt={"take_request": True}), "mailbox": FOUND},
        "policies/mornings-billed.yaml receipt.take_request, for ana",
        "not changed there",
        "warning",
    ),
    ({"mailbox": {"tags": {"urgent": ""}}}, "gateway.yaml mailboxes.ana.tags", "no tag", "warning"),
    (
        {"mailbox": {"tags": {"subject": "[urgent]"}}},
        "gateway.yaml mailboxes.ana.tags.subject",
        "a signature (DKIM) that covers the subject of an urgent message does not hold",
        "warning",
    ),
    (
        {"mailbox": {"watch": None, "tags": {"folder": "Urgent"}}},
        "gateway.yaml mailboxes.ana.tags.folder",
        "nothing can be moved in a mailbox that is not watched",
        "warning",
    ),
    ({"mailbox": {"alert": ""}}, "gateway.yaml mailboxes.ana.alert", "alerts go to the mailbox itself", "warning"),
    (
        {"mailbox": {"alert": "Ana@hopestreet.example"}},
        "gateway.yaml mailboxes.ana.alert",
        "alerts go to the mailbox itself",
        "warning",
    ),
    ({"mailbox": {"alert": "pager"}}, "gateway.yaml mailboxes.ana.alert", "reach nobody", "error"),
    (
        {"mailbox": {"tags": {"urgent": "$label1", "categories": {"scheduling": "$Label1"}}}},
        "gateway.yaml mailboxes.ana.tags.categories.scheduling",
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
        policy(answer={"promise": "within 6d"}),
        policy(record={"for": "7d"}, allowance={"messages": 5}),
        policy(urgency={"trust_all": True}),
        {"mailbox": {"watch": "imap+starttls://mail.example"}},
        policy(hours={"holidays": "open"}, answer={"promise": "within 3h"}),
        policy(billing={"counts": "read", "touchpoint": 50, "exempt": ["touchpoint"]}),
        policy(billing={"rate": "45.00 AUD"}),
        policy(billing={"counts": "nothing", "exempt": ["stressor"]}),
        policy(urgency={"alert": "never"}) | {"mailbox": {"alert": ""}},
        {"smarthost": {"url": "smtp://127.0.0.1:25"}},
        {"smtp": {"listen": ["127.0.0.1:25", "[::1]:25"]}},
        {"smtp": {"listen": ["0.0.0.0:25"]}, "mailbox": FOUND},
        {"smtp": {"listen": []}, "mailbox": FOUND},
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
    found = check(
        settings(
            **policy(hours={"reading": "09:00", "days": []}), smarthost={"url": "maildir:out"}, mailbox={"alert": ""}
        )
    )
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


def test_a_lexicon_of_appointments_does_not_stand_for_one_of_urgency() -> None:
    dutch = {"practice": {"name": "Hoop", "timezone": "UTC", "phone": "1", "region": "NL", "language": "nl"}}
    knowing = settings(**dutch)
    words = {"language": "nl", "source": "own", "licence": "CC0-1.0"}
    appointments = Lexicon(name="afspraken", category="scheduling", phrases=("afspraak",), **words)
    urgent = Lexicon(name="dringend", level=Level.URGENT, phrases=("dringend",), **words)
    for lexicon, told in ((appointments, 1), (urgent, 0)):
        found = check(knowing.model_copy(update={"lexicons": (lexicon,)}))
        assert [finding.where for finding in found].count("gateway.yaml practice.language") == told


def test_a_crisis_line_of_the_country_is_a_number_to_name() -> None:
    french = {"practice": {"name": "Espoir", "timezone": "UTC", "region": "FR"}}
    lines = {"FR": {"line": "3114", "source": "3114.fr", "dated": "2021-10-01"}}
    bare = settings(**french)
    assert "gateway.yaml practice" in [finding.where for finding in check(bare)]
    helped = bare.model_validate(dict(bare) | {"crisis_lines": lines})
    assert "gateway.yaml practice" not in [finding.where for finding in check(helped)]


def test_a_language_without_templates_is_an_error_where_it_is_known_which_there_are() -> None:
    assert check(settings(), spoken=frozenset({"en", "de"})) == ()
    (found,) = check(settings(), spoken=frozenset({"de"}))
    assert (found.severity, found.where) == (Severity.ERROR, "policies/mornings-billed.yaml language")


def test_what_is_so_for_one_of_two_mailboxes_names_it_and_what_is_so_for_both_is_told_once() -> None:
    ana = {
        "address": "ana@hope.example",
        "deliver": "maildir:a",
        "policy": "mornings-billed",
        "alert": "a@phone.example",
    }
    ben = ana | {"address": "ben@hope.example", "watch": "maildir:b"}
    knobs = {"mornings-billed": SOUND_POLICY | {"urgency": {"trust_all": True, "alert": "urgent"}}}
    found = check(settings(knobs, mailboxes={"ana": ana, "ben": ben}))
    where = [finding.where for finding in found]
    assert "policies/mornings-billed.yaml receipt.send, for ana" in where
    assert where.count("policies/mornings-billed.yaml urgency") == 1


@pytest.mark.parametrize("rule", [{"at": "07:30"}, {"before_session": "2h"}])
def test_a_digest_without_links_is_told_of_and_how_it_comes_by_them(rule: dict[str, str]) -> None:
    def told(policy: dict[str, object], **mailbox: str) -> list[str]:
        ana = {"address": "ana@hope.example", "deliver": "maildir:a", "policy": "mornings-billed", **mailbox}
        found = check(settings({"mornings-billed": SOUND_POLICY | policy}, mailboxes={"ana": ana}))
        return [finding.mend for finding in found if finding.where == "gateway.yaml mailboxes.ana.control"]

    (mend,) = told({"digest": rule}, watch="maildir:a")
    assert "ana+handrail@hope.example" in mend
    assert told({"digest": rule}, watch="maildir:a", control="ana+do@hope.example") == []
    assert told({"digest": rule}) == []
    assert told({}, watch="maildir:a") == []


def test_a_policy_that_nobody_uses_can_be_checked_by_its_name() -> None:
    known = settings({"mornings-billed": SOUND_POLICY, "odd": {"hours": {"days": []}}})
    assert [finding.where for finding in check_policy(known, "odd")] == ["policies/odd.yaml hours.days"]
    assert check_policy(known, "mornings-billed") == ()
