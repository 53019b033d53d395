"""The settings: `gateway.yaml`, `routes.yaml` and `crisis-lines.yaml` as one frozen value.

The docstring beside each field is also the comment in the starter file and the reference page.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from gateway.core.policy.calendar import Absence
from gateway.core.policy.public import holidays_of
from gateway.core.policy.schema import Policy
from gateway.core.policy.units import Duration, Frozen, duration
from gateway.core.urgency.lexicon import Lexicon


class Secret(Frozen):
    """Where a secret is read from; never the secret itself. Exactly one of the three."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    env: str = ""
    """Name of an environment variable."""
    file: Path | None = None
    """A file that only the gateway's user may read; relative to the config folder."""
    credential: str = ""
    """Name of a systemd credential (`LoadCredential=`)."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write for example Europe/Berlin") from error
    return name


def _region(name: str) -> str:
    holidays_of(name)
    return name


def _country(code: str) -> str:
    if not _COUNTRY.fullmatch(code) or code == "UK":
        raise ValueError(f"{code!r} is no country; write its two letters (ISO 3166-1), for example AU or GB")
    return code


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{value!r} is no host and port; write for example 127.0.0.1:8025 or [::1]:8025")
    return value


#: Schemes whose URL is a path.
_PATHS = ("maildir", "lmtp+unix")
_COUNTRY = re.compile("[A-Z]{2}")


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        parts = _split(value)
        if parts.scheme not in schemes:
            raise ValueError(f"unknown scheme {parts.scheme!r}; write one of {', '.join(f'{s}:' for s in schemes)}")
        if parts.password:
            raise ValueError("a password in a URL ends up in logs; use password: {env: NAME}")
        if parts.scheme in _PATHS:
            if parts.netloc or not parts.path:
                raise ValueError(f"{value!r} names no path; write for example {parts.scheme}:/srv/ana")
        elif not parts.hostname:
            raise ValueError("the host is missing; write for example lmtp://127.0.0.1:24")
        _port(parts)
        return value

    return AfterValidator(check)


def _calendar(value: str) -> str:
    """A path, or a URL that may be fetched: a calendar tells who is in therapy, so it never comes in clear text."""
    parts = _split(value)
    # A drive or a colon in a file's name looks like a scheme.
    if not re.match("[a-z]+://", value, re.IGNORECASE):
        return value
    if parts.scheme in ("http", "webcal"):
        raise ValueError("a calendar must not come over the network in clear text; write https: in place of the scheme")
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("it is no calendar; write a file, or an address that begins with https://")
    if parts.password:
        raise ValueError("a password in a URL ends up in logs; use the calendar's private address")
    _port(parts)
    return value


def _split(value: str) -> SplitResult:
    try:
        return urlsplit(value)
    except ValueError as error:
        raise ValueError("the URL can't be read; write an IPv6 address in brackets, for example [::1]") from error


def _port(parts: SplitResult) -> None:
    try:
        fits = parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("the port can't be; write a number from 1 to 65535 behind the colon")


def _store_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("sqlite", "postgresql", "postgres"):
        raise ValueError(f"unknown scheme {parts.scheme!r}; write sqlite:///PATH or postgresql://user@host/name")
    if parts.scheme == "sqlite" and (parts.netloc or parts.path in ("", "/", "/:memory:")):
        raise ValueError(f"{value!r} names no file; write for example sqlite:///var/handrail.db")
    _port(parts)
    return value


def _matching(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, **({"examples": list(examples)} if examples else {})})


ZoneName = Annotated[str, AfterValidator(_zone)]
Region = Annotated[
    str, AfterValidator(_region), _matching("^([A-Za-z]{2}(-[A-Za-z0-9]{1,3})?)?$", "US", "AU-NSW", "DE-BY")
]
Country = Annotated[str, AfterValidator(_country), _matching("^[A-Z]{2}$", "AU", "GB")]
Listen = Annotated[str, AfterValidator(_listen), _matching("^.+:[0-9]{1,5}$", "127.0.0.1:8025", "[::1]:8025")]
DeliverUrl = Annotated[
    str,
    _url("smtp", "smtp+starttls", "smtps", "lmtp", "lmtp+unix", "maildir"),
    _matching("^(smtp|smtp[+]starttls|smtps|lmtp|lmtp[+]unix|maildir):.+"),
]
SmarthostUrl = Annotated[
    str, _url("smtp", "smtp+starttls", "smtps", "maildir"), _matching("^(smtp|smtp[+]starttls|smtps|maildir):.+")
]
WatchUrl = Annotated[
    str, _url("imap", "imap+starttls", "imaps", "maildir"), _matching("^(imap|imap[+]starttls|imaps|maildir):.+")
]
StoreUrl = Annotated[str, AfterValidator(_store_url), _matching("^(sqlite|postgres(ql)?)://.+")]
CalendarSource = Annotated[str, AfterValidator(_calendar)]


class Practice(Frozen):
    """Who we are."""

    name: str
    """The practice's name, as clients know it."""
    timezone: ZoneName
    """The zone in which hours and dates are meant, for example `Europe/Berlin`."""
    language: str = "en"
    """Language of texts where a client has none of their own."""
    phone: str = ""
    """The number to call; said in crisis texts."""
    crisis_line: str = ""
    """The crisis line that every ack carries, for example `Lifeline 13 11 14`; empty: the known ones of `region`."""
    region: Region = ""
    """Country and, where it matters, its part (ISO 3166-2), for example `AU-NSW` or `DE-BY`: whose public holidays are
    kept, and whose crisis lines are named. Empty: no holidays are known."""


