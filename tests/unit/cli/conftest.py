"""The command line in this process, against a small real server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tiketi_cli.app import main
from tiketi_sdk.contract.codes import CODES


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Service:
    """All six services at one address, as a gateway would have them."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """`METHOD path` without the query → status and JSON."""
    kinds: dict[str, str] = field(default_factory=dict)
    """The content types of answers that are no JSON."""
    then: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What happens once a request was answered."""
    seen: list[Seen] = field(default_factory=list)

    def says(self, what: str, answer: Any, *, status: int = 200) -> None:
        self.answers[what] = (status, answer)

    def refuses(self, what: str, code: str) -> None:
        status = CODES[code].status
        body = {"code": code, "title": CODES[code].title, "status": status, "detail": "so it is"}
        self.answers[what] = (status, {**body, "request_id": "0123abcd"})


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            path = self.path.partition("?")[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.seen.append(Seen(self.command, self.path, headers, body))
            missing = {"code": "not_found", "title": "", "status": 404, "detail": f"no {path}"}
            status, answer = told.answers.get(f"{self.command} {path}", (404, missing))
            told.then.get(f"{self.command} {path}", lambda: None)()
            content = json.dumps(answer).encode()
            self.send_response(status)
            kind = "application/json" if status < 400 else "application/problem+json"
            kind = told.kinds.get(f"{self.command} {path}", kind)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # the library's names

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[list[str]]:
        """stdout as the rows and cells that a pipe gets."""
        return [line.split("\t") for line in self.out.splitlines()]


Tiketi = Callable[..., Result]


@pytest.fixture
def tiketi(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Tiketi:
    """Run `tiketi ARGUMENTS…` with an empty configuration; colours and the caller's settings are off."""
    # A command's settings are its environment; there is no other door to put them through.
    for name in ("TIKETI_PROFILE", "TIKETI_URL", "TIKETI_TOKEN", "TIKETI_PASSWORD", "TIKETI_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TIKETI_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture
def at_service(tiketi: Tiketi, service: Service, monkeypatch: pytest.MonkeyPatch) -> Tiketi:
    """The same, with the profile in force pointing at `service` and a token to show there."""
    monkeypatch.setenv("TIKETI_URL", service.url)  # as above
    monkeypatch.setenv("TIKETI_TOKEN", "a-token")
    return tiketi
