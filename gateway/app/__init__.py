"""The composition root: settings in, a running house out. It alone knows which adapter stands behind each port."""

from gateway.app.desk import Desk, open_desk
from gateway.app.house import House, open_house
from gateway.app.login import Login, open_login
from gateway.app.probes import probes_for
from gateway.app.sign_ins import places_of, sign_ins_found, users_of
from gateway.app.wiring import cards_of, faults_of_files, settings_from, templates_of
from gateway.credentials import CredentialError
from gateway.sign_in import Denied, Unregistered
from gateway.store import Taken, WrongKey

__all__ = [
    "CredentialError",
    "Denied",
    "Desk",
    "House",
    "Login",
    "Taken",
    "Unregistered",
    "WrongKey",
    "cards_of",
    "faults_of_files",
    "open_desk",
    "open_house",
    "open_login",
    "places_of",
    "probes_for",
    "settings_from",
    "sign_ins_found",
    "templates_of",
    "users_of",
]
