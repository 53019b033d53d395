"""Settings to adapters: each function makes what stands behind one port. Nothing is opened by calling it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway import __version__, shipped
from gateway.admin.checks import Finding, Severity
from gateway.admin.queries import Condition, Queries, SignInStatus
from gateway.alerts import LogAlerts
from gateway.core.decide.tokens import Signer
from gateway.core.policy.schema import Policy
from gateway.credentials import CredentialError, key_for, key_ring, read_secret
from gateway.diary.diary import Diary, Sources
from gateway.flow.in_force import InForce
from gateway.ports import Bearer, Clock
from gateway.settings.load import load
from gateway.settings.schema import Certificate, Mailbox, Settings
from gateway.settings.sign_in import Secret
from gateway.store import Sealer, Store, open_store
from gateway.transport import Downstream, Maildir, MaildirSmarthost, Smarthost, smarthost_for, transport_for
from gateway.wording import Templates
from gateway.wording.cards import Cards


def settings_from(folder: Path) -> Settings:
    """Read and check a config folder. Raises SettingsError with every fault."""
    return load(folder)


def templates_of(settings: Settings, policy_of: Callable[[str, int], Policy | None] | None = None) -> Templates:
    """The practice's own templates before the shipped ones; without `policy_of`, policies are as their files say."""
    folders = [settings.folder / "templates", shipped.folder("templates")]
    gateway = settings.gateway
    return Templates(
        folders,
        gateway.practice,
        gateway.mailboxes,
        settings.policies,
        policy_of=policy_of,
        covers=gateway.covers,
        crisis_lines=settings.crisis_lines,
    )


def cards_of(settings: Settings) -> Cards:
    """Policy cards in words, from the same folders."""
    return Cards([settings.folder / "templates", shipped.folder("templates")])


def faults_of_files(settings: Settings) -> tuple[Finding, ...]:
    """What is wrong with files beside the settings: templates, tried with samples for every policy; certificates."""
    faults = [(fault.where, fault.what, fault.mend) for fault in templates_of(settings).faults()]
    try:
        server_tls(settings.folder, settings.gateway.smtp.tls)
    except CredentialError as error:
        what, _, mend = str(error).partition("; ")
        faults.append(("gateway.yaml smtp.tls", what, mend))
    return tuple(Finding(Severity.ERROR, *fault) for fault in faults)


def calendars_of(settings: Settings) -> dict[str, Sources]:
    """Where each mailbox's calendars are."""
    mailboxes = settings.gateway.mailboxes.items()
    return {name: Sources(known.absences_calendar, known.sessions_calendar) for name, known in mailboxes}


def diary_of(settings: Settings, clock: Clock, alerts: LogAlerts, changed: Callable[[], None] = lambda: None) -> Diary:
    """The diary over these settings' calendars, not read yet; `changed` is called when one says something new."""
    zone = ZoneInfo(settings.gateway.practice.timezone)
    calendars = calendars_of(settings)
    return Diary(calendars, folder=settings.folder, zone=zone, clock=clock, alerts=alerts, changed=changed)


@asynccontextmanager
async def open_record(settings: Settings) -> AsyncIterator[Store]:
    """The store of these settings, not yet migrated. Raises CredentialError."""
    store = settings.gateway.store
    sealer = Sealer(key_ring(store.key, settings.folder))
    host = next(iter(settings.gateway.mailboxes.values())).address.rpartition("@")[2]
    async with open_store(store.url, sealer=sealer, host=host, password=secret_of(settings, store.password)) as opened:
        yield opened


def signer_of(settings: Settings) -> Signer:
    """What signs the links of digests. Raises CredentialError."""
    return Signer(key_for("links", key_ring(settings.gateway.store.key, settings.folder)))


def queries_over(
    in_force: InForce,
    store: Store,
    alerts: LogAlerts,
    watches: Callable[[], Mapping[str, Condition] | None],
    sign_ins: Callable[[], Awaitable[tuple[SignInStatus, ...]]],
) -> Queries:
    """All that an admin can ask; `watches` gives None outside the running gateway."""
    return Queries(
        settings=lambda: in_force.settings,
        stories=store,
        desk=store,
        roster=store,
        notes=store,
        alerts=alerts,
        watches=watches,
        policy_of=in_force.policy_of,
        version=__version__,
        sign_ins=sign_ins,
    )


def transports_of(settings: Settings) -> dict[str, Downstream | Maildir]:
    """The way to each mailbox that mail is handed on to, by its name. Raises CredentialError."""
    mailboxes = settings.gateway.mailboxes.items()
    return {name: transport_of(settings, known, known.deliver) for name, known in mailboxes if known.deliver}


def transport_of(settings: Settings, mailbox: Mailbox, deliver: str) -> Downstream | Maildir:
    """The way to a mailbox's downstream, by its `deliver`. Raises CredentialError."""
    return transport_for(
        deliver,
        helo=settings.gateway.smtp.hostname,
        password=secret_of(settings, mailbox.deliver_password),
        trust=below(settings.folder, mailbox.trust),
    )


def smarthost_of(settings: Settings, user: str = "", bearer: Bearer | None = None) -> Smarthost | MaildirSmarthost:
    """The way out for our own mail, signed in to as `user` with tokens or the password. Raises CredentialError."""
    smarthost = settings.gateway.smarthost
    return smarthost_for(
        smarthost.url,
        helo=settings.gateway.smtp.hostname,
        user=user or smarthost.user,
        bearer=bearer,
        password=secret_of(settings, smarthost.password),
        per_minute=smarthost.per_minute,
        trust=below(settings.folder, smarthost.trust),
    )


def server_tls(folder: Path, certificate: Certificate | None) -> ssl.SSLContext | None:
    """What STARTTLS is offered with, None without a certificate. Raises CredentialError."""
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    chain, key = folder / certificate.certificate, folder / certificate.key
    try:
        context.load_cert_chain(chain, key, password="")
    except ssl.SSLError as error:
        what = f"{chain} and {key} are no certificate with its key ({error.reason or 'the key has a password'})"
        raise CredentialError(f"{what}; name PEM files that belong together, the key without a password") from error
    except OSError as error:
        what = f"{chain} or {key} can't be read ({error.strerror})"
        raise CredentialError(f"{what}; let the gateway's user read both") from error
    return context


def secret_of(settings: Settings, secret: Secret | None) -> str:
    """The secret itself, empty where none is configured. Raises CredentialError."""
    return read_secret(secret, settings.folder) if secret else ""


def below(folder: Path, path: Path | None) -> Path | None:
    """A path of the settings, relative to their folder."""
    return folder / path if path else None
