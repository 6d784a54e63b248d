"""`tiketi queue verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi_cli.context import session
from tiketi_cli.errors import UsageError
from tiketi_cli.output import plain
from tiketi_sdk.contract.codes import Exit

if TYPE_CHECKING:
    from tiketi_cli.context import Session
    from tiketi_sdk.contract.queue import Draw

_SAVE = "save one with: tiketi queue verify EVENT --save FILE"
_FILE_BYTES_MAX = 256 * 1024 * 1024


def verify(
    ctx: typer.Context,
    *,
    receipt: Annotated[
        str, typer.Argument(metavar="EVENT|FILE", help="An event's id, or a receipt saved before.")
    ],
    noted: Annotated[
        str | None,
        typer.Option("--commitment", metavar="HEX", help="The commitment you saw before the draw."),
    ] = None,
    draw_id: Annotated[
        str | None, typer.Option("--draw-id", metavar="HEX", help="Yours: were you in it?")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the receipt there.")
    ] = None,
) -> None:
    """Repeat the draw of an event from its public receipt, on this machine, trusting nobody.

        tiketi queue verify 1 --save receipt.json
        tiketi queue verify receipt.json --commitment 5f1c… --draw-id 90ab…

    Exit status 11 when the order does not follow from what was committed to.
    """
    here = session(ctx)
    with here.working("fetching the receipt"):
        from tiketi_sdk.draw import check

        drawn = _receipt(here, receipt)
    if save is not None:
        save.write_text(drawn.model_dump_json(), encoding="utf-8")
    with here.working("repeating the draw"):
        result = check(drawn, noted=noted, draw_id=draw_id)
    if here.json:
        here.out.document(
            {
                "passed": result.passed,
                "checks": plain(result.checks),
                "not_checked": result.not_checked,
            }
        )
    else:
        here.out.items(
            result.checks,
            {
                "Checked": lambda each: each.name,
                "Result": lambda each: "ok" if each.passed else "WRONG",
                "Detail": lambda each: each.detail,
            },
        )
        for each in result.not_checked:
            here.out.say(f"not checked: {each}")
    if not result.passed:
        raise typer.Exit(Exit.FINDINGS)


def _receipt(here: "Session", receipt: str) -> "Draw":
    if receipt.isascii() and receipt.isdecimal() and int(receipt) > 0:
        return here.client.queue.draw(int(receipt))
    from pydantic import ValidationError

    from tiketi_sdk.contract.queue import Draw

    path = Path(receipt)
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise UsageError(f"{receipt} is too large to be a receipt", _SAVE)
        return Draw.model_validate_json(path.read_bytes())
    except OSError as error:
        reason = f"not an event's id, and as a file: {error.strerror}"
        raise UsageError(f"{receipt!r} is {reason}", _SAVE) from None
    except ValidationError:
        raise UsageError(f"{receipt} is no receipt of a draw", _SAVE) from None
