"""`handrail serve`: the gateway itself, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal

from gateway import app as house
from gateway.cli.loop import leaves, run_loop
from gateway.cli.options import DEFAULT, Config, settings_from
from gateway.cli.output import DOWN, WRONG, fail
from gateway.settings.schema import Settings

#: Ends that an admin can mend: by the settings, or by ending what is in the way.
_WRONG = (house.CredentialError, house.WrongKey)
_IN_THE_WAY = (OSError, house.Taken)


def serve(config: Config = DEFAULT) -> None:
    """Run the gateway. SIGTERM or Ctrl-C stops it after what is in flight; SIGHUP takes up changed settings.

    Ends with 0 when it was stopped, 2 where settings or secrets are wrong, 3 where something is in the way, for
    example another gateway on the same port.

    Example: `handrail serve --config /etc/handrail`
    """
    settings = settings_from(config)
    try:
        run_loop(lambda: _serve(settings))
    except (ExceptionGroup, *_WRONG, *_IN_THE_WAY) as error:
        raise _ended(error) from None


async def _serve(settings: Settings) -> None:
    stop, changed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, changed.set)
    async with house.open_house(settings) as gateway, asyncio.TaskGroup() as group:
        reloading = group.create_task(_reload(gateway, changed))
        await gateway.run(stop)
        reloading.cancel()


async def _reload(gateway: house.House, changed: asyncio.Event) -> None:
    while True:
        await changed.wait()
        changed.clear()
        await gateway.reload()


def _ended(error: Exception) -> Exception:
    """The end in words, where it is one that an admin can mend; else the error itself."""
    found = leaves(error)
    if any(not isinstance(leaf, (*_WRONG, *_IN_THE_WAY)) for leaf in found):
        return error
    words = "; ".join(_in_words(leaf) for leaf in found)
    code = DOWN if any(isinstance(leaf, _IN_THE_WAY) for leaf in found) else WRONG
    return fail(code, f"Can't serve: {words}")


def _in_words(error: BaseException) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
