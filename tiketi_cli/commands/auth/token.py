"""`tiketi auth token`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError


def token(ctx: typer.Context) -> None:
    """Print an access token that is good now, for scripts and other tools.

    curl -H "Authorization: Bearer $(tiketi auth token)" http://127.0.0.1:3001/api/auth/me
    TIKETI_TOKEN=$(tiketi auth token --profile staging) python script.py
    """
    here = session(ctx)
    if here.client.credentials.token is None:
        raise UsageError("nobody is logged in", "log in: tiketi auth login")
    here.client.auth.verify()  # an old one is traded for a new one on the way
    held = here.client.credentials
    if here.json:
        here.out.document({"token": held.token, "expires_at": held.expires_at})
    else:
        here.out.line(str(held.token))
