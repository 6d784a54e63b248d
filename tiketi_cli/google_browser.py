"""The browser's part of logging in with Google: one loopback address that waits for Google's redirect.

It listens on this machine only, takes one answer and shows one page; what came is judged by whoever waits.
"""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

WAIT_S: Final = 600.0
"""As long as the platform lets a login take."""
PATH: Final = "/callback"
_PAGE: Final = (
    '<!doctype html><html lang="ko"><meta charset="utf-8"><title>tiketi</title>'
    "<body style='font:18px/1.6 system-ui;margin:15vh auto;max-width:30em;text-align:center'>"
    "<p>터미널로 돌아가세요.<br>You may close this page and go back to the terminal.</p></body></html>"
)


class Redirect:
    """A context in which one redirect may come to `uri`."""

    def __init__(self) -> None:
        self._came: dict[str, str] | None = None
        self._arrived = threading.Event()
        self._server = HTTPServer(("127.0.0.1", 0), _handler(self._take))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def uri(self) -> str:
        """Where Google shall send the browser."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def wait(self, timeout_s: float = WAIT_S) -> Mapping[str, str] | None:
        """The query of the redirect, None when it did not come in time."""
        self._arrived.wait(timeout_s)
        return self._came

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def _take(self, query: dict[str, str]) -> None:
        # The first one counts: whatever else knocks later changes nothing.
        if self._came is None:
            self._came = query
        self._arrived.set()


def _handler(take: Callable[[dict[str, str]], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found = parts.path == PATH
            body = _PAGE.encode() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)
            if found:
                take(dict(parse_qsl(parts.query)))

        def log_message(self, *_: object) -> None:
            """Says nothing: the code is in the address."""

    return Handler
