"""`tiketi auth update`."""

from pathlib import Path
from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError


def update(
    ctx: typer.Context,
    *,
    name: Annotated[str | None, typer.Option("--name", help="How to call you.")] = None,
    phone: Annotated[
        str | None,
        typer.Option("--phone", help='With or without dashes; "" takes it away.'),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(
            "--image", metavar="FILE", help="A picture of you: JPEG, PNG or WebP, to 2 MiB."
        ),
    ] = None,
    picture: Annotated[
        str | None,
        typer.Option("--picture", metavar="URL", help='Or where one is already; "" takes it away.'),
    ] = None,
) -> None:
    """Change your name, phone number or picture; what you do not name stays.

    tiketi auth update --name "김하늘"
    tiketi auth update --image me.jpg
    tiketi auth update --picture https://images.example.com/kim.png
    """
    if name is None and phone is None and picture is None and image is None:
        raise UsageError("nothing to change", "say --name, --phone, --image or --picture")
    if picture is not None and image is not None:
        raise UsageError("one picture is enough", "say --image FILE or --picture URL")
    content = None if image is None else image.read_bytes()
    here = session(ctx)
    if content is not None:
        with here.working("making the picture smaller"):
            picture = here.client.images.upload_portrait(content).url
    user = here.client.auth.update_me(name=name, phone=phone, profile_image=picture)
    here.out.facts(user, {"name": user.name, "phone": user.phone, "picture": user.profile_image})
