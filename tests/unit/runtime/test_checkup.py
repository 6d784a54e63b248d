"""What a container's health check says of the services around it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tiketi_platform.__main__ import main
from tiketi_platform.runtime.checkup import unhealthy
from tiketi_platform.runtime.engines.ports import free_port


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A port where `/health/ready` answers with a status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_those_that_run_elsewhere_are_not_asked_for():
    with answering(200) as port:
        assert unhealthy("0.0.0.0", {"auth": port, "event": free_port()}) == []


def test_one_that_is_not_ready_is_named():
    with answering(200) as well, answering(503) as ill:
        assert unhealthy("0.0.0.0", {"auth": well, "event": ill}) == ["event: 503"]


def test_one_that_was_asked_for_must_be_there():
    with answering(200) as port:
        ports = {"auth": port, "event": free_port()}
        assert unhealthy("127.0.0.1", ports, ["event"]) == ["event: refused"]
        assert unhealthy("127.0.0.1", ports, ["auth"]) == []


def test_a_container_where_nobody_listens_is_not_well():
    assert unhealthy("127.0.0.1", {"auth": free_port()}) == ["no service listens here"]


def test_the_command_says_it_by_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with answering(503) as port:
        monkeypatch.setenv("TIKETI_AUTH_PORT", str(port))  # it is told by its environment alone
        assert main(["--services", "auth", "health"]) == 1
    assert capsys.readouterr().err == "auth: 503\n"
