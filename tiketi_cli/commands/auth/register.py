"""`tiketi auth register`."""

from typing import Annotated

import typer

from tiketi_cli.asking import new_password, this_device
from tiketi_cli.context import session


def register(
    ctx: typer.Context,
    *,
    email: Annotated[str, typer.Option("--email", help="Where notifications go.")],
    name: Annotated[str, typer.Option("--name", help="How to call you.")],
    phone: Annotated[str | None, typer.Option("--phone", help="With or without dashes.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
) -> None:
    """Open an account and stay logged in to it. A password has 8 to 128 characters.

        tiketi auth register --email kim@example.com --name "김하늘"
        echo "$PASSWORD" | tiketi auth register --email a@b.kr --name A --password-stdin

    The password comes from stdin, from TIKETI_PASSWORD or is asked for; it is not kept.
    """
    here = session(ctx)
    here.check_memory()
    client = here.anonymous()
    opened = client.auth.register(
        email=email,
        password=new_password(from_stdin=password_stdin),
        name=name,
        phone=phone,
        device=this_device(),
    )
    here.remember(client, email=opened.user.email)
    here.out.facts(
        opened.user,
        {"id": opened.user.id, "e-mail": opened.user.email, "name": opened.user.name},
    )
