"""`tiketi api`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError

_BY_PREFIX = {
    "auth": ("/api/auth", "/.well-known"),
    "event": ("/api/events", "/api/news", "/api/images"),
    "queue": ("/api/queue",),
    "reservation": (
        "/api/seats", "/api/reservations", "/api/tickets", "/api/audit/seats", "/api/audit/reservations",
    ),
    "payment": (
        "/api/payments", "/api/points", "/api/refunds", "/api/audit/wallets",
        "/api/audit/histories", "/api/audit/payments",
    ),
    "notification": ("/api/notifications", "/api/audit/deliveries"),
}  # fmt: skip


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
    entry_token: Annotated[
        str | None, typer.Option("--entry-token", metavar="TOKEN", help="Sent as its header.")
    ] = None,
) -> None:
    """Call any address of the platform as the user of the profile in force.

        tiketi api GET /api/auth/me
        tiketi api POST /api/queue/enter --data '{"event_id": 1}'
        tiketi api GET /health/ready --service payment
        tiketi api GET /openapi.json --service queue > queue.json

    A refusal is an error with its code and the matching exit status.
    """
    here = session(ctx)
    answer = here.client.raw(
        method.upper(),
        service or _service_of(path),
        path,
        json=None if data is None else _body(data),
        idempotency_key=idempotency_key,
        entry_token=entry_token,
    )
    if here.json or "json" in answer.headers.get("content-type", ""):
        here.out.document(json.loads(answer.body) if answer.body else None)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(answer.body)


def _service_of(path: str) -> str:
    rooted = path if path.startswith("/") else f"/{path}"
    for service, prefixes in _BY_PREFIX.items():
        if rooted.startswith(prefixes):
            return service
    raise UsageError(f"which service answers {path}?", "say --service NAME")


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
