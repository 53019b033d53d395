"""The pages: how the house is doing, what became of recent messages, policy cards, health and metrics.

In go queries, metrics and folders with templates; out comes a starlette application. It reads and never writes,
shows no address and no subject, and decides nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.admin.cards import about_for
from gateway.admin.queries import Life, Queries, Status
from gateway.core.policy.about import About
from gateway.core.policy.schema import Policy
from gateway.core.policy.sheet import Sheet
from gateway.metrics import Metrics
from gateway.ports import Unavailable
from gateway.web.security import SecurityHeaders

#: Messages on the status page.
RECENT = 50


class Cards(Protocol):
    """Says policy cards in words."""

    def sheet(self, policy: Policy, about: About, practice: str, language: str, name: str) -> Sheet:
        """A card in the language, or the nearest that there is. Raises ValueError where a template fails."""
        ...

    def languages(self, name: str) -> Mapping[str, str]:
        """Tags of the languages that a policy's card can be said in, each with its own name."""
        ...


class Pages:
    """Answers requests. `now` gives the instant; `serving` says whether this node takes mail."""

    def __init__(
        self,
        queries: Queries,
        metrics: Metrics,
        folders: Sequence[Path],
        *,
        cards: Cards,
        policies: Callable[[datetime], Mapping[str, Policy]],
        now: Callable[[], datetime],
        serving: Callable[[], bool],
    ) -> None:
        """Templates come from the first of `folders` that has them; nothing is read before a page is asked for.

        `policies` gives the policies that hold at an instant, by name.
        """
        self._queries = queries
        self._metrics = metrics
        self._folders = tuple(folders)
        self._cards = cards
        self._policies = policies
        self._now = now
        self._serving = serving
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def app(self) -> ASGIApp:
        """The application for a server."""
        pages = Starlette(
            routes=[
                Route("/", self.status),
                Route("/status.json", self.status_json),
                Route("/healthz", self.health),
                Route("/metrics", self.metrics),
                Route("/policy/{name}", self.policy),
                Route("/style.css", self.style),
            ],
            exception_handlers={404: self._missing, 405: self._refused, 500: self._broken},
        )
        return SecurityHeaders(pages)

    async def status(self, _: Request) -> Response:
        """How the house is doing and what became of recent messages, as a page."""
        status, recent = await self._look()
        practice = self._queries.settings().gateway.practice
        zone = ZoneInfo(practice.timezone)
        return self._page(
            "status.html",
            practice=practice.name,
            zone=practice.timezone,
            status=status,
            serving=self._serving(),
            recent=recent,
            moment=_Moments(zone, status.at),
        )

    async def status_json(self, _: Request) -> Response:
        """The same for programs, `handrail status` among them."""
        status, recent = await self._look()
        fields = {field.name: getattr(status, field.name) for field in dataclasses.fields(status)}
        return _json(fields | {"serving": self._serving(), "recent": recent})

    async def health(self, _: Request) -> Response:
        """200 while this node takes mail, else 503.

        A store that is down does not make it ill, and is not asked: mail flows without the store, and a balancer
        must not stop it.
        """
        serving = self._serving()
        troubles = [trouble.what for trouble in self._queries.troubles()]
        return _json({"serving": serving, "troubles": troubles}, 200 if serving else 503)

    async def metrics(self, _: Request) -> Response:
        """Prometheus' text format; gauges are set as they are at this moment."""
        for mailbox in self._queries.mailboxes():
            self._metrics.watcher_up.labels(mailbox.name).set(mailbox.up)
        status = await self._queries.status(self._now())
        if status.store:
            self._metrics.store_faults.inc()
        else:
            self._metrics.outbox_depth.clear()
            for state, count in status.outbox.items():
                self._metrics.outbox_depth.labels(state).set(count)
        return Response(self._metrics.exposition(), media_type=self._metrics.content_type)

    async def policy(self, request: Request) -> Response:
        """The card of the policy that holds now, in the language that `?lang=` names, else the practice's."""
        settings, name, now = self._queries.settings(), request.path_params["name"], self._now()
        policy = self._policies(now).get(name)
        if policy is None:
            raise HTTPException(404)
        practice = settings.gateway.practice
        about = about_for(settings, name, now.astimezone(ZoneInfo(practice.timezone)).date())
        language = request.query_params.get("lang", practice.language)
        sheet = self._cards.sheet(policy, about, practice.name, language, name)
        return self._page("policy.html", sheet=sheet, languages=self._cards.languages(name))

    async def style(self, _: Request) -> Response:
        """The one style sheet."""
        found = next((folder / "style.css" for folder in self._folders if (folder / "style.css").is_file()), None)
        if found is None:
            raise HTTPException(404)
        return FileResponse(found, media_type="text/css", headers={"Cache-Control": "max-age=300"})

    async def _look(self) -> tuple[Status, tuple[Life, ...]]:
        status = await self._queries.status(self._now())
        try:
            return status, await self._queries.messages(limit=RECENT)
        except Unavailable:
            return status, ()

    def _page(self, template: str, code: int = 200, **values: Any) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(**values), code)

    async def _missing(self, _: Request, __: Exception) -> Response:
        known = sorted(self._queries.settings().policies)
        return self._page("missing.html", 404, policies=known)

    async def _refused(self, _: Request, __: Exception) -> Response:
        return PlainTextResponse("These pages can only be read.\n", 405, {"Allow": "GET, HEAD"})

    async def _broken(self, _: Request, __: Exception) -> Response:
        return PlainTextResponse("Something went wrong; the log says where.\n", 500)


class _Moments:
    """Instants for people: in the practice's zone, the day only where it is not today."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._today = now.astimezone(zone).date()

    def __call__(self, at: datetime) -> str:
        """`07:12`, or `2 Mar 07:12` for another day."""
        local = at.astimezone(self._zone)
        return f"{local:%H:%M}" if local.date() == self._today else f"{local.day} {local:%b %H:%M}"

    def full(self, at: datetime) -> str:
        """The whole instant, for the `datetime` attribute."""
        return at.astimezone(self._zone).isoformat(timespec="seconds")


def _json(value: Mapping[str, object], code: int = 200) -> Response:
    return Response(json.dumps(value, default=_plain, ensure_ascii=False), code, media_type="application/json")


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__qualname__} has no JSON form")
