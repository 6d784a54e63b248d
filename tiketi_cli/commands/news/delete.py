"""`tiketi news delete`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Yes


def delete(
    ctx: typer.Context,
    *,
    news_id: Annotated[int, typer.Argument(metavar="NEWS", min=1, help="The news' id.")],
    yes: Yes = False,
) -> None:
    """Remove news (administrators).

    tiketi news delete 1
    tiketi news delete 1 --yes
    """
    here = session(ctx)
    if not yes:
        here.confirm(f"Remove {here.client.news.get(news_id).title}?", yes=False)
    news = here.client.news.delete(news_id)
    here.out.facts(news, {"id": news.id, "title": news.title, "removed": "yes"})
