"""The browser's part of logging in with Google: one loopback address that waits for Google's redirect.

It listens on this machine only and takes the answer to the login it was told of; whatever else knocks,
or connects and says nothing as browsers do, neither ends the wait nor holds it up.
"""

import threading
from collections.abc import Callable, Mapping
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Final, Self
from urllib.parse import parse_qsl, urlsplit

WAIT_S: Final = 600.0
"""As long as the platform lets a login take."""
SILENCE_S_MAX: Final = 10.0
"""A connection that says nothing for so long is closed."""
PATH: Final = "/callback"
_PAGE: Final = (
    '<!doctype html><html lang="ko"><meta charset="utf-8"><title>tiketi</title>'
    "<body style='font:18px/1.6 system-ui;margin:15vh auto;max-width:30em;text-align:center'>"
    "<p>%s</p></body></html>"
)
_WELCOME: Final = "터미널로 돌아가세요.<br>You may close this page and go back to the terminal."
_STRAY: Final = (
    "다른 로그인의 응답입니다.<br>This belongs to another login; the terminal still waits."
)


class Redirect:
    """A context in which one redirect may come to `uri`."""

    def __init__(self) -> None:
        self._came: dict[str, str] | None = None
        self._state: str | None = None
        self._arrived = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._fits, self._take))
        # A browser's spare connection must not keep us from ending.
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def uri(self) -> str:
        """Where Google shall send the browser."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def expect(self, state: str) -> None:
        """Take the answer with this state and no other; before it is known, none."""
        self._state = state

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

    def _fits(self, query: Mapping[str, str]) -> bool:
        state = query.get("state", "").encode()
        return self._state is not None and compare_digest(state, self._state.encode())

    def _take(self, query: dict[str, str]) -> None:
        # The first one counts: whatever else knocks later changes nothing.
        if self._came is None:
            self._came = query
        self._arrived.set()


def _handler(
    fits: Callable[[Mapping[str, str]], bool], take: Callable[[dict[str, str]], None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout: ClassVar[float | None] = SILENCE_S_MAX

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, errors="replace"))
            if parts.path != PATH:
                self._answer(404, "")
            elif not fits(query):
                self._answer(400, _PAGE % _STRAY)
            else:
                self._answer(200, _PAGE % _WELCOME)
                take(query)

        def _answer(self, status: int, page: str) -> None:
            body = page.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: the code is in the address."""

    return Handler
