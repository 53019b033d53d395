"""The composition root: settings in, a running house out. It alone knows which adapter stands behind each port."""

from gateway.app.desk import Desk, open_desk
from gateway.app.house import House, open_house
from gateway.app.probes import probes_for
from gateway.app.wiring import cards_of, faults_of_files, settings_from, templates_of
from gateway.credentials import CredentialError
from gateway.store import Taken, WrongKey

__all__ = [
    "CredentialError",
    "Desk",
    "House",
    "Taken",
    "WrongKey",
    "cards_of",
    "faults_of_files",
    "open_desk",
    "open_house",
    "probes_for",
    "settings_from",
    "templates_of",
]
