"""kill -9 at the two moments that matter: between the downstream's reply and ours, and while an ack is on its way.

A retry of the same message must find it in the mailbox, and at most one ack per Message-ID may reach the smart host,
but for the one window in which SMTP itself can't tell; then both carry the same Message-ID.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.e2e.practice import ANA, CARLA, Practice, letter, open_practice, until
