"""Arguments and options that several commands take, said once so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated, Final

import typer

SANDBOX_TOKEN: Final = "toss_token_ok"  # noqa: S105  # opens nothing but the sandbox gateway

Event = Annotated[int, typer.Argument(metavar="EVENT", min=1, help="The event's id.")]
Reservation = Annotated[
    int, typer.Argument(metavar="RESERVATION", min=1, help="The reservation's id.")
]
OfEvent = Annotated[
    int | None, typer.Option("--event", metavar="EVENT", min=1, help="Only of this event.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=100_000, help="How many at most.")]
Key = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key",
        metavar="KEY",
        help="Repeating a command with its key does it once only; made up unless given.",
    ),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="What the card company's window returned. The sandbox knows toss_token_ok, "
        "toss_token_declined and others.",
    ),
]
ImageUrl = Annotated[
    str | None,
    typer.Option("--image", metavar="URL", help='As images upload printed it; "": none.'),
]
VersionSeen = Annotated[
    int | None,
    typer.Option("--version-seen", min=1, help="Refuse if it was changed after this version."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen and change nothing.")
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="TIKETI_DATA",
        help="The platform's data folder; the user's own data folder for tiketi unless given.",
    ),
]
