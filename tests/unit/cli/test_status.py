"""`handrail status` without a running gateway says so, and what the record knows."""

from datetime import UTC, datetime, timedelta

from tests.ports.record_samples import ack, received
from tests.servers.places import free_port
from tests.unit.cli.conftest import Handrail


def test_a_gateway_that_does_not_answer_is_down(handrail: Handrail) -> None:
    port = free_port()
    handrail.change('web: {listen: "127.0.0.1:0"}', f'web: {{listen: "127.0.0.1:{port}"}}')
    lately = datetime.now(UTC) - timedelta(days=2)  # noqa: TID251 - the command's own clock is the system's
    handrail.record(received(at=lately), effects=(ack(),))
    ended = handrail("status")
    assert (ended.code, ended.err) == (3, "")
    said = ended.out.splitlines()
    assert said[0] == f"Handrail 0.1.0 does not answer at http://127.0.0.1:{port}; this is from the record."
    assert said[1] == "Start it with `handrail serve`, or look at `web.listen`."
    assert said[3].split() == ["ana", "hope-street", "unknown"]
    assert said[4:] == [
        "Outbox: 1 waiting",
        "Last day: no mail",
        "Promises: 0 open, 1 overdue (`handrail promises --open`)",
    ]
    told = handrail("status", "--json")
    assert told.code == 3
    assert (told.json["running"], told.json["outbox"], told.json["store"]) == (False, {"waiting": 1}, "")
    assert told.json["promises"] == {"open": 0, "overdue": 1}
    assert [mailbox["name"] for mailbox in told.json["mailboxes"]] == ["ana"]


def test_where_nobody_can_be_asked_the_record_is_enough(handrail: Handrail) -> None:
    ended = handrail("status")
    assert ended.code == 0
    assert "Whether it runs can't be asked: see `web.listen`." in ended.out
    assert ended.out.endswith("Promises: none is open\n")
    handrail.change('web: {listen: "127.0.0.1:0"}', "web: null")
    assert handrail("status", "--json").code == 0


def test_a_record_that_can_not_be_opened_is_down(handrail: Handrail) -> None:
    handrail.change(f"{handrail.folder}/handrail.db", f"{handrail.folder}/config/gateway.yaml/handrail.db")
    ended = handrail("status")
    assert ended.code == 3
    assert "see store.url" in ended.err
