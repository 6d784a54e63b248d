"""Answers for services that still wait for their stores: alive, not ready, 503 for the rest; it serves nothing."""

import socket
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.framework import problems
from tiketi_platform.framework.edge import Edge
from tiketi_platform.framework.health import Check, health_routes
from tiketi_platform.framework.telemetry import Metrics, request_id_var
from tiketi_platform.runtime.errors import PortTakenError

BACKLOG_MAX: Final = 8_192
"""Connections that may wait to be accepted; the kernel's own limit may be lower."""


class Porch:
    """The listeners of services that are starting; each service takes its own with `leave`."""

    def __init__(self, ports: Mapping[str, int], host: str, *, version: str, revision: str) -> None:
        """`ports`: those of the services that are about to start, by name."""
        self._waiting = dict(ports)
        self._host = host
        self._version = version
        self._revision = revision
        self._store = ""
        self._open: dict[str, tuple[web.AppRunner, socket.socket]] = {}

    async def wait_for(self, store: str) -> None:
        """Answer for everybody who has not left yet, naming `store` as what is missing.

        Raises PortTakenError.
        """
        self._store = store
        for name, port in self._waiting.items():
            if name not in self._open:
                try:
                    listener = socket.create_server((self._host, port), backlog=BACKLOG_MAX)
                except OSError as error:
                    told = f"{name} cannot listen on {self._host}:{port}: {error.strerror}"
                    raise PortTakenError(told) from error
                runner = web.AppRunner(
                    self._app(name), access_log=None, shutdown_timeout=1.0, handle_signals=False
                )
                self._open[name] = (runner, listener)
                await runner.setup()
                await web.SockSite(runner, listener.dup(), backlog=BACKLOG_MAX).start()

    async def leave(self, name: str) -> socket.socket | None:
        """The service answers for itself from now on; the listener it takes over, if there is one.

        Who connects in between is not refused: the listener stays, and they wait in its backlog.
        """
        self._waiting.pop(name, None)
        runner, listener = self._open.pop(name, (None, None))
        if runner is not None:
            await runner.cleanup()
        return listener

    async def close(self) -> None:
        """Close what nobody took over."""
        for name in list(self._open):
            listener = await self.leave(name)
            if listener is not None:
                listener.close()

    def _app(self, name: str) -> web.Application:
        metrics = Metrics(name)
        edge = Edge(metrics)
        app = web.Application()
        missing = Check("stores", self._missing)
        health = health_routes(
            name, metrics, [missing], version=self._version, revision=self._revision
        )
        for path, answer in (*health, ("/{path:.*}", self._not_yet)):
            app.router.add_route("*", path, edge.around(path, answer))
        return app

    async def _missing(self) -> None:
        raise self._starting()

    async def _not_yet(self, _request: web.Request) -> web.StreamResponse:
        return problems.from_domain(self._starting(), request_id=request_id_var.get())

    def _starting(self) -> UnavailableError:
        return UnavailableError(f"starting: {self._store} does not answer yet", retry_after_s=1)
