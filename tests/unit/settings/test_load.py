"""A folder a bad config, beside what is said of it; and what a good folder gives."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from gateway import shipped
from gateway.core.events import Level
from gateway.core.policy.schema import PromiseKind, ReceiptSend
from gateway.core.routing import Route
from gateway.settings.errors import Fault, SettingsError
from gateway.settings.load import as_routes, load

BAD = sorted(path for path in (Path(__file__).parent / "bad").iterdir() if path.is_dir())

GATEWAY = """\
practice: {name: Hope Street Practice, timezone: Europe/Berlin}
smarthost: {url: "maildir:sent"}
mailboxes:
  ana:
    address: ana@hopestreet.example
    aliases: [ana.gray@hopestreet.example]
    deliver: "maildir:ana"
    policy: open-door
"""


def folder_with(path: Path, **files: str) -> Path:
    for name, text in {"gateway": GATEWAY, **files}.items():
        file = path / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


@cache
def told_of(folder: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        load(folder)
    return str(refused.value)


@pytest.mark.parametrize("folder", BAD, ids=lambda path: path.name)
def test_a_bad_folder_is_refused_with_every_place_and_mend(folder: Path) -> None:
    told = told_of(folder).replace(str(folder), "FOLDER")
    assert told.splitlines() == (folder / "expected.txt").read_text().splitlines()


@pytest.mark.parametrize("folder", BAD, ids=lambda path: path.name)
def test_no_fault_quotes_a_password(folder: Path) -> None:
    assert "swordfish" not in told_of(folder)


def test_a_folder_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such folder; make one with: handrail init"):
        load(tmp_path / "nowhere")


def test_without_routes_each_mailbox_takes_its_own_addresses(tmp_path: Path) -> None:
    assert as_routes(load(folder_with(tmp_path))) == (
        Route("ana@hopestreet.example", "ana", "open-door"),
        Route("ana.gray@hopestreet.example", "ana", "open-door"),
    )


def test_mail_may_reach_every_mailbox_without_us(tmp_path: Path) -> None:
    gateway = (
        GATEWAY.replace("deliver:", "watch:") + "    control: ana+handrail@hopestreet.example\nsmtp: {listen: []}\n"
    )
    settings = load(folder_with(tmp_path, gateway=gateway))
    assert as_routes(settings) == ()
    assert not settings.gateway.relays
    assert settings.gateway.smtp.listen == ()


def test_a_route_without_a_policy_takes_its_mailboxs(tmp_path: Path) -> None:
    routes = """\
- {to: ana-bookings@hopestreet.example, mailbox: ana, policy: scheduling-only}
- {to: "*@hopestreet.example", mailbox: ana}
"""
    assert as_routes(load(folder_with(tmp_path, routes=routes))) == (
        Route("ana-bookings@hopestreet.example", "ana", "scheduling-only"),
        Route("*@hopestreet.example", "ana", "open-door"),
    )


def test_a_practices_own_policy_comes_before_the_shipped_one(tmp_path: Path) -> None:
    settings = load(folder_with(tmp_path, **{"policies__open-door": "receipt: {send: never}"}))
    assert settings.policies["open-door"].receipt.send is ReceiptSend.NEVER
    assert settings.policies["when-able"] == load(shipped.folder("config")).policies["when-able"]


def test_a_practices_own_lexicon_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    own = "name: own\nlanguage: de\nlevel: urgent\nsource: agreed\nlicence: ours\nphrases: [Lichtung]\n"
    settings = load(folder_with(tmp_path, urgency__de__own=own))
    lexicon = next(one for one in settings.lexicons if one.name == "own")
    assert (lexicon.level, lexicon.phrases) == (Level.URGENT, ("Lichtung",))
    assert set(load(shipped.folder("config")).lexicons) < set(settings.lexicons)


def test_yaml_keeps_times_and_country_codes_what_they_are(tmp_path: Path) -> None:
    gateway = GATEWAY.replace("Hope Street Practice", "NO")
    settings = load(folder_with(tmp_path, gateway=gateway, policies__noon="hours: {reading: 12:30-13:00}"))
    assert settings.gateway.practice.name == "NO"
    assert str(settings.policies["noon"].hours.reading[0]) == "12:30-13:00"


def test_what_an_alias_shares_is_read_and_an_alias_to_itself_is_refused(tmp_path: Path) -> None:
    shared = load(folder_with(tmp_path, policies__a="hours: &h {reading: '17:00'}\nanswer: {promise: none}\n"))
    assert shared.policies["a"].answer.promise.what is PromiseKind.NONE
    with pytest.raises(SettingsError):
        load(folder_with(tmp_path, policies__a="hours: &h [*h]\n"))


def test_the_starter_for_mailboxes_that_mail_reaches_without_us_loads(tmp_path: Path) -> None:
    text = (shipped.folder("config") / "mailbox-only" / "gateway.yaml").read_text()
    assert not load(folder_with(tmp_path, gateway=text)).gateway.relays
    switched_on = re.sub(r"(?m)^#(?= +\S)( +\w+:)", r"\1", text)
    in_earnest = re.sub(r'(?m)^ +(url: "maildir|watch|trusted_authserv).*\n', "", switched_on)
    mailbox = load(folder_with(tmp_path, gateway=in_earnest)).gateway.mailboxes["ana"]
    assert (mailbox.watch, mailbox.trusted_authserv) == ("imaps://imap.gmail.com", "mx.google.com")


def test_the_shipped_folder_loads() -> None:
    settings = load(shipped.folder("config"))
    assert settings.gateway.practice.crisis_line
    assert {route.mailbox for route in as_routes(settings)} == set(settings.gateway.mailboxes)


def test_every_setting_that_the_shipped_file_shows_switched_off_is_one(tmp_path: Path) -> None:
    text = (shipped.folder("config") / "gateway.yaml").read_text()
    for name in ("tls/fullchain.pem", "tls/key.pem"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    switched_on = re.sub(r"(?m)^#(?= +\S)( +\w+:)", r"\1", text)
    assert switched_on.count("\n#") < text.count("\n#")
    settings = load(folder_with(tmp_path, gateway=switched_on))
    assert settings.gateway.smtp.tls is not None
    assert settings.gateway.mailboxes["ana"].tags.urgent == "$label1"


def test_every_shipped_policy_opens_with_its_sense() -> None:
    policies = load(shipped.folder("config")).policies
    assert [name for name, policy in policies.items() if not policy.summary] == []


@pytest.mark.parametrize("region", ["AU-NSW", "DE-BY", "US", "gb-eng", ""])
def test_a_region_whose_holidays_are_known_is_taken(tmp_path: Path, region: str) -> None:
    gateway = GATEWAY.replace("timezone:", f'region: "{region}", timezone:')
    assert load(folder_with(tmp_path, gateway=gateway)).gateway.practice.region == region


def test_mail_to_the_control_address_finds_its_mailbox_without_a_file_of_routes(tmp_path: Path) -> None:
    gateway = f"{GATEWAY}    control: ana+handrail@hopestreet.example\n"
    route = Route("ana+handrail@hopestreet.example", "ana", "open-door")
    assert route in as_routes(load(folder_with(tmp_path, gateway=gateway)))


def test_a_control_address_that_a_route_leads_to_its_mailbox_is_taken(tmp_path: Path) -> None:
    gateway = f"{GATEWAY}    control: ana+handrail@hopestreet.example\n"
    routes = '- {to: "ana+*@hopestreet.example", mailbox: ana}\n- {to: "*@hopestreet.example", mailbox: ana}\n'
    settings = load(folder_with(tmp_path, gateway=gateway, routes=routes))
    assert settings.gateway.mailboxes["ana"].control == "ana+handrail@hopestreet.example"


def test_covers_absences_and_calendars_are_read_with_the_mailbox(tmp_path: Path) -> None:
    (tmp_path / "sessions.ics").touch()
    gateway = f"""{GATEWAY}\
    absences:
      - {{from: 2026-12-24, until: 2027-01-03, cover: ben}}
      - {{from: 2027-04-01, until: 2027-04-01}}
    absences_calendar: https://calendar.example/private/ana.ics
    sessions_calendar: sessions.ics
