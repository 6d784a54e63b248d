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
    turn_email: Annotated[
        bool | None,
        typer.Option("--turn-email/--no-turn-email", help="A mail, too, when it is your turn."),
    ] = None,
    marketing: Annotated[
        bool | None,
        typer.Option(
            "--marketing/--no-marketing", help="Offers by mail, by day; ends with one click."
        ),
    ] = None,
    marketing_push: Annotated[
        bool | None, typer.Option("--marketing-push/--no-marketing-push", help="Offers by push.")
    ] = None,
    marketing_sms: Annotated[
        bool | None, typer.Option("--marketing-sms/--no-marketing-sms", help="Offers by text.")
    ] = None,
) -> None:
    """Show what you want to be told, and where; change what you name.

    tiketi notifications preferences
    tiketi notifications preferences --language en --no-push
    tiketi notifications preferences --turn-email --marketing-push
    """
    here = session(ctx)
    said = (push, sms, turn_email, marketing, marketing_push, marketing_sms)
    if language is None and all(each is None for each in said):
        found = here.client.notifications.preferences()
    else:
        found = here.client.notifications.change_preferences(
            language=language,
            push=push,
            sms=sms,
            turn_email=turn_email,
            marketing_email=marketing,
            marketing_push=marketing_push,
            marketing_sms=marketing_sms,
        )
    here.out.facts(
        found,
        {
            "language": found.language,
            "push": _said(agreed=found.push),
            "sms": _said(agreed=found.sms),
            "mail when it is your turn": _said(agreed=found.turn_email),
            "offers by mail": _said(agreed=found.marketing_email),
            "offers by push": _said(agreed=found.marketing_push),
            "offers by sms": _said(agreed=found.marketing_sms),
        },
    )


def _said(*, agreed: bool) -> str:
    return "yes" if agreed else "no"
