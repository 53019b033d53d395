"""Fixtures of the suites that run against every implementation of a port."""

from tests.servers.postgres import postgres
from tests.servers.stores import place, store

__all__ = ["place", "postgres", "store"]
