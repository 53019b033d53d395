"""What a policy would have done: recorded mail through the live path on a set clock, and what came of it as numbers."""

from gateway.simulation.findings import Findings, Span, find
from gateway.simulation.play import Played, simulate
from gateway.simulation.recorded import Mail, NoMail, Recorded, open_mail, sent_beside
from gateway.simulation.report import page
from gateway.simulation.telling import Circumstances, sections, taken_for_granted

__all__ = [
    "Circumstances",
    "Findings",
    "Mail",
    "NoMail",
    "Played",
    "Recorded",
    "Span",
    "find",
    "open_mail",
    "page",
    "sections",
    "sent_beside",
    "simulate",
    "taken_for_granted",
]
