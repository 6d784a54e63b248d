"""`tiketi news list`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit
from tiketi_cli.text import at


def list_(ctx: typer.Context, *, limit: Limit = 20) -> None:
    """List the news, pinned first, then the newest.

    tiketi news list
    tiketi news list --json | jq '.items[].title'
    """
    here = session(ctx)
    listing = here.client.news.list(limit=min(limit, 100))
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda news: news.id,
            "Pinned": lambda news: "pinned" if news.is_pinned else "",
            "Title": lambda news: news.title,
            "At": lambda news: at(news.created_at),
        },
        right=("ID",),
        none="no news; an administrator writes some: tiketi news create --help",
    )
