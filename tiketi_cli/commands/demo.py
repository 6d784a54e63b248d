"""`tiketi demo`: a whole sale in one command, on a platform of its own that is gone afterwards, or in the cluster."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError

if TYPE_CHECKING:
    from tiketi_cli.stampeding import Narration
    from tiketi_platform.runtime.data_folder import DataFolder
    from tiketi_sdk import Tiketi

HTML_DEFAULT: Final = Path("tiketi-demo-report.html")
START_S: Final = 60.0
STOP_S: Final = 30.0
_TAIL_BYTES: Final = 3_000


def demo(
    ctx: typer.Context,
    *,
    users: Annotated[int, typer.Option("--users", "-u", min=1, help="How many people come.")] = 2_000,
    seats: Annotated[
        str, typer.Option("--seats", metavar="LAYOUT", help="The hall; see `tiketi seats layouts`.")
    ] = "large_theater",
    capacity: Annotated[
        int, typer.Option("--capacity", min=1, help="How many may be inside at once.")
    ] = 300,
    html: Annotated[
        Path, typer.Option("--html", metavar="FILE", help="Where to write the report.")
    ] = HTML_DEFAULT,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the platform's data folder and say where it is.")
    ] = False,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="In the cluster of `tiketi cluster up` instead; it stays.")
    ] = False,
) -> None:  # fmt: skip
    """Sell out a concert: start a platform, let a crowd in, sell every seat once, and prove it.

        tiketi demo
        tiketi demo --cluster
        tiketi demo --users 400 --seats small_theater --capacity 100
        tiketi demo --html sold-out.html --json

    The platform runs on real engines in a temporary folder, on ports that are free, and is gone at the
    end. Left is the report, one HTML file. Exit status 0 only when every seat was sold, the audit
    found nothing and the load generator kept up.
    """
    from tiketi_cli import stampeding
    from tiketi_sdk.seeding import put_on_sale
    from tiketi_sdk.stampede import LoadProcess, Plan

    here = session(ctx)
    if not html.absolute().parent.is_dir():
        raise UsageError(f"no such folder: {html.absolute().parent}", "make it, or choose another")
    if cluster and keep:
        raise UsageError("--keep is for the platform that a demo makes", "the cluster stays anyway")
    # Whatever ends us, what we started ends in order.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    narration = stampeding.Narration()
    narration.console.print(
        f"[bold]tiketi demo[/]  {users:,} people come at once; {capacity:,} may be inside at a time"
    )
    stage = _in_cluster(narration) if cluster else _platform(narration, keep=keep)
    with LoadProcess() as load, stage as client:
        with narration.step("event on sale") as told:
            sale = put_on_sale(client, layout=seats, capacity=capacity)
            told.append(f"{sale.event.title}, {sale.seats_count:,} seats")
        crowd = stampeding.gather(client, sale.event.id, users_count=users, narration=narration)
        plan = Plan(event_id=sale.event.id, urls=dict(client.config.urls), users_count=users)
        document = stampeding.let_loose(
            client, plan, crowd, load, narration=narration, audited=True
        )
    status = stampeding.tell(here.out, document, html=html, narration=narration)
    here.out.say(f"done in {narration.elapsed_s:.1f} s")
    (here.out.say if here.json else here.out.line)(document.verdict)
    unsold = users >= document.seats_count > document.sold_count
    if status or unsold:
        raise typer.Exit(status or 1)


@contextmanager
def _platform(narration: "Narration", *, keep: bool) -> "Iterator[Tiketi]":
    """A platform in a folder of its own, with its administrator's client; nothing of it outlives the block."""
    from tiketi_platform.runtime.data_folder import DataFolder

    path = Path(tempfile.mkdtemp(prefix="tiketi-demo-"))
    folder = DataFolder(path)
    ports = _free_ports()
    process: subprocess.Popen[bytes] | None = None
    try:
        with narration.step("platform up") as told:
            process = _start(folder, ports)
            client = _administrator(folder, ports, process)
            told.append(f"PostgreSQL, Valkey, six services in {path}")
        with client:
            yield client
    finally:
        # Not to be cut short by a second Ctrl-C: it is bounded, and what it removes is ours.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with narration.step("platform down"):
            _stop(process)
            if not keep:
                _remove(folder)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if keep:
            narration.console.print(f"kept: tiketi up --data {path}", soft_wrap=True)


@contextmanager
def _in_cluster(narration: "Narration") -> "Iterator[Tiketi]":
    """The administrator's client of the platform in the cluster, which neither begins nor ends here."""
    from tiketi_sdk.cluster import ClusterSettings, Site
    from tiketi_sdk.cluster.admin import administrator

    with narration.step("cluster") as told, Site(ClusterSettings()) as site:
        client = administrator(site)
        told.append(
            f"{site.settings.name}, {len(site.kube.nodes())} nodes, {len(site.kube.pods())} Pods"
        )
    with client:
        yield client


def _start(folder: "DataFolder", ports: Mapping[str, int]) -> "subprocess.Popen[bytes]":
    from tiketi_platform.runtime.engines.process import spawn

    return spawn(
        [sys.executable, "-m", "tiketi_cli", "up", "--data", str(folder.path)],
        log=folder.log("platform"),
        on_parent_death=signal.SIGTERM,
        env={
            **{name: value for name, value in environ.items() if not name.startswith("TIKETI_")},
            **{f"TIKETI_{name.upper()}_PORT": str(port) for name, port in ports.items()},
            # It is not the user's own platform: no profile is logged in to it, nothing is shown.
            "TIKETI_DETACHED": "1",
        },
    )


def _administrator(
    folder: "DataFolder", ports: Mapping[str, int], process: "subprocess.Popen[bytes]"
) -> "Tiketi":
    from tiketi_platform.runtime.data_folder import ADMIN_EMAIL
    from tiketi_platform.runtime.errors import ChildError
    from tiketi_sdk import Config, Tiketi
    from tiketi_sdk.contract.services import SERVICES

    deadline_s = time.monotonic() + START_S
    while (record := folder.read_record()) is None or record.state != "ready":
        if process.poll() is not None or time.monotonic() > deadline_s:
            told = folder.log("platform").read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
            raise ChildError(f"the platform did not start\n{told}")
        time.sleep(0.02)
    client = Tiketi(
        config=Config(urls={name: f"http://127.0.0.1:{ports[name]}" for name in SERVICES})
    )
    client.auth.login(email=ADMIN_EMAIL, password=folder.secret("admin-password"))
    return client


def _free_ports() -> dict[str, int]:
    from tiketi_platform.runtime.embedded import SANDBOX_PORTS
    from tiketi_platform.runtime.engines.ports import free_port
    from tiketi_sdk.contract.services import SERVICES

    names = [*SERVICES, *SANDBOX_PORTS]
    found: set[int] = set()
    while len(found) < len(names):
        found.add(free_port())
    return dict(zip(names, found, strict=True))


def _stop(process: "subprocess.Popen[bytes] | None") -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        # Its engines die with it.
        process.kill()
        process.wait()


def _remove(folder: "DataFolder") -> None:
    import shutil

    with folder.lock():
        # First what lies elsewhere: a cluster that runs as another user has a home of its own.
        folder.reset()
    shutil.rmtree(folder.path, ignore_errors=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
