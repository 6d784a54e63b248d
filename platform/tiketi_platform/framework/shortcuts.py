"""Finds an address without variable parts in one look-up; it routes nothing else, that stays aiohttp's.

aiohttp resolves each request through four coroutines and three objects, which costs a hot path more than its
decoding. The operations asked for most have one spelling, so a table of them is enough.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiohttp import hdrs, web

from tiketi_platform.framework.edge import Handler

Handlers = dict[tuple[str, str], Handler]
"""By method and path."""
SHORTCUTS: Final = web.AppKey("shortcuts", Handlers)


def shortcuts(routes: Iterable[tuple[str, str, Handler]]) -> Handlers:
    """Those of (method, path, handler) whose path has no variable part."""
    return {(method, path): handler for method, path, handler in routes if "{" not in path}


def take_shortcuts(server: web.Server, handlers: Handlers) -> None:
    """Let `server` answer by `handlers` what it can, and everything else as before."""
    routed: Callable[[Any], Awaitable[web.StreamResponse]] = server.request_handler

    def answered(request: Any) -> Awaitable[web.StreamResponse]:
        handler = handlers.get((request.method, request.rel_url.raw_path))
        # Who expects a 100 before sending the body gets it from aiohttp's router.
        if handler is None or hdrs.EXPECT in request.headers:
            return routed(request)
        return handler(request)

    server.request_handler = answered
