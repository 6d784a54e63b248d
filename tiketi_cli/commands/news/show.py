"""`tiketi news show`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.text import when


def show(
    ctx: typer.Context,
    news_id: Annotated[int, typer.Argument(metavar="NEWS", min=1, help="The news' id.")],
) -> None:
    """Show one piece of news.

    tiketi news show 1
    tiketi news show 1 --json
    """
    here = session(ctx)
    news = here.client.news.get(news_id)
    here.out.facts(
        news,
        {
            "id": news.id,
            "title": news.title,
            "text": news.body or None,
            "pinned": "yes" if news.is_pinned else "no",
            "image": news.image_url,
            "at": when(news.created_at),
            "version": news.version,
        },
    )
