"""Tokens are shown as RFC 7628 and Google's page have it."""

from gateway.sasl import MECHANISMS, chosen


def test_the_example_of_googles_page_is_met_to_the_letter() -> None:
    xoauth2 = chosen(["PLAIN", "XOAUTH2"])
    assert xoauth2 is not None
    said = xoauth2.says("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", "imap.gmail.com", 993)
    assert said == (b"user=someuser@example.com\1auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\1\1")


def test_the_example_of_rfc_7628_4_1_is_met_to_the_letter() -> None:
    bearer = chosen(["OAUTHBEARER"])
    assert bearer is not None
    said = bearer.says("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", "server.example.com", 143)
    assert said == (
        b"n,a=user@example.com,\1host=server.example.com\1port=143\1"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"
    )
    assert bearer.gives_in == b"\1"


def test_a_name_with_signs_of_its_own_is_written_otherwise() -> None:
    assert MECHANISMS[1].says("a=b,c@h.example", "t", "h", 1).startswith(b"n,a=a=3Db=2Cc@h.example,\1")


def test_the_one_that_is_proven_for_longer_is_taken_where_both_are_offered() -> None:
    both = chosen(["OAUTHBEARER", "XOAUTH2"])
    assert both is not None
    assert both.name == "XOAUTH2"
    assert chosen(["PLAIN", "LOGIN"]) is None
