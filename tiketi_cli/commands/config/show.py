"""`tiketi config show`."""

import os

import typer

from tiketi_cli.context import session
from tiketi_cli.text import when, without_password

_SECRET = ("TOKEN", "PASSWORD", "SECRET", "CODE", "KEY")


def show(ctx: typer.Context) -> None:
    """Show the settings in force and where they come from; secrets are masked.

    tiketi config show
    tiketi config show --profile staging --json
    """
    here = session(ctx)
    profile = here.stored
    environment = {
        name: _mask(value) if any(word in name for word in _SECRET) else without_password(value)
        for name, value in sorted(os.environ.items())
        if name.startswith("TIKETI_")
    }
    urls = {name: without_password(url) for name, url in profile.urls.items()}
    shown = {
        "profile": profile.name,
        "email": profile.email,
        "token": _mask(profile.token),
        "refresh_token": _mask(profile.refresh_token),
        "expires_at": profile.expires_at,
        "entry_tokens": {str(event): _mask(token) for event, token in profile.entry_tokens.items()},
        "urls": urls,
        "environment": environment,
    }
    rows: dict[str, object] = {
        "profile": profile.name,
        "e-mail": profile.email,
        "token": _mask(profile.token),
        "token ends": when(profile.expires_at) if profile.expires_at else None,
        "admitted to": ", ".join(map(str, profile.entry_tokens)) or None,
    }
    rows |= {f"{name} at": url for name, url in urls.items()}
    here.out.facts(shown, rows | environment)


def _mask(secret: str | None) -> str | None:
    """Enough to tell two apart, not enough to use one."""
    return None if not secret else f"…{secret[-4:]}" if len(secret) >= 16 else "…"
