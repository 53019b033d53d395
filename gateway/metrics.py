"""Every metric, once. In come counts from the rooms, out comes Prometheus' text format.

Labels name mailboxes as the settings do, classes of replies and codes: never a person, an address or a message.
The registry is our own, so that two gateways in one process (and two tests) don't share numbers.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.core.effects import Ack, Alert, Mail, Receipt
from gateway.core.replies import Reply

#: Seconds; a local LMTP server takes milliseconds, a distant one seconds, time-outs end in minutes.
_RELAY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """All counters, gauges and histograms of one gateway."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Everything begins at zero."""
        own = self.registry = CollectorRegistry()
        self.messages = Counter(
            "handrail_messages",
            "Messages by mailbox and class of the downstream's reply.",
            ["mailbox", "reply"],
            registry=own,
        )
        self.relay_seconds = Histogram(
            "handrail_relay_seconds",
            "Seconds from handing a message to the downstream to its reply.",
            ["mailbox"],
            buckets=_RELAY_BUCKETS,
            registry=own,
        )
        self.refused = Counter(
            "handrail_refused_recipients",
            "Recipients refused before DATA, by class of our reply.",
            ["reply"],
            registry=own,
        )
        self.acks = Counter("handrail_acks", "Acks handed to the smart host.", ["mailbox"], registry=own)
        self.receipts = Counter(
            "handrail_receipts", "Receipts handed to the smart host.", ["mailbox", "form"], registry=own
        )
        self.alerts = Counter(
            "handrail_alerts", "Alerts to therapists handed to the smart host.", ["mailbox"], registry=own
        )
        self.troubles = Counter(
            "handrail_troubles", "Times that the admin was told of a trouble, by code.", ["code"], registry=own
        )
        self.outbox_depth = Gauge("handrail_outbox_depth", "Effects in the outbox, by state.", ["state"], registry=own)
        self.watcher_up = Gauge("handrail_watcher_up", "1 while a mailbox is watched.", ["mailbox"], registry=own)
        self.store_faults = Counter("handrail_store_faults", "Times that the store did not answer.", registry=own)

    def relayed(self, mailbox: str, reply: Reply, seconds: float) -> None:
        """Count one downstream reply and how long it took."""
        self.messages.labels(mailbox, reply_class(reply)).inc()
        self.relay_seconds.labels(mailbox).observe(seconds)

    def said(self, mail: Mail) -> None:
        """Count one of our own messages that the smart host took."""
        match mail:
            case Ack():
                self.acks.labels(mail.ref.mailbox).inc()
            case Receipt():
                self.receipts.labels(mail.ref.mailbox, mail.form).inc()
            case Alert():
                self.alerts.labels(mail.ref.mailbox).inc()

    def refuse(self, reply: Reply) -> None:
        """Count one recipient that we refused ourselves."""
        self.refused.labels(reply_class(reply)).inc()

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format, of type `content_type`."""
        return generate_latest(self.registry)


def reply_class(reply: Reply) -> str:
    """`2yz`, `4yz` or `5yz`, as RFC 5321 4.2.1 names the classes."""
    return f"{reply.code // 100}yz"
