"""Shows the mailbox to people (`/`) and programs (`/api/…`); refuses to let a mail run scripts."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

import orjson
from aiohttp import web

from tiketi_platform.sandbox.mailbox.message import Message
from tiketi_platform.sandbox.mailbox.reading import detail, html_of, summary
from tiketi_platform.sandbox.mailbox.store import MailStore

PAGE_LIMIT_MAX: Final = 1_000
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


class MailboxPages:
    """The routes over one store."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", _asset("page.html", "text/html")),
                web.get("/page.css", _asset("page.css", "text/css")),
                web.get("/page.js", _asset("page.js", "text/javascript")),
                web.get("/api/messages", self._list),
                web.get("/api/messages/{id:[0-9]{1,15}}", self._detail),
                web.get("/api/messages/{id:[0-9]{1,15}}/raw", self._raw),
                web.get("/api/messages/{id:[0-9]{1,15}}/html", self._html),
                web.get("/api/stats", self._stats),
                web.get("/health/ready", self._ready),
            ]
        )
        return app

    async def _list(self, request: web.Request) -> web.Response:
        """`?to=` one address, `?limit=`; newest first (`?before=` pages on), or `?after=` oldest first."""
        to = request.query.get("to") or None
        limit = min(_number(request, "limit") or 50, PAGE_LIMIT_MAX)
        after = _number(request, "after")
        if after is None:
            page = self._store.before(_number(request, "before"), limit=limit, to=to)
        else:
            page = self._store.after(after, limit=limit, to=to)
        return _json(
            {
                "messages": [summary(message) for message in page],
                "next": page[-1].number if len(page) == limit else None,
            }
        )

    async def _detail(self, request: web.Request) -> web.Response:
        message = self._message(request)
        return _json(detail(message, self._store.read(message)))

    async def _raw(self, request: web.Request) -> web.Response:
        raw = self._store.read(self._message(request))
        return _plain(raw, "text/plain")

    async def _html(self, request: web.Request) -> web.Response:
        html = html_of(self._store.read(self._message(request)))
        if html is None:
            raise web.HTTPNotFound
        response = _plain(html.encode(), "text/html")
        response.headers["Content-Security-Policy"] = _MAIL_POLICY
        return response

    async def _stats(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "messages_count": len(self._store),
                "bytes_count": self._store.bytes_count,
                "dropped_count": self._store.dropped_count,
                "duplicates_count": self._store.duplicates_count,
            }
        )

    @staticmethod
    async def _ready(_request: web.Request) -> web.Response:
        return _json({"status": "ready"})

    def _message(self, request: web.Request) -> Message:
        message = self._store.get(int(request.match_info["id"]))
        if message is None:
            raise web.HTTPNotFound
        return message


def _asset(name: str, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    body = files("tiketi_platform.sandbox.mailbox").joinpath(name).read_bytes()

    async def asset(_request: web.Request) -> web.Response:
        response = _plain(body, content_type)
        response.headers["Content-Security-Policy"] = _PAGE_POLICY
        return response

    return asset


def _json(content: object) -> web.Response:
    return web.Response(body=orjson.dumps(content), content_type="application/json")


def _plain(body: bytes, content_type: str) -> web.Response:
    response = web.Response(body=body, content_type=content_type, charset="utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise web.HTTPBadRequest(text=f"{name} is a number")
    return int(text)
