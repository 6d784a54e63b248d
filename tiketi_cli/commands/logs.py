"""`tiketi logs`."""

import json
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Data

_TAIL_BYTES_MAX: Final = 4 * 1024 * 1024
_POLL_S: Final = 0.2
_SHOWN_APART: Final = ("at", "level", "logger", "message", "exception")


def logs(
    ctx: typer.Context,
    *,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which log: platform, postgres, valkey, …")
    ] = "platform",
    data: Data = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is added.")
    ] = False,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, max=100_000, help="How many of the last.")
    ] = 50,
) -> None:
    """Show or follow a log of the platform on this machine. Piped, the lines are as written: JSON.

        tiketi logs
        tiketi logs postgres -n 200
        tiketi logs -f | jq -r 'select(.level == "error") | .message'

    With `up --processes` each service has a log of its own name; otherwise all are in `platform`. --json
    is one document; with --follow it is a stream, one object a line.
    """
    from tiketi_platform.runtime.data_folder import default_path

    here = session(ctx)
    folder = (data or default_path()).expanduser() / "logs"
    path = folder / f"{name}.log"
    there = sorted(each.stem for each in folder.glob("*.log"))
    if name not in there:
        instead = (
            f"there are: {', '.join(there)}" if there else "start a platform: tiketi up --detach"
        )
        raise UsageError(f"no log {name} in {folder}", instead)
    last, end_bytes = _last(path, lines)
    if here.json and not follow:
        here.out.document({"items": [_parsed(line) for line in last]})
        return
    for line in chain(last, _added(path, end_bytes) if follow else ()):
        if here.json:
            here.out.line(json.dumps(_parsed(line), ensure_ascii=False))
        else:
            here.out.line(_readable(line) if here.out.to_terminal else line)
        sys.stdout.flush()


def _last(path: Path, count: int) -> tuple[list[str], int]:
    """The last whole lines, and where they end: a line that is being written comes when it is whole."""
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        begin_bytes = file.seek(max(0, size_bytes - _TAIL_BYTES_MAX))
        whole = file.read(size_bytes - begin_bytes)
    whole = whole[: whole.rfind(b"\n") + 1]
    text = whole.decode(errors="replace")
    return text.splitlines()[-count:] if count else [], begin_bytes + len(whole)


def _added(path: Path, position: int) -> Iterator[str]:
    rest = b""
    while True:
        try:
            with path.open("rb") as file:
                if file.seek(0, 2) < position:
                    position = 0  # the platform has moved the old lines away
                file.seek(position)
                added = file.read()
        except FileNotFoundError:
            return
        position += len(added)
        *whole, rest = (rest + added).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
        time.sleep(_POLL_S)


def _parsed(line: str) -> object:
    """A JSON line as it is; any other as its text."""
    try:
        parsed: object = json.loads(line)
    except ValueError:
        return {"message": line}
    return parsed


def _readable(line: str) -> str:
    parsed = _parsed(line)
    if not isinstance(parsed, dict) or "at" not in parsed:
        return line
    more = " ".join(f"{key}={value}" for key, value in parsed.items() if key not in _SHOWN_APART)
    text = f"{parsed['at'][11:]} {parsed.get('level', ''):<7} {parsed.get('message', '')} {more}"
    exception = parsed.get("exception")
    return f"{text.rstrip()}\n{exception}" if exception else text.rstrip()
