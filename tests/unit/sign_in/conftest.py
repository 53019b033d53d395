"""The token server of these tests."""

from tests.unit.sign_in.signing import provider

__all__ = ["provider"]
