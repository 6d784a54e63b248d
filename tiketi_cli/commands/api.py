"""`tiketi api`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tiketi_cli.context import Session, session
from tiketi_cli.errors import UsageError


def api(
    ctx: typer.Context,
    *,
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE.")
    ],
    path: Annotated[str, typer.Argument(metavar="PATH", help="With its query, if it has one.")],
    service: Annotated[
        Literal["auth", "event", "queue", "reservation", "payment", "notification"] | None,
        typer.Option("--service", help="Which of the six; known by the path where it can be."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", metavar="JSON", help="The body: JSON, @FILE, or - for stdin."),
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option("--idempotency-key", metavar="KEY", help="Sent as its header.")
    ] = None,
    entry: Annotated[
        int | None,
        typer.Option(
            "--entry", metavar="EVENT", min=1, help="Show the entry token kept for this event."
        ),
    ] = None,
) -> None:
    """Call any address of the platform as the user of the profile in force.

        tiketi api GET /api/auth/me
        tiketi api POST /api/queue/enter --data '{"event_id": 1}'
        tiketi api POST /api/reservations --data @body.json --entry 1
        tiketi api GET /health/ready --service payment
        tiketi api GET /openapi.json --service queue > queue.json

    A refusal is an error with its code and the matching exit status. What is not JSON is printed as it
    came; with --json it is the `text` of one document. TIKETI_ENTRY_TOKEN is sent as its header.
    """
    here = session(ctx)
    answer = here.client.raw(
        method.upper(),
        service or _service_of(path),
        path,
        json=None if data is None else _body(data),
        idempotency_key=idempotency_key,
        entry_token=_entry_token(here, entry),
    )
    is_json = "json" in answer.headers.get("content-type", "")
    if answer.body and is_json:
        here.out.document(json.loads(answer.body))
    elif here.json and not answer.body:
        here.out.document(None)
    elif here.json:
        kind = answer.headers.get("content-type")
        here.out.document({"content_type": kind, "text": answer.body.decode(errors="replace")})
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(answer.body)


def _entry_token(here: Session, event_id: int | None) -> str | None:
    if event_id is None:
        return os.environ.get("TIKETI_ENTRY_TOKEN")
    kept = here.client.credentials.entry_tokens.get(event_id)
    if kept is None:
        raise UsageError(
            f"no entry token is kept for event {event_id}",
            f"wait for your turn: tiketi queue watch {event_id}",
        )
    return kept


def _service_of(path: str) -> str:
    """By the contract: the one service that alone answers a path; of what all answer none is chosen."""
    from tiketi_sdk.contract.services import SERVICES

    asked = path.partition("?")[0].strip("/").split("/")
    templates = [
        (service.name, operation.path.strip("/").split("/"))
        for service in SERVICES.values()
        for operation in service.operations
    ]
    found = {name for name, template in templates if _fits(template, asked)}
    # An address outside of the contract belongs to whom all others of its beginning belong to.
    found = found or {name for name, template in templates if template[:2] == asked[:2]}
    if len(found) == 1:
        return found.pop()
    among = f" ({' or '.join(sorted(found))})" if found else ""
    raise UsageError(f"which service answers {path}?{among}", "say --service NAME")


def _fits(template: list[str], asked: list[str]) -> bool:
    return len(template) == len(asked) and all(
        part.startswith("{") or part == word for part, word in zip(template, asked, strict=True)
    )


def _body(text: str) -> Any:
    try:
        if text == "-":
            return json.load(sys.stdin)
        if text.startswith("@"):
            return json.loads(Path(text[1:]).read_text(encoding="utf-8"))
        return json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read {text[1:]}: {error.strerror}", "see --data") from None
    except ValueError as error:
        raise UsageError(f"--data is not JSON: {error}", "quote it for the shell: '{…}'") from None