class Certificate(Frozen):
    """A certificate for STARTTLS."""

    certificate: Path
    """PEM file with the certificate and its chain; relative to the config folder."""
    key: Path
    """PEM file with the private key."""


class Smtp(Frozen):
    """The listening side."""

    listen: tuple[Listen, ...] = ("127.0.0.1:8025",)
    """Where to listen; port 0 takes a free one. `[]` where no mailbox has `deliver`: then no mail comes in here."""
    hostname: str = "localhost"
    """The name we greet with and write into `Received:` fields."""
    tls: Certificate | None = None
    """Certificate for STARTTLS; without it STARTTLS is not offered."""
    proxy_protocol: bool = False
    """Whether every connection begins with a PROXY protocol header (a load balancer stands in front)."""
    max_message_size: Annotated[int, Field(ge=64 * 1024)] = 32 * 1024 * 1024
    """Largest message taken, in octets."""
    max_in_flight: Annotated[int, Field(ge=64 * 1024)] = 256 * 1024 * 1024
    """Octets of all messages in hand at once."""
    max_connections: Annotated[int, Field(ge=1)] = 500
    """Connections in all."""
    max_connections_per_address: Annotated[int, Field(ge=1)] = 20
    """Connections from one address."""
    max_recipients: Annotated[int, Field(ge=1)] = 100
    """Recipients in one mail transaction (RFC 5321 4.5.3.1.8 asks for 100)."""
    idle_timeout: Duration = duration("5m")
    """A peer that sends nothing for so long is hung up on (RFC 5321 4.5.3.2.7: five minutes)."""
    connection_timeout: Duration = duration("30m")
    """The longest a connection may last."""
    drain: Duration = duration("30s")
    """How long a stop waits for what is in flight."""


class Store(Frozen):
    """Where events and the outbox are kept."""

    url: StoreUrl = "sqlite:///var/handrail.db"
    """`sqlite:///PATH` (relative to the working folder) or `postgresql://user@host/name`."""
    password: Secret | None = None
    """The database's password."""
    key: Secret = Secret(file=Path("handrail.key"))
    """The key that seals addresses, names and subjects. A missing file is made at first start, for its owner alone."""


class Smarthost(Frozen):
    """Where our own mail (acks, receipts, alerts) goes out."""

    url: SmarthostUrl
    """`smtp://`, `smtp+starttls://user@host:587`, `smtps://`, or `maildir:PATH` for trying things out."""
    password: Secret | None = None
    """The password for the user in the URL."""
    per_minute: Annotated[int, Field(ge=1)] = 30
    """Most messages a minute (Microsoft 365 takes 30)."""
    trust: Path | None = None
    """PEM file with a certificate authority of your own to trust beside the system's."""


class Web(Frozen):
    """Pages for the admin and the policy cards."""

    listen: Listen = "127.0.0.1:8080"
    """Where to listen; keep it on loopback or behind a proxy that signs people in."""


class Tags(Frozen):
    """Keywords that mail programs show as tags."""

    urgent: str = "$label1"
    """Set on urgent messages and crises. `$label1` shows as *Important* in Thunderbird."""
    crisis: str = ""
    """Set on crises in place of `urgent`; empty: as `urgent`."""
    mention: str = ""
    """Set where words of a crisis stand in a context that takes them back; empty sets none."""
    categories: dict[str, str] = Field(default_factory=dict)
    """Keywords by category, for example `{scheduling: $label4}`."""
    subject: str = ""
    """Put before the subject of urgent messages as they are handed on, for example `[urgent]`; empty changes none.
    A signature (DKIM) that covers the subject no longer holds then."""
    folder: str = ""
    """The folder that urgent messages are moved to from the inbox; empty leaves them there."""

    @property
    def keywords(self) -> tuple[str, ...]:
        """Every keyword that may be set, the most important first."""
        named = (self.crisis, self.urgent, self.mention, *self.categories.values())
        return tuple(dict.fromkeys(one for one in named if one))


class Cover(Frozen):
    """Somebody who covers while a therapist is away, or hears of a crisis too."""

    name: str
    """How clients are told of them."""
    address: str
    """Where alerts to them go."""
    phone: str = ""
    """The number that clients are given."""
    mailbox: str = ""
    """Their own mailbox here, if there is one: its absences tell whether they are away as well."""


