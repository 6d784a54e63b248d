"""`tiketi auth me`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.text import when


def me(ctx: typer.Context) -> None:
    """Show who you are on the platform in force.

    tiketi auth me
    tiketi auth whoami --profile staging --json
    """
    here = session(ctx)
    user = here.client.auth.me()
    here.out.facts(
        user,
        {
            "id": user.id,
            "e-mail": user.email,
            "name": user.name,
            "role": user.role,
            "phone": user.phone,
            "picture": user.profile_image,
            "since": when(user.created_at),
            "profile": here.stored.name,
        },
    )
