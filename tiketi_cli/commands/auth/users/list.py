"""`tiketi auth users list`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Limit
from tiketi_cli.text import at


def list_(
    ctx: typer.Context,
    *,
    q: Annotated[
        str | None,
        typer.Option("--search", "-q", metavar="WORDS", help="Part of the e-mail or name."),
    ] = None,
    role: Annotated[
        Literal["user", "admin"] | None, typer.Option("--role", help="Only with this role.")
    ] = None,
    provider: Annotated[
        Literal["LOCAL", "GOOGLE"] | None,
        typer.Option("--provider", help="Only those that came this way."),
    ] = None,
    disabled: Annotated[
        bool | None, typer.Option("--disabled/--enabled", help="Only those that stand so.")
    ] = None,
    limit: Limit = 20,
) -> None:
    """List and search accounts, the newest first (administrators).

    tiketi auth users list --search 하늘
    tiketi auth users list --role admin --json | jq '.items[].email'
    tiketi auth users list --disabled
    """
    here = session(ctx)
    listing = here.client.users.list(
        q=q, role=role, provider=provider, disabled=disabled, limit=min(limit, 100)
    )
    here.out.items(
        listing.to_list(limit),
        {
            "ID": lambda user: user.id,
            "E-mail": lambda user: user.email,
            "Name": lambda user: user.name,
            "Role": lambda user: user.role,
            "Provider": lambda user: user.provider,
            "Since": lambda user: at(user.created_at),
            "Disabled": lambda user: user.disabled_at and at(user.disabled_at),
        },
        right=("ID",),
        none="no such accounts",
    )
