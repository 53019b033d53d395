"""Signs in by OAuth 2.0: asks a person once, keeps what was given sealed, and renews it for as long as it lasts.

In go a registration of the settings and the port that keeps what was given (`ports.SignIns`); out come access tokens
for whoever signs in to a mailbox or a smart host (`ports.Bearer`). What is said over the wire is put together and read
by oauthlib, carried by h11; neither opens a connection or reads a clock. Tokens and codes stand in no log and no error.

    Unavailable (gateway.ports)    the provider does not answer now: tried again by itself
    ├── Unsigned (gateway.ports)   nobody has signed in, or the provider ended it: only a person helps
    ├── Denied                     the provider says no to this person, code or token, for good
    └── Unregistered               the provider does not know us, or not like this: the registration must be mended
"""

from gateway.sign_in.bearer import SignIn
from gateway.sign_in.browser import Browser, open_browser
from gateway.sign_in.device import DeviceCode, ask_for_code, wait_for_person
from gateway.sign_in.grants import Denied, Granted, Registration, Unregistered
from gateway.sign_in.kept import Kept, Place, kept_of
from gateway.sign_in.post import Post, poster

__all__ = [
    "Browser",
    "Denied",
    "DeviceCode",
    "Granted",
    "Kept",
    "Place",
    "Post",
    "Registration",
    "SignIn",
    "Unregistered",
    "ask_for_code",
    "kept_of",
    "open_browser",
    "poster",
    "wait_for_person",
]
