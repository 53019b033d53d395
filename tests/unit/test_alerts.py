"""An admin hears of a trouble once an hour, in a sentence with its mend."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import gateway
from gateway.alerts import TROUBLES, LogAlerts
from gateway.clock import ManualClock
from gateway.metrics import Metrics
from gateway.ports import Alerts

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def alerts(clock: ManualClock, metrics: Metrics) -> LogAlerts:
    return LogAlerts(clock, metrics)


def test_the_same_trouble_is_told_once_an_hour(alerts: LogAlerts, clock: ManualClock, metrics: Metrics) -> None:
    with capture_logs() as logged:
        for _ in range(3):
            alerts.tell("watcher-down", mailbox="ana")
        clock.advance(timedelta(minutes=59))
        alerts.tell("watcher-down", mailbox="ana")
        assert len(logged) == 1
        clock.advance(timedelta(minutes=1))
        alerts.tell("watcher-down", mailbox="ana")
    assert len(logged) == 2
    assert metrics.registry.get_sample_value("handrail_troubles_total", {"code": "watcher-down"}) == 2


def test_the_same_trouble_of_two_mailboxes_is_two_troubles(alerts: LogAlerts) -> None:
    alerts.tell("watcher-down", mailbox="ana")
    alerts.tell("watcher-down", mailbox="ben")
    assert list(alerts.standing()) == ["watcher-down mailbox=ana", "watcher-down mailbox=ben"]
    assert alerts.standing()["watcher-down mailbox=ben"].startswith("The mailbox ben can't be watched")
    alerts.clear("watcher-down", mailbox="ana")
    assert list(alerts.standing()) == ["watcher-down mailbox=ben"]


def test_clearing_a_code_without_ids_clears_every_one_of_it(alerts: LogAlerts) -> None:
    alerts.tell("given-up", effect="1")
    alerts.tell("given-up", effect="2")
    alerts.tell("record-down")
    alerts.clear("given-up")
    assert list(alerts.standing()) == ["record-down"]


def test_a_trouble_that_was_cleared_is_told_again_at_once(alerts: LogAlerts) -> None:
    with capture_logs() as logged:
        alerts.tell("record-down")
        alerts.clear("record-down")
        alerts.clear("record-down")
        alerts.tell("record-down")
    assert [entry["log_level"] for entry in logged] == ["critical", "info", "critical"]


def test_an_unknown_code_is_told_all_the_same(alerts: LogAlerts) -> None:
    alerts.tell("never-heard-of", effect="7")
    assert "no name for" in alerts.standing()["never-heard-of effect=7"]


def test_a_wall_clock_set_back_does_not_silence_a_trouble(alerts: LogAlerts, clock: ManualClock) -> None:
    with capture_logs() as logged:
        alerts.tell("record-down")
        clock.advance(timedelta(days=-2))
        alerts.tell("record-down")
    assert len(logged) == 2


@pytest.mark.parametrize("code", sorted(TROUBLES))
def test_every_sentence_stands_without_its_ids(alerts: LogAlerts, code: str) -> None:
    alerts.tell(code)
    assert alerts.standing()[code].endswith(".")


def test_every_code_that_the_house_tells_has_its_sentence() -> None:
    house = Path(gateway.__file__).parent
    told = {code for file in house.rglob("*.py") for code in re.findall(r"\.tell\(\s*\"([^\"]+)\"", file.read_text())}
    assert told <= set(TROUBLES)


def test_it_is_the_port(alerts: LogAlerts) -> None:
    port: Alerts = alerts
    assert not port.standing()
