"""`tiketi queue watch`."""

import base64
import binascii
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tiketi_cli.context import Session, session
from tiketi_cli.parameters import Event
from tiketi_cli.room_view import RoomView
from tiketi_cli.text import when

if TYPE_CHECKING:
    from tiketi_sdk.contract.queue import Stats

STATS_EVERY: Final = 2
"""An administrator's further counts are asked for with every so many updates."""


def watch(
    ctx: typer.Context,
    *,
    event_id: Event,
    room: Annotated[
        bool,
        typer.Option("--room", help="Only look, take no place; what administrators get anyway."),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", min=0, help="Give up then; the place is kept."
        ),
    ] = None,
) -> None:
    """Show an event's waiting room live: enter, wait, and come back once admitted; or look at the whole room.

        tiketi queue watch 1
        tiketi queue watch 1 --timeout 60 && tiketi reservations create 1 --best 2
        tiketi queue watch 1 --room
        tiketi --profile local queue watch 1          # as administrator: the room, to leave open

    One picture on a terminal, a line a second in a pipe, a JSON object a line with --json. Ctrl-C leaves
    the command, not the line.
    """
    here = session(ctx)
    admin = _is_admin(here.client.credentials.token)
    if room or admin:
        _watch_room(here, event_id, timeout_s=timeout, admin=admin)
    else:
        _watch_place(here, event_id, timeout_s=timeout)


def _watch_room(here: Session, event_id: int, *, timeout_s: float | None, admin: bool) -> None:
    from tiketi_sdk.errors import WaitTimeoutError

    view, stats = _view(here, event_id), None
    updates = here.client.watch(event_id, own=False, timeout_s=timeout_s)
    with updates, _screen(here, view) as show:
        try:
            for number, update in enumerate(updates):
                if admin and number % STATS_EVERY == 0:
                    stats = _stats(here, event_id) or stats
                view.take(update, stats)
                show()
        except (KeyboardInterrupt, WaitTimeoutError):
            return  # the end of looking, which is how it was meant


def _watch_place(here: Session, event_id: int, *, timeout_s: float | None) -> None:
    from tiketi_sdk.errors import NotInQueueError

    view = _view(here, event_id, aside=True)
    with (
        here.client.watch(event_id, timeout_s=timeout_s) as updates,
        _screen(here, view, aside=True) as show,
    ):
        for update in updates:
            view.take(update)
            show()
    place = update.place
    if place is None:
        raise NotInQueueError("the place is lost", status=404, code="not_in_queue", request_id="")
    if not here.json:
        until = when(place.session_expires_at) if place.session_expires_at else None
        here.out.facts(place, {"state": place.state, "until": until})


def _view(here: Session, event_id: int, *, aside: bool = False) -> RoomView:
    """An empty view; with the event's title where a person looks at it and the event service answers."""
    from tiketi_sdk.errors import ServiceUnavailableError, TransportError

    title = ""
    if not here.json and (sys.stderr if aside else sys.stdout).isatty():
        with suppress(ServiceUnavailableError, TransportError):
            title = here.client.events.get(event_id).title
    return RoomView(event_id, title)


def _stats(here: Session, event_id: int) -> "Stats | None":
    """An administrator's counts; None while nobody answers, which the updates tell of themselves."""
    from tiketi_sdk.errors import ServiceUnavailableError, TransportError

    with suppress(ServiceUnavailableError, TransportError):
        return here.client.queue.stats(event_id)
    return None


@contextmanager
def _screen(here: Session, view: RoomView, *, aside: bool = False) -> Iterator[Callable[[], None]]:
    """A way to show the view again: JSON lines, plain lines, or one picture that changes.

    `aside`: it is talk on stderr, because the result comes on stdout at the end.
    """
    stream = sys.stderr if aside else sys.stdout
    if here.json:
        yield lambda: _write(json.dumps(view.data(), ensure_ascii=False))
    elif not stream.isatty():
        yield lambda: here.out.say(view.text()) if aside else _write(view.text())
    else:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(file=stream, highlight=False, no_color=not here.out.in_colour)
        with Live(console=console, auto_refresh=False, transient=aside) as live:

            def show() -> None:
                pieces = [Text.assemble(*line) for line in view.lines()]
                live.update(Text("\n").join(pieces), refresh=True)

            yield show


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _is_admin(token: str | None) -> bool:
    """Whether the token says so. It decides what is shown, not what is allowed."""
    try:
        payload = (token or "").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return bool(claims.get("role") == "admin")
    except (IndexError, ValueError, AttributeError, binascii.Error):
        return False
