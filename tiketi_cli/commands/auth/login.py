"""`tiketi auth login`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.asking import password, this_device
from tiketi_cli.context import Session, session
from tiketi_cli.errors import UsageError

if TYPE_CHECKING:
    from tiketi_sdk import Tiketi
    from tiketi_sdk.contract import auth


def login(
    ctx: typer.Context,
    *,
    email: Annotated[str | None, typer.Option("--email", help="Asked for unless given.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
    google: Annotated[
        bool, typer.Option("--google", help="Log in with Google, in the browser.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")
    ] = False,
) -> None:
    """Log in by e-mail and password or with Google; the profile in force stays logged in from then on.

        tiketi auth login
        tiketi auth login --email admin@tiketi.test --password-stdin < secrets/admin-password
        TIKETI_PASSWORD=… tiketi auth login --email me@example.com
        tiketi auth login --google
        tiketi auth login --google --no-browser

    The password comes from stdin, from TIKETI_PASSWORD or is asked for; it is not kept. A Google account
    whose e-mail has an account with a password is let in once that password was given.
    """
    here = session(ctx)
    here.check_memory()
    client = here.anonymous()
    if google:
        opened = _google(here, client, no_browser=no_browser, password_stdin=password_stdin)
    else:
        email = email or here.stored.email or _ask("E-mail")
        opened = client.auth.login(
            email=email, password=password(from_stdin=password_stdin), device=this_device()
        )
    here.remember(client, email=opened.user.email)
    here.out.facts(
        opened.user,
        {"e-mail": opened.user.email, "role": opened.user.role, "profile": here.stored.name},
    )


def _google(
    here: Session, client: "Tiketi", *, no_browser: bool, password_stdin: bool
) -> "auth.Session":
    from tiketi_cli.google_browser import Redirect
    from tiketi_sdk.errors import GoogleLinkRequiredError

    with Redirect() as redirect:
        asked = client.auth.google_authorize(redirect_uri=redirect.uri)
        redirect.expect(asked.state)
        if no_browser or not _open(asked.url):
            here.out.say("open this address in a browser on this machine:")
            here.out.say(asked.url)
        came = redirect.wait()
    if came is None:
        raise UsageError("nobody came back from Google", "try again: tiketi auth login --google")
    if "code" not in came:
        reason = came.get("error", "no reason given")
        raise UsageError(f"Google did not log you in: {reason}", "try again, or log in by password")
    try:
        return client.auth.google(
            code=came["code"],
            state=asked.state,
            code_verifier=asked.code_verifier,
            device=this_device(),
        )
    except GoogleLinkRequiredError as error:
        here.out.say(f"{error.extra.get('email', 'this e-mail')} has an account with a password")
        return client.auth.google_link(
            link_token=str(error.extra["link_token"]),
            password=password(from_stdin=password_stdin),
            device=this_device(),
        )


def _open(url: str) -> bool:
    import webbrowser

    return webbrowser.open(url)


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("whom to log in?", "say --email EMAIL")
    sys.stderr.write(f"{question}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()
