"""A person at a terminal: starts the platform, sells and buys, looks around, stops it. Nothing is left."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.acceptance.stage import descendants, free_ports
from tests.engines import short_folder
from tests.users import environment
from tiketi_platform.runtime.data_folder import DataFolder

COMMAND_TIMEOUT_S = 180.0


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where `tiketi` is typed: a folder for its data, one for its configuration, ports that were free."""

    folder: Path
    environ: dict[str, str]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(
        self, *arguments: object, status: int = 0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """One command, which must end with `status`."""
        ended = subprocess.run(
            self.argv(*arguments),
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_TIMEOUT_S,
        )
        assert ended.returncode == status, f"{arguments}: {ended.stdout}\n{ended.stderr}"
        return ended

    def json(self, *arguments: object, status: int = 0, stdin: str = "") -> Any:
        """The JSON document of one command."""
        return json.loads(self.run(*arguments, "--json", status=status, stdin=stdin).stdout)

    def argv(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "tiketi_cli", *map(str, arguments)]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with short_folder() as folder:
        ports, sandbox_ports = free_ports()
        chosen = {f"TIKETI_{n.upper()}_PORT": str(p) for n, p in {**ports, **sandbox_ports}.items()}
        kept = {name: v for name, v in environment().items() if not name.startswith("TIKETI_")}
        here = Terminal(
            folder,
            {
                **kept,
                **chosen,
                "TIKETI_DATA": str(folder / "data"),
                "TIKETI_CONFIG_DIR": str(folder / "config"),
            },
        )
        try:
            yield here
        finally:
            subprocess.run(here.argv("down"), env=here.environ, capture_output=True, check=True)


def _use(terminal: Terminal, email: str) -> None:
    """Another customer, in a profile of the same name."""
    urls = terminal.json("config", "show")["urls"]
    addresses = [part for name, url in urls.items() for part in ("--service", f"{name}={url}")]
    terminal.run("config", "profiles", "set", "buyer", *addresses)
    buyer = Terminal(terminal.folder, {**terminal.environ, "TIKETI_PASSWORD": "correct horse"})
    buyer.run("auth", "register", "--profile", "buyer", "--email", email, "--name", "김하늘")
    terminal.run("config", "profiles", "use", "buyer")


def test_a_sale_from_up_to_down(terminal: Terminal):
    terminal.run("status", status=9)
    up = terminal.json("up", "--detach")
    family = descendants(up["pid"])
    assert up["active_profile"] == up["profile"] == "local"

    status = terminal.json("status")
    assert (status["state"], status["pid"]) == ("ready", up["pid"])
    assert {each["state"] for each in status["servers"]} == {"ready"}
    assert {each["name"] for each in status["servers"]} >= {*up["urls"], "postgres", "valkey"}
    assert "already works on" in terminal.run("up", "--detach", status=7).stderr
    assert "already works on" in terminal.run("up", "--reset", "--yes", status=7).stderr

    assert terminal.json("auth", "me")["role"] == "admin"
    event = terminal.json("events", "create", "겨울 콘서트", "--artist", "새벽", "--venue", "홀")[
        "id"
    ]
    dry = terminal.json("seats", "generate", event, "--layout", "small_theater", "--dry-run")
    assert dry["seats_count"] == 265
    made = terminal.json("seats", "generate", event, "--layout", "small_theater")
    assert made["created_count"] == 265
    terminal.run("queue", "policy", event, "--capacity", 10)

    _use(terminal, "buyer@example.com")
    assert terminal.json("points", "charge", "10000")["balance"] == 10_000
    terminal.run("reservations", "create", event, "--best", 2, status=5)
    assert terminal.json("queue", "watch", event, "--timeout", 30)["state"] == "admitted"
    held = terminal.json("reservations", "create", event, "--best", 2)
    paid = terminal.json("payments", "pay", held["id"], "--points", 10_000)
    assert (paid["payment_method"], paid["status"]) == ("MIXED", "COMPLETED")
    tickets = terminal.json("tickets", "list", "--reservation", held["id"])["items"]
    assert len(tickets) == 2
    assert terminal.run("tickets", "show", tickets[0]["id"], "--svg").stdout.startswith("<")
    drawn = terminal.run("seats", "map", event).stdout
    assert drawn.count("s sold 2") == 1
    terminal.run("queue", "stats", event, status=5)
    assert terminal.run("points", "history").stdout.count("USE") == 1

    admin = ("--profile", "local")
    code = tickets[0]["qr"]
    assert terminal.json("tickets", "check-in", event, *admin, stdin=code)["status"] == "USED"
    terminal.run("tickets", "check-in", event, *admin, status=7, stdin=code)
    report = terminal.json("audit", event, *admin)
    assert (report["passed"], report["sold_count"]) == (True, 2)
    told = {each["message_name"] for each in terminal.json("notifications", "list")["items"]}
    assert told >= {"points.charged", "payment.completed", "reservation.confirmed"}
    assert terminal.json("notifications", "open", "--no-browser")["url"] == up["mailbox_url"]
    assert terminal.json("logs")["items"][-1]["level"] == "info"
    assert "database system is ready" in terminal.run("logs", "postgres").stdout

    assert terminal.json("down") == {
        "was_running": True,
        "was_killed": False,
        "leftovers_count": 0,
        "data": str(terminal.data),
    }
    assert not [member for member in family if member.is_alive()]
    terminal.run("status", status=9)


def test_in_the_foreground_until_ctrl_c(terminal: Terminal):
    with subprocess.Popen(
        terminal.argv("up", "--json"),
        env=terminal.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            family = descendants(ready["pid"])
            assert terminal.json("status")["state"] == "ready"
            assert ready["pid"] == process.pid
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=COMMAND_TIMEOUT_S)
        finally:
            process.kill()
    assert process.returncode == 0
    assert out == ""
    assert "services" in err
    assert "stopped" in err
    assert not [member for member in family if member.is_alive()]


@pytest.mark.parametrize("more", [(), ("--detach",)], ids=["foreground", "detached"])
def test_a_taken_port_is_named_with_its_process(terminal: Terminal, more: tuple[str, ...]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        terminal.environ["TIKETI_QUEUE_PORT"] = str(port)
        err = terminal.run("up", *more, status=9).stderr
    assert f"port {port} (queue)" in err
    assert f"pid {psutil.Process().pid}" in err
    assert "Traceback" not in err


def test_reset_asks_first(terminal: Terminal):
    terminal.data.mkdir()
    assert "no platform's data folder" in terminal.run("up", "--reset", "--yes", status=2).stderr
    secret = DataFolder(terminal.data).secret("kept")
    with DataFolder(terminal.data).lock():
        pass
    assert "add --yes" in terminal.run("up", "--reset", status=2).stderr
    assert DataFolder(terminal.data).secret("kept") == secret
