"""Numbers for a dashboard, without people in them."""

from gateway.core.replies import NO_DOWNSTREAM, accepted
from gateway.metrics import Metrics


def test_replies_are_counted_by_class() -> None:
    metrics = Metrics()
    metrics.relayed("ana", accepted("OK"), 0.02)
    metrics.relayed("ana", NO_DOWNSTREAM, 30.0)
    text = metrics.exposition().decode()
    assert 'handrail_messages_total{mailbox="ana",reply="2yz"} 1.0' in text
    assert 'handrail_messages_total{mailbox="ana",reply="4yz"} 1.0' in text
    assert 'handrail_relay_seconds_count{mailbox="ana"} 2.0' in text


def test_two_gateways_in_one_process_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.store_faults.inc()
    assert other.registry.get_sample_value("handrail_store_faults_total") == 0


def test_every_label_names_a_thing_of_ours() -> None:
    families = Metrics().registry._names_to_collectors.values()
    labels = {label for family in families for label in getattr(family, "_labelnames", ())}
    assert labels <= {"mailbox", "reply", "form", "code", "state"}
