"""`tiketi up`."""

import asyncio
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.context import Session, session
from tiketi_cli.errors import DETACHED, UsageError
from tiketi_cli.parameters import Data, Yes
from tiketi_cli.text import lasting

if TYPE_CHECKING:
    from tiketi_platform.runtime.data_folder import DataFolder
    from tiketi_platform.runtime.embedded import Mode
    from tiketi_platform.runtime.record import PlatformRecord


def up(
    ctx: typer.Context,
    *,
    data: Data = None,
    processes: Annotated[
        bool, typer.Option("--processes", help="One process for each service, not one for all.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Come back once it is ready and leave it running.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete all its data first; asks before it does.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Start the whole platform on this machine: databases, sandboxes and six services.

        tiketi up
        tiketi up --detach
        tiketi up --data ./try --processes
        tiketi up --reset --yes

    It runs until Ctrl-C, or with --detach until `tiketi down`. The profile `local` is logged in to it
    as the administrator. TIKETI_<SERVICE>_PORT and TIKETI_{TOSS,SMTP,MAILBOX}_PORT choose other ports,
    TIKETI_POSTGRES_URL and TIKETI_REDIS_URL databases of your own.
    """
    from tiketi_platform.runtime.data_folder import DataFolder, default_path

    here = session(ctx)
    path = data or default_path()
    if reset:
        _reset(here, path, yes=yes)
    folder = DataFolder(path)
    begun_s = time.monotonic()
    if detach:
        arguments = ["--processes"] if processes else []
        record = asyncio.run(_detached(here, folder, arguments))
        here.out.say(f"ready after {time.monotonic() - begun_s:.1f} s, pid {record.parent.pid}")
        _welcome(here, folder, record)
    else:
        _foreground(here, folder, "processes" if processes else "embedded")


def _reset(here: Session, path: Path, *, yes: bool) -> None:
    from tiketi_platform.runtime.data_folder import DataFolder

    if not path.expanduser().exists():
        return
    if not (path.expanduser() / "run" / "lock").exists():
        raise UsageError(f"{path} is no platform's data folder", "nothing was deleted")
    folder = DataFolder(path)
    with folder.lock():
        here.confirm(f"Delete all data, keys and secrets in {folder.path}?", yes=yes)
        folder.reset()
    here.out.say(f"deleted all data in {folder.path}")


async def _detached(here: Session, folder: "DataFolder", arguments: list[str]) -> "PlatformRecord":
    from tiketi_platform.runtime.detach import detach

    argv = [sys.executable, "-m", "tiketi_cli", "up", "--data", str(folder.path), *arguments]
    here.out.say(f"starting the platform in {folder.path}")
    threading.Thread(target=_prepare).start()
    return await detach(folder, argv, env={DETACHED: "1"})


def _prepare() -> None:
    """Load what the overview will need, while the platform starts."""
    import tiketi_cli.welcome  # noqa: F401
    from tiketi_sdk import Tiketi

    Tiketi().close()


def _foreground(here: Session, folder: "DataFolder", mode: "Mode") -> None:
    from tiketi_platform.runtime.detach import LOG_NAME
    from tiketi_platform.runtime.embedded import Options, run_platform
    from tiketi_platform.runtime.loop import run

    stays = DETACHED in os.environ
    steps = Steps(here, quiet=stays)
    arrivals: list[threading.Thread] = []

    def on_ready() -> None:
        steps.done()
        if not stays:
            # In a thread: logging in asks the services that this loop runs.
            arrivals.append(threading.Thread(target=_arrive, args=(here, folder)))
            arrivals[0].start()

    try:
        options = Options.from_environ(mode=mode)
    except ValueError as error:
        raise UsageError(str(error), "see `tiketi up --help` for the variables") from None
    if here.verbose and not stays:
        logging.getLogger("tiketi").addHandler(logging.StreamHandler(sys.stderr))
    with folder.log(LOG_NAME).open("a", encoding="utf-8") as log:
        run(
            run_platform(
                folder,
                options,
                progress=steps.begin,
                on_ready=on_ready,
                log_stream=sys.stderr if stays else log,
            )
        )
    for arrival in arrivals:
        arrival.join()
    if not stays:
        here.out.say(f"stopped; the data is in {folder.path}")


def _arrive(here: Session, folder: "DataFolder") -> None:
    record = folder.read_record()
    if record is not None:
        _welcome(here, folder, record)
    here.out.say("\nCtrl-C stops it; its log: tiketi logs")
    sys.stdout.flush()


def _welcome(here: Session, folder: "DataFolder", record: "PlatformRecord") -> None:
    from tiketi_cli.welcome import Arrival, welcome
    from tiketi_platform.runtime.data_folder import ADMIN_EMAIL

    welcome(
        Arrival(
            ports=record.ports,
            pid=record.parent.pid,
            mode=record.mode,
            data=str(folder.path),
            admin_email=ADMIN_EMAIL,
            admin_password=folder.secret("admin-password"),
        ),
        here.out,
    )


class Steps:
    """Says which step runs and how long each took, on stderr."""

    def __init__(self, here: Session, *, quiet: bool) -> None:
        self._here = here
        self._quiet = quiet
        self._begun_s = self._step_s = time.monotonic()
        self._name = ""

    def begin(self, name: str) -> None:
        """The step before is over."""
        self._end()
        self._name, self._step_s = name, time.monotonic()

    def done(self) -> None:
        """All are."""
        self._end()
        took_s = time.monotonic() - self._begun_s
        if not self._quiet:
            self._here.out.say(f"ready after {took_s:.1f} s" if took_s < 60 else lasting(took_s))

    def _end(self) -> None:
        if self._name and not self._quiet:
            self._here.out.say(f"  {self._name:<10} {time.monotonic() - self._step_s:5.2f} s")
