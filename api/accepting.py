"""Connections, shared out evenly among the processes of the service.

Of several processes the one that wakes first takes all that wait at the door: of sixteen callers
who came at once one had fourteen and the other two. So whoever has more connections open waits
longer before taking the next.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

try:
    from uvloop import Loop
except ImportError:  # Windows, where uvloop does not exist: a loop of another class, used alike
    from asyncio import SelectorEventLoop as Loop  # type: ignore[assignment]

_PAUSE_S = 0.001  # for each connection that is open …
_LONGEST_S = 0.005  # … but no longer: two hundred a second are always let in
_NO_FILES_S = 1.0  # as asyncio waits where no file can be opened


class FairLoop(Loop):
    """The event loop of one of several processes that take connections from the same listener."""

    async def create_server(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """As the loop beneath does it, but fair where it is given a listener."""
        listener = options.get("sock")
        if listener is None:
            return await super().create_server(protocol_factory, host, port, **options)
        return _Door(self, protocol_factory, listener)


class _Door:
    """Lets connections in from a listener until it is closed; as much of `asyncio.Server` as
    uvicorn asks for."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        listener: socket.socket,
    ) -> None:
        listener.setblocking(False)
        self._loop, self._factory, self._listener = loop, protocol_factory, listener
        self._open: list[asyncio.BaseTransport] = []
        self._letting_in = loop.create_task(self._let_in())

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        self._letting_in.cancel()

    async def _let_in(self) -> None:
        while True:
            try:
                connection, _ = await self._loop.sock_accept(self._listener)
            except ConnectionAbortedError:  # gone again before anybody opened
                continue
            except OSError:
                await asyncio.sleep(_NO_FILES_S)
                continue
            try:
                transport, _ = await self._loop.connect_accepted_socket(self._factory, connection)
            except OSError:  # gone again meanwhile
                connection.close()
                continue
            self._open = [one for one in self._open if not one.is_closing()]
            self._open.append(transport)
            await asyncio.sleep(min(_PAUSE_S * len(self._open), _LONGEST_S))
