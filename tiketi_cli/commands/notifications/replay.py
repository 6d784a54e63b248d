"""`tiketi notifications replay`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import Yes


def replay(
    ctx: typer.Context,
    *,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="As dead-letters lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    yes: Yes = False,
) -> None:
    """Try dead letters anew (administrators). What was delivered meanwhile is not delivered again.

    tiketi notifications replay delivery:12
    tiketi notifications replay --all --yes
    """
    from tiketi_sdk.errors import InvalidRequestError

    here = session(ctx)
    if bool(ids) == every:
        raise UsageError(
            "name dead letters, or say --all", "list them: tiketi notifications dead-letters"
        )
    if every:
        here.confirm("Try every dead letter anew?", yes=yes)
    try:
        count = here.client.notifications.replay(ids or None)
    except InvalidRequestError as error:
        raise UsageError(
            f"not ids of dead letters: {', '.join(ids or ())}",
            "say them as they are listed: tiketi notifications dead-letters",
        ) from error
    here.out.facts({"count": count}, {"tried anew": count})
