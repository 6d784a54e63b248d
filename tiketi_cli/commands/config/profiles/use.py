"""`tiketi config profiles use`."""

from typing import Annotated

import typer

from tiketi_cli.context import session


def use(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile.")],
) -> None:
    """Choose the profile that is used from now on where none is named.

    tiketi config profiles use staging
    tiketi config profiles use local
    """
    from tiketi_sdk.profiles import load_stored, set_default_profile

    here = session(ctx)
    set_default_profile(name)
    profile = load_stored(name)
    here.out.facts(
        {"profile": profile.name, "email": profile.email},
        {"profile": profile.name, "e-mail": profile.email},
    )
