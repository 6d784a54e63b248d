"""`tiketi notifications send`."""

import sys
from typing import Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Key


def send(
    ctx: typer.Context,
    *,
    user_id: Annotated[int, typer.Argument(metavar="USER", min=1, help="The account's id.")],
    subject: Annotated[str, typer.Option("--subject", metavar="TEXT", help="The first line.")],
    body: Annotated[
        str, typer.Option("--body", metavar="TEXT", help="What to say; - reads it from stdin.")
    ],
    channel: Annotated[
        Literal["email", "push", "sms"], typer.Option("--by", help="email, push or sms.")
    ] = "email",
    marketing: Annotated[
        bool,
        typer.Option("--marketing", help="It is advertising: only for those who agreed, by day."),
    ] = False,
    idempotency_key: Key = None,
) -> None:
    """Write to a user by hand (administrators).

    tiketi notifications send 7 --subject "입장 안내" --body "문은 18시에 열립니다."
    tiketi notifications send 7 --subject Doors --body - --by push < doors.txt
    """
    here = session(ctx)
    sent = here.client.notifications.send(
        user_id,
        subject=subject,
        body=sys.stdin.read() if body == "-" else body,
        channel=channel,
        category="marketing" if marketing else "transactional",
        idempotency_key=idempotency_key,
    )
    here.out.facts(
        sent,
        {"id": sent.id, "by": sent.channel, "recipient": sent.recipient, "status": sent.status},
    )
