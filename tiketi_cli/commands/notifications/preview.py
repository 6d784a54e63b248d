"""`tiketi notifications preview`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tiketi_cli.context import session


def preview(
    ctx: typer.Context,
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="MESSAGE", help="Such as reservation.confirmed; without it, all names."
        ),
    ] = None,
    language: Annotated[
        Literal["ko", "en"], typer.Option("--language", "-l", help="The reader's language.")
    ] = "ko",
    marketing: Annotated[
        bool, typer.Option("--marketing", help="As advertising, with the ways to end it.")
    ] = False,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part.")] = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the HTML part there.")
    ] = None,
) -> None:
    """Show what a reader of a message would see, filled with an example (administrators).

    tiketi notifications preview
    tiketi notifications preview reservation.confirmed --language en
    tiketi notifications preview payment.refunded --save refund.html
    """
    from tiketi_sdk.errors import NotFoundError

    here = session(ctx)
    if name is None:
        here.out.items(here.client.notifications.templates(), {"Message": lambda each: each})
        return
    try:
        found = here.client.notifications.preview(
            name, language=language, category="marketing" if marketing else "transactional"
        )
    except NotFoundError as error:
        error.add_note("see all names: tiketi notifications preview")
        raise
    if save is not None:
        save.write_text(found.html, encoding="utf-8")
        here.out.say(f"written: {save}")
    if here.json:
        here.out.document(found)
    elif html:
        here.out.line(found.html)
    else:
        here.out.line(f"Subject: {found.subject}")
        here.out.line(f"Short:   {found.short}")
        here.out.line("")
        here.out.line(found.text)
