"""`tiketi news create`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Key


def create(
    ctx: typer.Context,
    *,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="The headline.")],
    body: Annotated[str, typer.Option("--body", metavar="TEXT", help="The text.")] = "",
    pinned: Annotated[bool, typer.Option("--pin", help="Keep it on top.")] = False,
    image_url: Annotated[
        str | None, typer.Option("--image", metavar="URL", help="As images upload printed it.")
    ] = None,
    idempotency_key: Key = None,
) -> None:
    """Publish news (administrators).

    tiketi news create "예매 안내" --body "8시에 시작합니다" --pin
    """
    here = session(ctx)
    news = here.client.news.create(
        title=title,
        body=body,
        is_pinned=pinned,
        image_url=image_url,
        idempotency_key=idempotency_key,
    )
    here.out.facts(
        news,
        {"id": news.id, "title": news.title, "pinned": "yes" if news.is_pinned else "no"},
    )
