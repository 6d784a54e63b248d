"""`tiketi config profiles set`."""

from dataclasses import replace
from typing import Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.text import without_password


def set(  # noqa: A001  # the command is called so
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The profile.")],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="URL", help="One address for all six services."),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service", metavar="NAME=URL", help="A service's own address; may be repeated."
        ),
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="Whom `auth login` logs in.")] = None,
) -> None:
    """Make a profile, or change where it points; a change of address forgets its tokens.

        tiketi config profiles set staging --at https://tickets.example.com
        tiketi config profiles set mine --service auth=http://127.0.0.1:4001
        tiketi auth login --profile staging

    A plain http address without a port means each service on its own port there. TIKETI_URL and
    TIKETI_TOKEN play no part: what they say is not written down.
    """
    from tiketi_sdk.config import Credentials, service_urls
    from tiketi_sdk.errors import ProfileNotFoundError
    from tiketi_sdk.profiles import Profile, load_stored, save_address, save_profile

    here = session(ctx)
    try:
        profile = load_stored(name)
    except ProfileNotFoundError:
        profile = Profile(name=name)
    urls = service_urls(at) if at else dict(profile.urls)
    urls = service_urls("http://127.0.0.1", urls | _own_addresses(service or []))
    if urls == dict(profile.urls):
        profile = replace(profile, email=email or profile.email)
        save_address(profile)
    else:
        profile = replace(profile, urls=urls, email=email).with_credentials(Credentials())
        save_profile(profile)
    shown = {each: without_password(url) for each, url in urls.items()}
    here.out.facts(
        {"name": profile.name, "email": profile.email, "urls": shown},
        {"profile": profile.name, "e-mail": profile.email}
        | {f"{each} at": url for each, url in shown.items()},
    )


def _own_addresses(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, url = pair.partition("=")
        if not equals:
            raise UsageError(f"not NAME=URL: {pair}", "such as auth=http://127.0.0.1:4001")
        found[name] = url
    return found
