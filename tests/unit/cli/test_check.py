"""`handrail check` finds what is wrong before a client does."""

from pathlib import Path

import trustme

from tests.servers.places import free_port
from tests.unit.cli.conftest import Handrail


def test_a_sound_folder_has_nothing_to_mend_and_notices_are_no_faults(handrail: Handrail) -> None:
    handrail.change("policy: hope-street", "policy: hope-street\n    alert: ana@phone.example")
    ended = handrail("check")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "notice   gateway.yaml smarthost: your acks, receipts and alerts go into a folder, not to people",
        "         to change it: set `smarthost.url` to your mail provider's submission server",
        f"{handrail.config}: nothing to mend.",
    ]


def test_a_warning_is_to_mend_and_ends_well(handrail: Handrail) -> None:
    ended = handrail("check")
    assert ended.code == 0
    assert "warning  gateway.yaml mailboxes.ana.alert: alerts go to the mailbox itself" in ended.out
    assert ended.out.endswith(": 1 to mend.\n")


def test_every_fault_of_the_files_is_told_with_file_line_and_mend(handrail: Handrail) -> None:
    handrail.change("timezone: Australia/Sydney", "timezone: Australia/Sidney")
    handrail.write("policies/hope-street.yaml", "acknowledge: {wen: always}\n")
    ended = handrail("check")
    assert (ended.code, ended.out) == (2, "")
    assert "gateway.yaml:3:13: practice.timezone: 'Australia/Sidney' is no time zone" in ended.err
    assert "policies/hope-street.yaml:1:15: acknowledge.wen: unknown key; did you mean when?" in ended.err
    told = handrail("check", "--json")
    assert told.code == 2
    assert [(fault["file"], fault["line"], fault["key"]) for fault in told.json["faults"]] == [
        ("gateway.yaml", 3, "practice.timezone"),
        ("policies/hope-street.yaml", 1, "acknowledge.wen"),
    ]


def test_a_contradiction_is_an_error_and_for_programs_too(handrail: Handrail) -> None:
    handrail.write("policies/hope-street.yaml", "answer: {promise: next-reading-time}\n")
    ended = handrail("check")
    assert ended.code == 1
    assert ended.out.startswith("error    policies/hope-street.yaml answer.promise: an answer is promised by the next")
    told = handrail("check", "--json")
    assert (told.code, told.json["faults"]) == (1, [])
    assert [finding["severity"] for finding in told.json["findings"]] == ["error", "warning", "notice"]
    assert set(told.json["findings"][0]) == {"severity", "where", "what", "mend"}


def test_a_broken_template_of_ones_own_is_named_with_its_line(handrail: Handrail) -> None:
    template = handrail.write("templates/en/ack/body.txt", "Hello,\n{% if crisis %}\nCall {{ fone }}.\n{% endif %}\n")
    ended = handrail("check")
    assert ended.code == 1
    assert ended.out.startswith(f"error    {template}:3: 'fone' is undefined\n         mend: this template knows about")
    assert handrail("check", "--json").json["findings"][0]["where"] == f"{template}:3"


def test_a_language_of_ones_own_that_lacks_messages_is_told(handrail: Handrail) -> None:
    for part, text in {"subject.txt": "Framme", "body.txt": "Tack.", "body.html": "{{ title }}"}.items():
        handrail.write(f"templates/sv/ack/{part}", text)
    ended = handrail("check")
    assert ended.code == 1
    for message in ("ack-neutral", "alert", "receipt"):
        assert f"{handrail.config}/templates/sv/{message}: {message} is missing" in ended.out


def test_a_certificate_that_can_not_be_used_is_found(handrail: Handrail) -> None:
    files = 'smtp: {listen: ["127.0.0.1:0"], hostname: gw.example, tls: {certificate: cert.pem, key: key.pem}}'
    handrail.change('smtp: {listen: ["127.0.0.1:0"], hostname: gateway.hopestreet.example}', files)
    one, other = (trustme.CA().issue_cert("gw.example") for _ in range(2))
    one.cert_chain_pems[0].write_to_path(str(handrail.config / "cert.pem"))
    one.private_key_pem.write_to_path(str(handrail.config / "key.pem"))
    assert handrail("check").code == 0
    other.private_key_pem.write_to_path(str(handrail.config / "key.pem"))
    ended = handrail("check")
    assert ended.code == 1
    assert f"error    gateway.yaml smtp.tls: {handrail.config}/cert.pem and {handrail.config}/key.pem" in ended.out
    assert "mend: name PEM files that belong together" in ended.out


def test_live_says_what_answers_and_what_does_not(handrail: Handrail, tmp_path: Path) -> None:
    port = free_port()
    handrail.change(f"maildir:{tmp_path}/outgoing", f"smtp://gateway@127.0.0.1:{port}")
    handrail.change('url: "smtp', 'password: {env: HANDRAIL_TEST_NO_SUCH_SECRET}, url: "smtp')
    ended = handrail("check", "--live")
    assert ended.code == 1
    assert "ok       store: opens, and is in its newest form" in ended.out
    assert "ok       mailboxes.ana.deliver: is no folder yet; the first delivery makes it" in ended.out
    assert "error    smarthost: the environment variable HANDRAIL_TEST_NO_SUCH_SECRET is not set" in ended.out
    handrail.change("password: {env: HANDRAIL_TEST_NO_SUCH_SECRET}, ", "")
    handrail.change("gateway@127", "127")
    told = handrail("check", "--live", "--json")
    assert told.code == 1
    smarthost = next(finding for finding in told.json["findings"] if finding["where"] == "smarthost")
    assert smarthost["what"] == f"nothing listens on 127.0.0.1:{port}"
    assert smarthost["mend"] == "check `smarthost`, its user and its password"


def test_live_finds_that_the_key_is_another(handrail: Handrail) -> None:
    assert handrail("check", "--live").out.count("ok       store") == 1
    handrail.write("handrail.key", "ab" * 32)
    assert "error    store: the database was sealed with another key" in handrail("check", "--live").out
