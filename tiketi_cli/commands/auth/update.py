"""`tiketi auth update`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError


def update(
    ctx: typer.Context,
    *,
    name: Annotated[str | None, typer.Option("--name", help="How to call you.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="With or without dashes.")] = None,
    picture: Annotated[
        str | None,
        typer.Option("--picture", metavar="URL", help='Address of a picture; "" takes it away.'),
    ] = None,
) -> None:
    """Change your name, phone number or picture; what you do not name stays.

    tiketi auth update --name "김하늘"
    tiketi auth update --picture https://images.example.com/kim.png
    """
    if name is None and phone is None and picture is None:
        raise UsageError("nothing to change", "say --name, --phone or --picture")
    here = session(ctx)
    user = here.client.auth.update_me(name=name, phone=phone, profile_image=picture)
    here.out.facts(user, {"name": user.name, "phone": user.phone, "picture": user.profile_image})
