"""What is said to a provider, and what its answers mean."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.ports import Unavailable
from gateway.sign_in.grants import (
    Denied,
    Pending,
    Registration,
    Unregistered,
    code_form,
    code_from,
    device_code_form,
    device_form,
    granted,
    question,
    refresh_form,
)
from gateway.sign_in.post import Answer

HERE = "http://127.0.0.1:8400"
PUBLIC = Registration(
    client_id="1", token="https://id.example/token", authorize="https://id.example/authorize?p=1", scopes=("mail", "x")
)
SECRET = Registration(client_id="1", token="https://id.example/token", secret=lambda: "a&b", parameters={"prompt": "y"})


def said(form: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(form, strict_parsing=True).items()}


def answer(status: int, **fields: Any) -> Answer:
    return Answer(status, json.dumps(fields).encode())


def test_the_address_to_open_says_who_asks_for_what_and_carries_a_challenge() -> None:
    asked = question(PUBLIC, HERE, "ana@hopestreet.example")
    fields = said(urlsplit(asked.url).query)
    challenge = urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
    assert fields == {
        "p": "1",
        "response_type": "code",
        "client_id": "1",
        "redirect_uri": HERE,
        "scope": "mail x",
        "state": asked.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": "ana@hopestreet.example",
    }
    assert asked.state != question(PUBLIC, HERE, "").state


def test_the_secret_of_a_registration_goes_with_every_form_and_into_no_address() -> None:
    registration = Registration(
        client_id="1", token="https://id.example/token", authorize="https://id.example/a", secret=lambda: "a&b"
    )
    forms = (
        code_form(SECRET, "c", HERE, "v"),
        refresh_form(SECRET, "r"),
        device_form(SECRET),
        device_code_form(SECRET, "d"),
    )
    assert all(said(form)["client_secret"] == "a&b" for form in forms)
    assert "a%26b" not in question(registration, HERE, "").url


def test_a_public_client_shows_no_secret() -> None:
    for form in (code_form(PUBLIC, "c", HERE, "v"), refresh_form(PUBLIC, "r"), device_form(PUBLIC)):
        assert "client_secret" not in said(form)
    assert said(refresh_form(PUBLIC, "r+1")) == {
        "grant_type": "refresh_token",
        "client_id": "1",
        "refresh_token": "r+1",
    }
    assert said(code_form(PUBLIC, "c", HERE, "v")) == {
        "grant_type": "authorization_code",
        "client_id": "1",
        "code": "c",
        "redirect_uri": HERE,
        "code_verifier": "v",
    }


def test_only_the_answer_to_our_own_question_has_a_code() -> None:
    assert code_from("code=c&state=s", "s") == "c"
    for query in ("code=c", "code=c&state=other", "", "state=s"):
        with pytest.raises(Unregistered):
            code_from(query, "s")
    with pytest.raises(Denied, match="access_denied"):
        code_from("error=access_denied&error_description=ana%40hopestreet.example&state=s", "s")


def test_tokens_are_read_whatever_stands_beside_them() -> None:
    found = granted(answer(200, access_token="a", expires_in="3599", scope="other", id_token="x", ext_expires_in=1))
    assert (found.access, found.refresh, found.lifetime) == ("a", "", 3599)
    assert granted(answer(200, access_token="a", refresh_token="r", token_type="bearer")).lifetime is None


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "AADSTS700082: ana@hopestreet.example expired"}, Denied),
        (400, {"error": "interaction_required"}, Denied),
        (401, {"error": "invalid_client"}, Unregistered),
        (400, {"error": "unauthorized_client"}, Unregistered),
        (400, {"error": "invalid_scope"}, Unregistered),
        (400, {"error": "Ana Gray is not welcome"}, Unregistered),
        (400, {"error": "authorization_pending"}, Pending),
        (400, {"error": "slow_down"}, Pending),
        (400, {"error": "temporarily_unavailable"}, Unavailable),
        (503, {"error": "invalid_grant"}, Unavailable),
        (404, {}, Unavailable),
        (200, {"token_type": "bearer"}, Unregistered),
    ],
)
def test_each_refusal_means_what_it_means_and_names_nobody(
    status: int, fields: dict[str, Any], kind: type[Unavailable]
) -> None:
    with pytest.raises(Unavailable) as refused:
        granted(answer(status, **fields))
    assert type(refused.value) is kind
    assert "hopestreet" not in str(refused.value)
    assert "Gray" not in str(refused.value)