class Mailbox(Frozen):
    """One therapist's mailbox."""

    address: str
    """Its own address: acks come from it, alerts go to it."""
    aliases: tuple[str, ...] = ()
    """Other own addresses; nothing automatic is ever sent to these."""
    deliver: DeliverUrl | None = None
    """The downstream: `smtp://`, `smtp+starttls://`, `smtps://`, `lmtp://host`, `lmtp+unix:///path`, `maildir:DIR`.

    Left out: mail reaches the mailbox without us (mailbox-only mode), and `watch` finds it there.
    """
    deliver_password: Secret | None = None
    """The password for the user in `deliver`, if there is one."""
    watch: WatchUrl | None = None
    """Where it is seen what was read and answered: `imaps://user@host`, `imap+starttls://`, `imap://`, `maildir:PATH`.

    Without it nothing is observed.
    """
    password: Secret | None = None
    """The password for `watch`."""
    trust: Path | None = None
    """PEM file with a certificate authority of your own to trust beside the system's."""
    inbox: str = "INBOX"
    """The folder that new mail lands in."""
    inboxes: tuple[str, ...] = ()
    """Further folders that new mail lands in, for example `Unbekannt` at web.de."""
    folders: tuple[str, ...] = ()
    """Further folders that messages are moved to and read in, beside those that the server marks as \\Archive, \\Junk
    or \\Trash."""
    withdrawn: str = "Withdrawn"
    """The folder for messages that their writers took back."""
    sent: tuple[str, ...] = ("Sent",)
    """Folders with the therapist's answers, beside those that the server marks as \\Sent."""
    tags: Tags = Tags()
    policy: str
    """The policy for mail to this mailbox, unless a route or the client says otherwise."""
    alert: str = ""
    """Where alerts go; empty: the mailbox itself."""
    absences: tuple[Absence, ...] = ()
    """Days away, both inclusive: `{from: 2026-12-24, until: 2027-01-03, cover: ben}`."""
    absences_calendar: CalendarSource = ""
    """An iCalendar file, or its `https://` address, each event of which is an absence."""
    sessions_calendar: CalendarSource = ""
    """An iCalendar file, or its `https://` address, with the sessions: events that a client attends, or whose summary
    is the client's `calendar_name`."""
    control: str = ""
    """An address for the therapist's own commands, for example `ana+handrail@hope.example`: a mail to it from this
    mailbox is a presence note. Empty: none."""
    drafts: str = "Drafts"
    """The folder that drafts are put into, unless the server marks another as \\Drafts."""
    trusted_authserv: str = ""
    """The authserv-id whose Authentication-Results are believed (RFC 8601), or `topmost` for the uppermost field of a
    provider that gives none (Microsoft 365); empty believes none."""


class RouteRule(Frozen):
    """One line of `routes.yaml`."""

    to: str
    """A recipient: `ana@hope.example`, `*@hope.example`, `ana+*@hope.example`."""
    mailbox: str
    """The name of a mailbox in `gateway.yaml`."""
    policy: str = ""
    """A policy other than the mailbox's own."""


class Logs(Frozen):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """How much."""
    format: Literal["json", "text"] = "text"
    """`json` for a log collector."""


class Gateway(Frozen):
    """`gateway.yaml`."""

    practice: Practice
    smtp: Smtp = Smtp()
    store: Store = Store()
    smarthost: Smarthost
    web: Web | None = Web()
    logs: Logs = Logs()
    covers: dict[str, Cover] = Field(default_factory=dict)
    """Who may cover, by a name that absences and policies use."""
    mailboxes: Annotated[dict[str, Mailbox], Field(min_length=1)]

    @property
    def relays(self) -> bool:
        """Whether mail is handed on to any mailbox; else nothing is listened on for it."""
        return any(mailbox.deliver for mailbox in self.mailboxes.values())


class CrisisLine(Frozen):
    """Where somebody in a crisis finds a person in one country: one entry of `crisis-lines.yaml`."""

    line: Annotated[str, Field(min_length=2, max_length=120)]
    """Name and number in one short phrase, as an ack says it: `Lifeline 13 11 14`."""
    source: Annotated[str, Field(min_length=1)]
    """Who says so, with the date of each page."""
    dated: date
    """The newest of these dates; the first of the month, or of the year, where no more is known. Numbers change: look
    at each again once a year."""


class Settings(Frozen):
    """Everything from one config folder, checked against each other."""

    folder: Path
    gateway: Gateway
    routes: tuple[RouteRule, ...]
    policies: dict[str, Policy]
    lexicons: tuple[Lexicon, ...] = ()
    crisis_lines: dict[str, CrisisLine] = Field(default_factory=dict)
    """By country (ISO 3166-1, two letters)."""

    @property
    def crisis_line(self) -> str:
        """The line that acks of this practice carry: its own, else the known one of its country; empty for none."""
        practice = self.gateway.practice
        known = self.crisis_lines.get(practice.region.partition("-")[0].upper())
        return practice.crisis_line or (known.line if known else "")
