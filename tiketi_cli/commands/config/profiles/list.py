"""`tiketi config profiles list`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from tiketi_cli.context import session
from tiketi_cli.text import without_password

if TYPE_CHECKING:
    from tiketi_sdk.profiles import Profile


def list_(ctx: typer.Context) -> None:
    """List the profiles: each is a platform and a user of it.

    tiketi config profiles list
    tiketi config profiles list --json | jq -r '.items[].name'
    """
    from tiketi_sdk.profiles import default_profile, list_profiles, load_stored

    here = session(ctx)
    chosen = here.profile or default_profile()
    now = datetime.now(UTC)
    found = [load_stored(name) for name in list_profiles()]
    if here.json:
        here.out.document(
            {"items": [_public(each, now, is_chosen=each.name == chosen) for each in found]}
        )
        return
    here.out.items(
        found,
        {
            "Chosen": lambda each: "*" if each.name == chosen else "",
            "Profile": lambda each: each.name,
            "E-mail": lambda each: each.email,
            "Auth at": lambda each: without_password(each.urls["auth"]),
            "Logged in": lambda each: "yes" if each.is_logged_in(now) else "no",
        },
    )


def _public(profile: "Profile", now: datetime, *, is_chosen: bool) -> dict[str, object]:
    """All but the secrets."""
    return {
        "name": profile.name,
        "chosen": is_chosen,
        "email": profile.email,
        "logged_in": profile.is_logged_in(now),
        "urls": {name: without_password(url) for name, url in profile.urls.items()},
    }
