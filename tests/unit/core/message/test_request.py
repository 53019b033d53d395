"""Requests for a receipt: to whom one may go unasked, what forbids it, and how the request is taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message.facts import Envelope, Facts
from gateway.core.message.read import found_envelope, read
from gateway.core.message.request import receipt_address, without_request

CLIENT = "client@client.example"
ANA = ("ana@hopestreet.example",)


def facts(*fields: str, reverse_path: str = CLIENT) -> Facts:
    return read("\r\n".join([*fields, "", "hi"]).encode(), Envelope(reverse_path, ANA))


@pytest.mark.parametrize(
    ("asked", "reverse_path", "expected"),
    [
        ("Client <client@client.example>", CLIENT, True),
        ("<client@client.example> (at home)", CLIENT, True),
        ("client@CLIENT.Example", CLIENT, True),
        ('"client"@client.example', CLIENT, True),
        (r'"cl\ient"@client.example', CLIENT, True),
        ("<@relay.example:client@client.example>", CLIENT, True),
        ("client@client.example, client@client.example", CLIENT, True),
        ("Client@client.example", CLIENT, False),
        ("client+ill@client.example", CLIENT, False),
        ("other@client.example", CLIENT, False),
        ("client@client.example, other@client.example", CLIENT, False),
        ("other@client.example, client@client.example", CLIENT, False),
        ("client@client.example", "", False),
        ("", CLIENT, False),
        ("nobody", CLIENT, False),
    ],
)
def test_a_receipt_goes_unasked_to_one_address_which_is_the_reverse_path(
    asked: str, reverse_path: str, expected: bool
) -> None:
    found = receipt_address(facts(f"Disposition-Notification-To: {asked}", reverse_path=reverse_path))
    assert (found is not None) is expected


def test_fields_that_ask_for_something_else_ask_for_no_receipt() -> None:
    for name in ("Return-Receipt-To", "X-Confirm-Reading-To", "Generate-Delivery-Report"):
        assert receipt_address(facts(f"{name}: {CLIENT}")) is None


def test_without_a_noted_reverse_path_nothing_goes_unasked() -> None:
    asked = f"From: {CLIENT}\r\nDisposition-Notification-To: {CLIENT}\r\n\r\nhi".encode()
    noted = f"Return-Path: <{CLIENT}>\r\n".encode() + asked
    assert receipt_address(read(noted, found_envelope(noted, ANA[0]))) == CLIENT
    assert receipt_address(read(asked, found_envelope(asked, ANA[0]))) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("signed-receipt-protocol=optional,pkcs7-signature", True),
        ("signed-receipt-protocol=required,pkcs7-signature", False),
        ("a = OPTIONAL , x; b = Required , y", False),
        ("a=optional,required", True),
        ("nonsense", True),
        ("", True),
    ],
)
def test_an_option_that_is_required_and_not_known_forbids_the_receipt(options: str, expected: bool) -> None:
    asked = facts(f"Disposition-Notification-To: {CLIENT}", f"Disposition-Notification-Options: {options}")
    assert (receipt_address(asked) is not None) is expected


def test_a_fragment_of_a_message_asks_for_nothing() -> None:
    fragment = facts(
        f"Disposition-Notification-To: {CLIENT}", 'Content-Type: message/partial; id="x"; number=1; total=2'
    )
    assert receipt_address(fragment) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rfc822;Ana.Reed@hopestreet.example", "rfc822;Ana.Reed@hopestreet.example"),
        ("rfc822 ; ana@hopestreet.example ", "rfc822;ana@hopestreet.example"),
        ("ana@hopestreet.example", ""),
        ("rfc822;", ""),
        ("rfc822 (as RFC 3461 has it) ; ana@hopestreet.example (Ana)", "rfc822;ana@hopestreet.example"),
        ("rfc822;änne@hopestreet.example", ""),
        ("rfc822;a\r\n b@hopestreet.example", "rfc822;a b@hopestreet.example"),
    ],
)
def test_the_original_recipient_is_read_where_it_has_its_form(value: str, expected: str) -> None:
    assert facts(f"Original-Recipient: {value}").original_recipient == expected


HEAD = b"From: Carla <carla@client.example>\r\nSubject: This week\r\n"
BODY = (
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n'
    b"Disposition-Notification-To: carla@client.example\r\nSubject: attached\r\n\r\n"
    b"Disposition-Notification-To: is what I wrote\r\n--x--\r\n"
)


@pytest.mark.parametrize(
    "request_",
    [
        b"Disposition-Notification-To: carla@client.example\r\n",
        b"DISPOSITION-notification-TO:carla@client.example\r\n",
        b"Disposition-Notification-To :\r\n carla@client.example,\r\n\tcarla@home.example\r\n",
        b"Return-Receipt-To: carla@client.example\r\n",
        b"X-Confirm-Reading-To: carla@client.example\r\n",
        b"Disposition-Notification-Options: a=optional,b\r\n",
        b"Disposition-Notification-To: a@b.example\r\nReturn-Receipt-To: a@b.example\r\n" * 3,
        b"Disposition-Notification-To: carla@client.example\n",
    ],
)
def test_the_request_is_taken_off_and_every_other_byte_stays(request_: bytes) -> None:
    for content in (HEAD + request_ + BODY, request_ + HEAD + BODY, request_ + b"\r\n" + BODY):
        without = content.replace(request_, b"", 1)
        assert without_request(content) == without


def test_only_the_messages_own_header_is_touched() -> None:
    for content in (
        HEAD + BODY,
        b"\r\nDisposition-Notification-To: a@b.example\r\n",
        b"X-Disposition-Notification-To: a@b.example\r\nSubject: x\r\n Disposition-Notification-To: y\r\n\r\nhi",
        b"Subject: Disposition-Notification-To: a@b.example\r\n\r\nhi",
        b"",
    ):
        assert without_request(content) == content


def test_a_header_without_a_body_keeps_its_other_fields() -> None:
    assert without_request(b"Subject: x\r\nDisposition-Notification-To: a@b.example") == b"Subject: x\r\n"


@given(st.binary(max_size=400))
def test_no_bytes_break_it(content: bytes) -> None:
    assert len(without_request(content)) <= len(content)


@given(st.binary(max_size=400).map(lambda body: HEAD + b"\r\n" + body))
def test_no_body_is_changed(content: bytes) -> None:
    assert without_request(content) == content
