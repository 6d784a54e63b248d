"""`tiketi notifications preferences`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.context import session


def preferences(
    ctx: typer.Context,
    *,
    language: Annotated[
        Literal["ko", "en"] | None, typer.Option("--language", "-l", help="Of what you are told.")
    ] = None,
    push: Annotated[
        bool | None, typer.Option("--push/--no-push", help="Push messages to your devices.")
    ] = None,
    sms: Annotated[bool | None, typer.Option("--sms/--no-sms", help="Text messages.")] = None,
    marketing: Annotated[
        bool | None,
        typer.Option(
            "--marketing/--no-marketing", help="Offers by mail, by day; ends with one click."
        ),
    ] = None,
) -> None:
    """Show what you want to be told, and where; change what you name.

    tiketi notifications preferences
    tiketi notifications preferences --language en --no-push
    """
    here = session(ctx)
    if language is None and push is None and sms is None and marketing is None:
        found = here.client.notifications.preferences()
    else:
        found = here.client.notifications.change_preferences(
            language=language, push=push, sms=sms, marketing_email=marketing
        )
    here.out.facts(
        found,
        {
            "language": found.language,
            "push": _said(agreed=found.push),
            "sms": _said(agreed=found.sms),
            "offers by mail": _said(agreed=found.marketing_email),
            "offers by push": _said(agreed=found.marketing_push),
            "offers by sms": _said(agreed=found.marketing_sms),
        },
    )


def _said(*, agreed: bool) -> str:
    return "yes" if agreed else "no"
