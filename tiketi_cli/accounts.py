"""How commands name an account and show one."""

from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.text import when

if TYPE_CHECKING:
    from tiketi_sdk.contract import auth

User = Annotated[int, typer.Argument(metavar="USER", min=1, help="The account's id.")]


def account_rows(user: "auth.User") -> dict[str, object]:
    """An account as an administrator sees it."""
    return {
        "id": user.id,
        "e-mail": user.email,
        "name": user.name,
        "role": user.role,
        "provider": user.provider,
        "phone": user.phone,
        "picture": user.profile_image,
        "since": when(user.created_at),
        "disabled": when(user.disabled_at) if user.disabled_at else None,
    }
