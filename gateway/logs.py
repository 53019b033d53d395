"""Logs carry ids, not people: one formatter for our own events and for every library's records.

In goes whatever anybody logs; out comes JSON or text on stderr, without addresses, without the words of exceptions,
without bytes. A library that would log mail is kept to warnings, whatever level is set.
What a person wrote can't be told from other words by looking at it: so our own code never logs it in the first place,
and this file is the net below.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.ports import Unavailable

#: Loggers that show mail, statements or requests at levels below a warning
#: (aiosmtpd logs every line that a peer sends; aioimaplib every line of a fetched message).
QUIET = (
    "mail",
    "mail.log",
    "mail.debug",
    "aioimaplib",
    "aioimaplib.aioimaplib",
    "aiosmtplib",
    "sqlalchemy",
    "psycopg",
    "psycopg.pool",
    "alembic",
    "uvicorn",
    "uvicorn.access",
    "uvicorn.error",
    "asyncio",
)

#: Keys whose values are a person's own, whatever they look like.
PERSONAL = frozenset(
    {
        *("subject", "body", "text", "html", "content", "message", "phrase", "helo"),
        *("to", "cc", "bcc", "from", "author", "author_name", "name", "address", "sender"),
        *("recipient", "recipients", "rcpt_tos", "reverse_path", "mail_from", "reply_to", "receipt_to"),
        *("message_id", "in_reply_to", "references"),
    }
)

#: An addr-spec, its local-part perhaps quoted, its @ perhaps %-encoded. The look-behind keeps the search linear.
_ATOM = r"[^\s<>()\[\],;:\"'@/=]"
_ADDRESS = re.compile(rf"(?:\"[^\"\n]*\"|(?<!{_ATOM}){_ATOM}+)(?:@|%40){_ATOM}+")

#: The first dozen digits of a message's key (a hash), which our own code logs as `message`.
_IDENTITY = re.compile(r"[0-9a-f]{12}")

#: Values whose text is what they are; any other object's repr would show its fields.
_PLAIN = (date, time, timedelta, Decimal, PurePath, Enum)

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def set_up(
    level: Literal["debug", "info", "warning", "error"], layout: Literal["json", "text"], stream: TextIO | None = None
) -> None:
    """Route structlog and the standard library to one handler on stderr (or `stream`). May be called again."""
    threshold = _LEVELS[level]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(layout))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in QUIET:
        _keep_quiet(logging.getLogger(name), threshold)


def _keep_quiet(logger: logging.Logger, threshold: int) -> None:
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(max(logging.WARNING, threshold))


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(layout: Literal["json", "text"]) -> logging.Formatter:
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if layout == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *_common(), first_line],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, fault_without_words, redact, last],
    )


def first_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep the first line of a library's record: asyncio and others print values, exceptions among them, below it."""
    event["event"] = str(event["event"]).split("\n", 1)[0]
    return event


def fault_without_words(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its kinds and places. Its words may quote mail; only `Unavailable` promises not to."""
    error = _exception(event.pop("exc_info", None))
    event.pop("exc_text", None)
    event.pop("stack_info", None)
    if error is not None:
        event["error"] = " < ".join(_kinds(error))
        event["where"] = " < ".join(_places(error))
    return event


def _exception(info: object) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple) and len(info) == 3:
        return info[1] if isinstance(info[1], BaseException) else None
    return sys.exc_info()[1] if info else None


def _kinds(error: BaseException) -> list[str]:
    """The exception, then what caused it; of a group, each of its members."""
    kinds: list[str] = []
    current: BaseException | None = error
    while current is not None and len(kinds) < 8:
        kinds.append(_kind(current))
        current = current.__cause__ or current.__context__
    return kinds


def _kind(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, BaseExceptionGroup):
        return f"{name}({', '.join(_kind(member) for member in error.exceptions)})"
    if isinstance(error, Unavailable):
        return f"{name}: {error}"
    return f"{name}(errno {error.errno})" if isinstance(error, OSError) and error.errno else name


def _places(error: BaseException) -> list[str]:
    """The innermost frames first: file, line and function, never the source line or a value."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in reversed(frames)]


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take out addresses wherever they stand, bytes, and everything under a personal key."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if key.casefold().replace("-", "_") in PERSONAL and not (isinstance(value, str) and _IDENTITY.fullmatch(value)):
        return "[redacted]"
    if isinstance(value, str):
        return _ADDRESS.sub("[address]", value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} octets]"
    if isinstance(value, Mapping):
        return {str(name): _clean(str(name), one) for name, one in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [_clean("", one) for one in value]
    return _ADDRESS.sub("[address]", str(value)) if isinstance(value, _PLAIN) else f"[{type(value).__qualname__}]"
