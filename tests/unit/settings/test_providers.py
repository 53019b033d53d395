"""A provider's name fills what a config leaves out, and nothing that it says itself."""

from typing import Any

import pytest

from gateway.settings.providers import NAMES, PROVIDERS
from gateway.settings.schema import Mailbox, Smarthost

SHORT = {"address": "ana@hopestreet.example", "policy": "open-door"}


def mailbox(provider: str, **said: Any) -> Mailbox:
    return Mailbox.model_validate(SHORT | {"provider": provider} | said)


def smarthost(provider: str, **said: Any) -> Smarthost:
    return Smarthost.model_validate({"provider": provider} | said)


@pytest.mark.parametrize("name", NAMES)
def test_every_provider_is_reached_by_tls_alone(name: str) -> None:
    assert (mailbox(name).watch or "").startswith("imaps://")
    assert smarthost(name).url.startswith(("smtps://", "smtp+starttls://"))
    assert 1 <= smarthost(name).per_minute <= 30


@pytest.mark.parametrize("name", [name for name in NAMES if PROVIDERS[name].oauth2])
def test_a_registration_is_all_that_a_sign_in_needs(name: str) -> None:
    oauth2 = mailbox(name, oauth2={"client_id": "1"}).oauth2
    assert oauth2 is not None
    assert oauth2 == smarthost(name, oauth2={"client_id": "1"}).oauth2
    assert oauth2.scopes
    assert all(url.startswith("https://") for url in (oauth2.authorize, oauth2.token))
    assert "{" not in oauth2.authorize + oauth2.token + oauth2.device


def test_what_a_config_says_itself_stays() -> None:
    own = mailbox(
        "microsoft-365",
        watch="imaps://ana@mail.example",
        trusted_authserv="mail.example",
        oauth2={"client_id": "1", "scopes": ["mail"], "token": "https://id.example/token"},
    )
    assert (own.watch, own.trusted_authserv) == ("imaps://ana@mail.example", "mail.example")
    assert own.oauth2 is not None
    assert (own.oauth2.scopes, own.oauth2.token) == (("mail",), "https://id.example/token")
    assert own.oauth2.device.endswith("/common/oauth2/v2.0/devicecode")
    assert smarthost("microsoft-365", per_minute=5).per_minute == 5
    assert mailbox("fastmail", watch=None, deliver="lmtp://127.0.0.1:24").watch is None


def test_a_microsoft_organisation_is_asked_at_its_own_addresses() -> None:
    oauth2 = mailbox("microsoft-365", oauth2={"client_id": "1", "tenant": "hopestreet.example"}).oauth2
    assert oauth2 is not None
    assert oauth2.token == "https://login.microsoftonline.com/hopestreet.example/oauth2/v2.0/token"
    assert "offline_access" in oauth2.scopes


def test_a_provider_is_believed_about_authors_only_where_it_takes_the_mail_in_itself() -> None:
    assert mailbox("google-workspace").trusted_authserv == "mx.google.com"
    assert mailbox("microsoft-365").trusted_authserv == "topmost"
    assert mailbox("google-workspace", deliver="smtp+starttls://mail.example").trusted_authserv == ""


@pytest.mark.parametrize(("address", "user"), [("ana.gray@icloud.com", "ana.gray"), ("ana@hopestreet.example", "")])
def test_icloud_wants_the_part_before_the_sign_as_the_name(address: str, user: str) -> None:
    assert mailbox("icloud", address=address).user == user
