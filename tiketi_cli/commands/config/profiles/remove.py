"""`tiketi config profiles remove`."""

from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import DryRun, Yes


def remove(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile.")],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Forget a profile and its tokens on this machine; its session is not ended, `auth logout` does that.

    tiketi config profiles remove staging
    tiketi config profiles remove staging --yes
    """
    from tiketi_sdk.profiles import delete_profile, load_stored

    here = session(ctx)
    profile = load_stored(name)
    if not dry_run:
        here.confirm(f"Forget profile {name} ({profile.email or 'nobody'})?", yes=yes)
        delete_profile(name)
    done = "would be removed" if dry_run else "removed"
    here.out.facts({"name": name, "removed": not dry_run}, {"profile": name, "is": done})
