"""`tiketi news update`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.parameters import ImageUrl, VersionSeen


def update(
    ctx: typer.Context,
    *,
    news_id: Annotated[int, typer.Argument(metavar="NEWS", min=1, help="The news' id.")],
    title: Annotated[str | None, typer.Option("--title", help="The headline.")] = None,
    body: Annotated[str | None, typer.Option("--body", metavar="TEXT", help="The text.")] = None,
    pinned: Annotated[
        bool | None, typer.Option("--pin/--unpin", help="Keep it on top, or no longer.")
    ] = None,
    image_url: ImageUrl = None,
    version: VersionSeen = None,
) -> None:
    """Change or pin news (administrators); what is not said stays as it is.

    tiketi news update 1 --pin
    tiketi news update 1 --title "정정: 예매 안내" --version-seen 2
    """
    if (title, body, pinned, image_url) == (None, None, None, None):
        raise UsageError("nothing to change", "see tiketi news update --help")
    here = session(ctx)
    news = here.client.news.update(
        news_id, version=version, title=title, body=body, is_pinned=pinned, image_url=image_url
    )
    here.out.facts(
        news,
        {
            "id": news.id,
            "title": news.title,
            "pinned": "yes" if news.is_pinned else "no",
            "version": news.version,
        },
    )
