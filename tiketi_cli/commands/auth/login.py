"""`tiketi auth login`."""

import sys
from typing import Annotated

import typer

from tiketi_cli.asking import password, this_device
from tiketi_cli.context import session
from tiketi_cli.errors import UsageError


def login(
    ctx: typer.Context,
    *,
    email: Annotated[str | None, typer.Option("--email", help="Asked for unless given.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
) -> None:
    """Log in by e-mail and password; the profile in force stays logged in from then on.

        tiketi auth login
        tiketi auth login --email admin@tiketi.test --password-stdin < secrets/admin-password
        TIKETI_PASSWORD=… tiketi auth login --email me@example.com

    The password comes from stdin, from TIKETI_PASSWORD or is asked for; it is not kept.
    """
    here = session(ctx)
    email = email or here.stored.email or _ask("E-mail")
    client = here.anonymous()
    opened = client.auth.login(
        email=email, password=password(from_stdin=password_stdin), device=this_device()
    )
    here.remember(client, email=opened.user.email)
    here.out.facts(
        opened.user,
        {"e-mail": opened.user.email, "role": opened.user.role, "profile": here.stored.name},
    )


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("whom to log in?", "say --email EMAIL")
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()
