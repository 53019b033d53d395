"""What servers say, as values: case, order and oddities of real ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mailbox import responses
from gateway.mailbox.protocol import Parts


@pytest.mark.parametrize(
    ("parts", "items"),
    [
        ([b"5 FETCH (UID 7 FLAGS (\\Seen $label1))"], {"UID": b"7", "FLAGS": [b"\\Seen", b"$label1"]}),
        ([b"5 fetch (flags () uid 7 modseq (9))"], {"FLAGS": [], "UID": b"7", "MODSEQ": [b"9"]}),
        ([b"5 FETCH (BODY[] {3}", b"a)(", b" UID 7)"], {"BODY[]": b"a)(", "UID": b"7"}),
        (
            [b'5 FETCH (BODY[HEADER.FIELDS (MESSAGE-ID)] "x \\"y\\" )" UID 7)'],
            {"BODY[HEADER.FIELDS (MESSAGE-ID)]": b'x "y" )', "UID": b"7"},
        ),
        ([b"5 FETCH (BODY[] {9999}", None, b" UID 7)"], {"BODY[]": None, "UID": b"7"}),
        ([b"5 FETCH (UID 7 BODY[] NIL)"], {"UID": b"7", "BODY[]": None}),
        ([b'5 FETCH (UID 7 BODY[] "NIL")'], {"UID": b"7", "BODY[]": b"NIL"}),
        ([b'5 FETCH (FLAGS ("\\Seen") UID 7)'], {"FLAGS": [b"\\Seen"], "UID": b"7"}),
    ],
)
def test_fetch_items_are_found_in_any_case_and_order(parts: Parts, items: dict[str, responses.Value]) -> None:
    assert responses.fetched(parts) == items


@pytest.mark.parametrize("line", [b"5 EXISTS", b"OK FETCH (", b"FLAGS (\\Seen)", b""])
def test_other_responses_are_no_fetch(line: bytes) -> None:
    assert responses.fetched([line]) is None


@given(st.lists(st.binary() | st.none(), min_size=1, max_size=5))
def test_no_response_raises(parts: list[bytes | None]) -> None:
    items = responses.fetched([b"1 FETCH (" + (parts[0] or b""), *parts[1:]]) or {}
    for value in items.values():
        responses.flags(value)
        responses.number(value)
        responses.instant(value)
    responses.selected([parts])
    responses.folders([[b"LIST (", *parts], parts])
    responses.status([b"STATUS " + (parts[0] or b""), *parts[1:]])
    responses.vanished([b"VANISHED " + (parts[0] or b"")])
    responses.enabled([parts])


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"Message-ID: <1@client.example>\r\n\r\n", "<1@client.example>"),
        (b"message-id:\r\n <long@client.example>\r\n\r\n", "<long@client.example>"),
        (b"MESSAGE-ID : <1@client.example> (by hand)\r\n\r\n", "<1@client.example> (by hand)"),
        (b"Message-ID: <1@client.example>\r\nMessage-ID: <2@client.example>\r\n\r\n", "<1@client.example>"),
        ("Message-ID: <Grüße@client.example>\r\n".encode(), "<Grüße@client.example>"),
        (b"Message-ID:\r\n\r\n", ""),
        (b"\r\n", ""),
        (b"", ""),
    ],
)
def test_a_message_id_is_read_however_it_is_written(header: bytes, found: str) -> None:
    assert responses.message_id(header) == found


def test_recent_is_no_flag_of_the_message() -> None:
    assert responses.flags([b"\\Recent", b"\\Seen"]) == {"\\Seen"}
    assert responses.flags(None) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"7", 7),
        ([b"4611686018427387904"], 4611686018427387904),
        ([b"-1"], None),
        ([], None),
        (None, None),
        (b"x", None),
    ],
)
def test_numbers_have_any_size_and_are_never_below_zero(value: responses.Value, expected: int | None) -> None:
    assert responses.number(value) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b" 7-Feb-2026 21:52:25 -0800", datetime(2026, 2, 8, 5, 52, 25, tzinfo=UTC)),
        (b"17-JUL-2026 02:44:25 +0000", datetime(2026, 7, 17, 2, 44, 25, tzinfo=UTC)),
        (b"00-Jan-0000 00:00:00 +0000", None),
        (b"01-Jan-0001 00:00:00 +2359", None),
        (b"tomorrow", None),
        (None, None),
    ],
)
def test_dates_that_are_none_are_left_out(date: bytes | None, expected: datetime | None) -> None:
    assert responses.instant(date) == expected


@pytest.mark.parametrize(
    ("permanent", "keyword", "star"),
    [
        (b"OK [PERMANENTFLAGS (\\Seen \\Flagged \\*)] Limited", True, True),
        (b"ok [permanentflags (\\seen \\flagged $Label1)]", True, True),
        (b"OK [PERMANENTFLAGS (\\Deleted \\Flagged \\Seen)]", False, True),
        (b"OK [PERMANENTFLAGS ()]", False, False),
        (b"FLAGS (\\Answered \\Flagged)", False, True),
        (b"OK nothing said", False, False),
    ],
)
def test_keyword_support_is_what_select_says(permanent: bytes, keyword: bool, star: bool) -> None:
    selected = responses.selected([[b"3 EXISTS"], [permanent], [b"OK [UIDVALIDITY 7]"], [b"OK [HIGHESTMODSEQ 9]"]])
    assert (selected.keeps("$label1"), selected.keeps("\\Flagged")) == (keyword, star)
    assert (selected.validity, selected.modseq, selected.next_uid) == ("7", 9, 0)


def test_folders_are_listed_once_whatever_the_names_and_however_they_come() -> None:
    listed: list[Parts] = [
        [b'LIST (\\HasNoChildren) "/" INBOX'],
        [b'LIST (\\HasNoChildren) "/" Inbox'],
        [b'LIST (\\HasNoChildren \\Sent) "/" "[Gmail]/Gesendet"'],
        [b'XLIST (\\Spam \\HasNoChildren) "|" "Bulk Mail"'],
        [b"LIST (\\HasNoChildren) NIL {4}", b"Sent", b""],
        [b'LIST (\\Noselect \\Sent) "/" Old'],
        [b'LIST () "/" "Entw&APw-rfe"'],
        [b'LIST () "\\\\" "a \\"b\\""'],
        [b"LIST nonsense"],
    ]
    found = responses.folders(listed)
    assert [folder.name for folder in found] == [
        "INBOX", "[Gmail]/Gesendet", "Bulk Mail", "Sent", "Entwürfe", 'a "b"',
    ]  # fmt: skip
    assert [folder.delimiter for folder in found] == ["/", "/", "|", "", "/", "\\"]
    assert "\\sent" in found[1].attributes
    assert "\\junk" in found[2].attributes


@pytest.mark.parametrize(
    ("parts", "folder", "items"),
    [
        ([b"STATUS Sent (MESSAGES 3 UIDNEXT 9)"], "Sent", {"MESSAGES": "3", "UIDNEXT": "9"}),
        ([b'status "Entw&APw-rfe" (messages 3)'], "Entwürfe", {"MESSAGES": "3"}),
        ([b"STATUS {6}", "Grüß".encode(), b" (UNSEEN 1)"], "Grüß", {"UNSEEN": "1"}),
        ([b"STATUS Sent ()"], "Sent", {}),
        ([b'STATUS "a (b" (HIGHESTMODSEQ 9223372036854775807)'], "a (b", {"HIGHESTMODSEQ": "9223372036854775807"}),
    ],
)
def test_status_is_read_by_item(parts: Parts, folder: str, items: dict[str, str]) -> None:
    status = responses.status(parts)
    assert status is not None
    assert (status.folder, status.items) == (folder, items)


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        (b"VANISHED 7", ((7, 7),)),
        (b"VANISHED (EARLIER) 1:3,9", ((1, 3), (9, 9))),
        (b"vanished (earlier) 9:4", ((4, 9),)),
        (b"VANISHED (EARLIER)", ()),
        (b"VANISHED (EARLIER) 3:*", ()),
        (b"VANISHED ,,:", ()),
        (b"7 EXPUNGE", ()),
    ],
)
def test_what_vanished_is_read_as_spans_and_nonsense_as_none(line: bytes, spans: tuple[tuple[int, int], ...]) -> None:
    assert responses.vanished([line]) == spans


def test_what_is_enabled_is_what_the_server_says_and_not_that_it_says_ok() -> None:
    assert responses.enabled([[b"ENABLED CONDSTORE qresync"]]) == {"CONDSTORE", "QRESYNC"}
    assert responses.enabled([[b"OK fine"], [b""]]) == frozenset()


@pytest.mark.parametrize(
    ("attributes", "found"),
    [(b"\\Drafts", "[Gmail]/Entwürfe"), (b"\\HasNoChildren", "drafts"), (b"\\Noselect \\drafts", "drafts")],
)
def test_the_folder_of_drafts_is_the_marked_one_before_the_named_one(attributes: bytes, found: str) -> None:
    listed: list[Parts] = [
        [b'LIST () "/" drafts'],
        [b"LIST (" + attributes + b') "/" "[Gmail]/Entw&APw-rfe"'],
        [b'LIST (\\Sent) "/" Sent'],
    ]
    assert responses.drafts_folder(listed, "Drafts") == found
    assert responses.drafts_folder(listed[2:], "Drafts") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        (b"request is THROTTLED.", 60.0),
        (b"Command Argument Error. 11", None),
    ],
)
def test_throttling_is_read_with_its_pause(text: bytes, seconds: float | None) -> None:
    assert responses.backoff(text) == seconds


def test_of_a_refusal_only_the_code_is_taken() -> None:
    assert responses.code(b"[AUTHENTICATIONFAILED] ana@hopestreet.example is unknown") == "AUTHENTICATIONFAILED"
    assert responses.code(b"ana@hopestreet.example is unknown") == ""
