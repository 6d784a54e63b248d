"""`tiketi config profiles list`."""

from typing import TYPE_CHECKING

import typer

from tiketi_cli.context import session

if TYPE_CHECKING:
    from tiketi_sdk.profiles import Profile


def list_(ctx: typer.Context) -> None:
    """List the profiles: each is a platform and a user of it.

    tiketi config profiles list
    tiketi config profiles list --json | jq -r '.items[].name'
    """
    from tiketi_sdk.profiles import default_profile, list_profiles, load_profile

    here = session(ctx)
    chosen = here.profile or default_profile()
    found = [load_profile(name) for name in list_profiles()]
    if here.json:
        here.out.document(
            {"items": [_public(each, is_chosen=each.name == chosen) for each in found]}
        )
        return
    here.out.items(
        found,
        {
            "Chosen": lambda each: "*" if each.name == chosen else "",
            "Profile": lambda each: each.name,
            "E-mail": lambda each: each.email,
            "Auth at": lambda each: each.urls["auth"],
            "Logged in": lambda each: "yes" if each.token else "no",
        },
    )


def _public(profile: "Profile", *, is_chosen: bool) -> dict[str, object]:
    """All but the secrets."""
    return {
        "name": profile.name,
        "chosen": is_chosen,
        "email": profile.email,
        "logged_in": profile.token is not None,
        "urls": dict(profile.urls),
    }
