"""What lies on this very machine is told from the network."""

import pytest

from gateway.settings.hosts import on_loopback


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback_is_told_from_the_network(host: str, here: bool) -> None:
    assert on_loopback(host) is here
