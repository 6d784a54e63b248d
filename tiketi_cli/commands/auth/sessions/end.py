"""`tiketi auth sessions end`."""

from typing import Annotated

import typer

from tiketi_cli.context import session


def end(
    ctx: typer.Context,
    session_id: Annotated[int, typer.Argument(metavar="SESSION", min=1, help="The session's id.")],
) -> None:
    """End one of your sessions; its tokens stop working everywhere within seconds.

    tiketi auth sessions end 42
    """
    here = session(ctx)
    answer = here.client.auth.end_session(session_id)
    here.out.facts(answer, {"ended": session_id})
