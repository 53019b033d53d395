"""Numbers for a dashboard, without people in them."""

from datetime import UTC, datetime

from gateway.core.effects import Alert, Receipt
from gateway.core.events import Level, Ref
from gateway.core.replies import NO_DOWNSTREAM, accepted, permanent
from gateway.metrics import Metrics


def test_replies_are_counted_by_class() -> None:
    metrics = Metrics()
    metrics.relayed("ana", accepted("OK"), 0.02)
    metrics.relayed("ana", NO_DOWNSTREAM, 30.0)
    text = metrics.exposition().decode()
    assert 'handrail_messages_total{mailbox="ana",reply="2yz"} 1.0' in text
    assert 'handrail_messages_total{mailbox="ana",reply="4yz"} 1.0' in text
    assert 'handrail_relay_seconds_count{mailbox="ana"} 2.0' in text


def test_our_own_messages_are_counted_by_what_they_say() -> None:
    metrics, at = Metrics(), datetime(2026, 3, 2, 7, tzinfo=UTC)
    usual = {"ref": Ref("ana", "k"), "due": at, "to": "", "sender": "", "language": "en", "policy": "p", "received": at}
    thread = {"in_reply_to": "", "references": (), "subject": "", "known": True}
    metrics.said(Receipt(form="mdn", seen=at, answer_by=None, **usual, **thread))
    metrics.said(Alert(level=Level.CRISIS, author="", **usual))
    text = metrics.exposition().decode()
    assert 'handrail_receipts_total{form="mdn",mailbox="ana"} 1.0' in text
    assert 'handrail_alerts_total{mailbox="ana"} 1.0' in text


def test_refused_recipients_are_counted_by_class() -> None:
    metrics = Metrics()
    metrics.refuse(permanent(550, "7.1", "Relaying denied"))
    assert 'handrail_refused_recipients_total{reply="5yz"} 1.0' in metrics.exposition().decode()


def test_two_gateways_in_one_process_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.store_faults.inc()
    assert other.registry.get_sample_value("handrail_store_faults_total") == 0


def test_every_label_names_a_thing_of_ours() -> None:
    families = Metrics().registry._names_to_collectors.values()
    labels = {label for family in families for label in getattr(family, "_labelnames", ())}
    assert labels <= {"mailbox", "reply", "form", "code", "state"}
