"""The settings: `gateway.yaml`, `routes.yaml` and `crisis-lines.yaml` as one frozen value.

The docstring beside each field is also the comment in the starter file and the reference page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from gateway.core.policy.calendar import Absence
from gateway.core.policy.schema import Policy
from gateway.core.policy.units import Duration, Frozen, duration
from gateway.core.urgency.lexicon import Lexicon
from gateway.settings import providers
from gateway.settings.kinds import (
    CalendarSource,
    DeliverUrl,
    Listen,
    Region,
    SmarthostUrl,
    StoreUrl,
    WatchUrl,
    ZoneName,
)
from gateway.settings.sign_in import OAuth2, Secret


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

    model_config = ConfigDict(json_schema_extra=providers.or_provider("url"))

    provider: providers.Name | None = None
    """`google-workspace`, `microsoft-365`, `fastmail` or `icloud`: fills what is left out here."""
    url: SmarthostUrl
    """`smtp://`, `smtp+starttls://user@host:587`, `smtps://`, or `maildir:PATH` for trying things out."""
    user: str = ""
    """Who signs in, where the URL names nobody."""
    password: Secret | None = None
    """The password for the user."""
    oauth2: OAuth2 | None = None
    """Signing in by OAuth 2 in place of a password; then run `handrail login --smarthost`."""
    sign_in: str = ""
    """A mailbox whose OAuth 2 sign-in is used here too: one sign-in for reading and sending."""
    per_minute: Annotated[int, Field(ge=1)] = 30
    """Most messages a minute (Microsoft 365 takes 30)."""
    trust: Path | None = None
    """PEM file with a certificate authority of your own to trust beside the system's."""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, data: Any) -> Any:
        return providers.fill_smarthost(data) if isinstance(data, Mapping) else data


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
    provider: providers.Name | None = None
    """`google-workspace`, `microsoft-365`, `fastmail` or `icloud`: fills what is left out here."""
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
    user: str = ""
    """Who signs in at `watch`, where that names nobody; empty: the address."""
    password: Secret | None = None
    """The password for `watch`."""
    oauth2: OAuth2 | None = None
    """Signing in at `watch` by OAuth 2 in place of a password; then run `handrail login NAME`."""
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
    """An address for the therapist's own commands, for example `ana+handrail@hope.example`: digests bear links to
    it, and a mail to it from this mailbox is a presence note. Empty: none."""
    drafts: str = "Drafts"
    """The folder that drafts are put into, unless the server marks another as \\Drafts."""
    trusted_authserv: str = ""
    """The authserv-id whose Authentication-Results are believed (RFC 8601), or `topmost` for the uppermost field of a
    provider that gives none (Microsoft 365); empty believes none."""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, data: Any) -> Any:
        return providers.fill_mailbox(data) if isinstance(data, Mapping) else data


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
