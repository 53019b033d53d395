"""A folder a bad config, beside what is said of it; and what a good folder gives."""

import re
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


@pytest.mark.parametrize("folder", BAD, ids=lambda path: path.name)
def test_a_bad_folder_is_refused_with_every_place_and_mend(folder: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(folder)
    told = str(refused.value).replace(str(folder), "FOLDER")
    assert told.splitlines() == (folder / "expected.txt").read_text().splitlines()


@pytest.mark.parametrize("folder", BAD, ids=lambda path: path.name)
def test_no_fault_quotes_a_password(folder: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(folder)
    assert "swordfish" not in str(refused.value)


def test_a_folder_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such folder; make one with: handrail init"):
        load(tmp_path / "nowhere")


def test_without_routes_each_mailbox_takes_its_own_addresses(tmp_path: Path) -> None:
    assert as_routes(load(folder_with(tmp_path))) == (
        Route("ana@hopestreet.example", "ana", "open-door"),
        Route("ana.gray@hopestreet.example", "ana", "open-door"),
    )


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


@pytest.mark.parametrize("name", sorted(path.stem for path in (shipped.folder("config") / "policies").glob("*.yaml")))
def test_every_shipped_policy_opens_with_its_sense(name: str) -> None:
    settings = load(shipped.folder("config"))
    assert settings.policies[name].summary


def test_a_fault_is_printed_as_compilers_do() -> None:
    fault = Fault("gateway.yaml", 14, 5, "mailboxes.ana.polcy", "unknown key", "did you mean policy?")
    assert str(fault) == "gateway.yaml:14:5: mailboxes.ana.polcy: unknown key; did you mean policy?"
    assert str(Fault("gateway.yaml", 0, 0, "", "no such file")) == "gateway.yaml: no such file"
