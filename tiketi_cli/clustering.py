"""What the cluster's commands share: their options, the settings made of them, and the telling of steps. Makes nothing itself."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tiketi_cli.context import Session
    from tiketi_sdk.cluster.site import Site
    from tiketi_sdk.cluster.step import Listener, StepEvent

Name = Annotated[
    str,
    typer.Option("--name", metavar="NAME", hidden=True, help="Another cluster than tiketi-local."),
]
Service = Annotated[
    str, typer.Argument(metavar="SERVICE", help="One of the services: auth, queue, …")
]
Overlay = Annotated[
    str, typer.Option("--overlay", metavar="NAME", help="Which of manifests/overlays to apply.")
]
Image = Annotated[
    str | None,
    typer.Option("--image", metavar="NAME:TAG", help="An image made elsewhere; nothing is built."),
]


@contextmanager
def at_cluster(**chosen: object) -> "Iterator[Site]":
    """The cluster with these settings; those that are None are as they are by default. Raises `UsageError`."""
    from tiketi_sdk.cluster import ClusterSettings, Site

    given = {key: value for key, value in chosen.items() if value is not None}
    try:
        settings = ClusterSettings(**given)  # type: ignore[arg-type]  # names and types are the commands'
    except ValueError as error:
        raise UsageError(str(error), "choose another") from None
    with Site(settings) as site:
        yield site


class StepTeller:
    """Tells a person, or with --json a program, how the steps of a run go; both line by line."""

    def __init__(self, here: "Session") -> None:
        self._here = here
        self._began_s = time.monotonic()
        self._running: dict[str, tuple[str, float, str]] = {}
        """Step → title, when it began, the last line it told."""

    @contextmanager
    def listening(self) -> "Iterator[Listener]":
        """A listener for the steps' events. On a terminal, steps under way are shown with their time."""
        if self._here.json:
            yield self._as_json
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, highlight=False, no_color="NO_COLOR" in os.environ)
        if not console.is_terminal:
            yield lambda event: self._as_line(event, console)
            return
        with Live(console=console, get_renderable=self._rows, refresh_per_second=8, transient=True):
            yield lambda event: self._as_line(event, console)

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began_s

    def _as_json(self, event: "StepEvent") -> None:
        from tiketi_cli.output import plain

        sys.stdout.write(json.dumps({"event": "step", **plain(event)}, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def _as_line(self, event: "StepEvent", console: "Console") -> None:
        if event.state in {"checking", "applying", "progress"}:
            began_s = self._running.get(event.step, (None, time.monotonic()))[1]
            self._running[event.step] = (event.title, began_s, event.note)
            if event.state == "applying" and not console.is_terminal:
                self._print(console, event, "…", "")
            return
        self._running.pop(event.step, None)
        mark, style = {"kept": ("=", "dim"), "done": ("✓", "green"), "failed": ("✗", "red")}[
            event.state
        ]
        self._print(console, event, mark, style)

    def _print(self, console: "Console", event: "StepEvent", mark: str, style: str) -> None:
        from rich.text import Text

        took = f"{event.elapsed_s:6.1f} s" if mark != "…" else " " * 8
        console.print(
            Text.assemble(
                (f"{self.elapsed_s:6.1f} s  ", "dim"),
                (mark, style),
                f" {event.title:<22}{took}  ",
                (event.note, "dim"),
            ),
            soft_wrap=True,
        )

    def _rows(self) -> "Table":
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        for title, began_s, note in list(self._running.values()):
            took = f"{time.monotonic() - began_s:6.1f} s"
            table.add_row(
                Spinner("dots"),
                f"{title:<22}",
                took,
                Text(note, style="dim", overflow="ellipsis", no_wrap=True),
            )
        return table