covers: {{ben: {{name: Ben Okafor, address: ben@quietroom.example, mailbox: ana}}}}
"""
    files = {"gateway": gateway, "policies__open-door": "extends: open-door\nurgency: {cover: ben}\n"}
    settings = load(folder_with(tmp_path, **files))
    christmas, fools = settings.gateway.mailboxes["ana"].absences
    assert (christmas.first, christmas.last, christmas.cover) == (date(2026, 12, 24), date(2027, 1, 3), "ben")
    assert fools.cover == ""
    assert settings.policies["open-door"].urgency.cover == "ben"


def test_a_practices_own_crisis_lines_replace_those_of_the_countries_that_they_name(tmp_path: Path) -> None:
    lines = "DE: {line: Krisendienst 0800 655 3000, source: ours, dated: 2026-11-01}\n"
    gateway = GATEWAY.replace("timezone:", "region: DE-BY, timezone:")
    settings = load(folder_with(tmp_path, gateway=gateway, **{"crisis-lines": lines}))
    assert settings.crisis_line == "Krisendienst 0800 655 3000"
    assert settings.crisis_lines["FR"] == load(shipped.folder("config")).crisis_lines["FR"]


def test_acks_carry_the_practices_own_crisis_line_before_its_countrys(tmp_path: Path) -> None:
    assert load(folder_with(tmp_path)).crisis_line == ""
    region = GATEWAY.replace("timezone:", "region: AU-NSW, timezone:")
    assert load(folder_with(tmp_path, gateway=region)).crisis_line == "Lifeline 13 11 14"
    own = region.replace("timezone:", "crisis_line: Beyond 555, timezone:")
    assert load(folder_with(tmp_path, gateway=own)).crisis_line == "Beyond 555"


def test_each_shipped_crisis_line_is_a_phrase_with_a_number_its_source_and_a_day_that_has_been() -> None:
    lines = load(shipped.folder("config")).crisis_lines
    assert {"AT", "AU", "BE", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IE", "IN", "IT", "NL", "NZ", "PT"} < set(lines)
    assert {"US", "ZA"} < set(lines)
    for country, entry in lines.items():
        assert any(sign.isdigit() for sign in entry.line), country
        assert str(entry.dated.year) in entry.source or not any(sign.isdigit() for sign in entry.source)
        assert date(2018, 1, 1) < entry.dated < date(2026, 11, 24), country


def test_a_fault_is_printed_as_compilers_do() -> None:
    fault = Fault("gateway.yaml", 14, 5, "mailboxes.ana.polcy", "unknown key", "did you mean policy?")
    assert str(fault) == "gateway.yaml:14:5: mailboxes.ana.polcy: unknown key; did you mean policy?"
    assert str(Fault("gateway.yaml", 0, 0, "", "no such file")) == "gateway.yaml: no such file"
