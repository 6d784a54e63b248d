"""Says what went wrong and what to do next, on stderr, and turns it into the exit status."""

import errno
import os
import sys
import traceback
from typing import Final

from tiketi_cli.table import members

_NEXT: Final = {
    "unauthenticated": "log in: tiketi auth login",
    "token_invalid": "log in again: tiketi auth login",
    "token_expired": "log in again: tiketi auth login",
    "refresh_token_reused": "log in again: tiketi auth login",
    "bad_credentials": "check both and try again; an account is opened by: tiketi auth register",
    "email_taken": "log in instead: tiketi auth login --email EMAIL",
    "forbidden": "use a profile that may: tiketi config profiles list, then --profile NAME",
    "entry_required": "wait for your turn: tiketi queue watch EVENT",
    "not_in_queue": "join the line: tiketi queue enter EVENT",
    "not_on_sale": "see when it sells: tiketi events show EVENT",
    "event_not_found": "see what there is: tiketi events list",
    "layout_not_found": "see what there is: tiketi seats layouts",
    "idempotency_key_reused": "give a new request a new key; what is announced is changed by: tiketi events update",
    "seat_not_found": "see the seats: tiketi seats map EVENT",
    "seat_taken": "let the platform choose: tiketi reservations create EVENT --best N",
    "sold_out": "seats come back when holds run out: tiketi seats map EVENT",
    "seat_limit_reached": "see what you have: tiketi reservations list --event EVENT",
    "seats_in_use": "cancel their reservations first; sold seats stay",
    "reservation_not_found": "see yours: tiketi reservations list",
    "reservation_not_payable": "see how it stands: tiketi reservations show RESERVATION",
    "ticket_not_found": "see yours: tiketi tickets list",
    "payment_not_found": "the number is in: tiketi reservations show RESERVATION",
    "price_mismatch": "leave --points or --card out and the rest is worked out for you",
    "insufficient_points": "tiketi points charge AMOUNT, or pay the rest by card: --card WON",
    "card_declined": "nothing was taken; try another card: --token TOKEN",
    "gateway_unavailable": "nothing is lost; repeat it with the same --idempotency-key",
    "idempotency_in_flight": "wait a moment and repeat it",
    "waiting_room_full": "try again in a moment",
    "waiting_room_closed": "an administrator opens it: tiketi queue resume EVENT",
    "rate_limited": "try again in a moment",
    "invalid_request": "see the command's --help",
}  # fmt: skip
DETACHED: Final = "TIKETI_DETACHED"
"""Set for the process that `up --detach` leaves running: its stderr is the platform's log."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_UP = "start the platform on this machine: tiketi up --detach; or choose another: tiketi config profiles list"
_INSTALL = "pip install 'tiketi[{extra}]'"
_EXTRAS = {"locust": "stampede", "gevent": "stampede", "hdrh": "stampede", "plotext": "stampede",
            "docker": "cluster", "kubernetes": "cluster", "yaml": "cluster"}  # fmt: skip


class UsageError(Exception):
    """The command line cannot be carried out as it stands; `instead` says what to do."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.instead = instead


def complain(what: str, *more: str) -> None:
    """The lines of an error."""
    red, end = ("\x1b[31m", "\x1b[0m") if _in_colour() else ("", "")
    sys.stderr.write(f"{red}error:{end} {what}\n")
    for line in more:
        if line:
            sys.stderr.write(f"       {line}\n")


def report(error: BaseException, *, words: str, verbose: bool) -> int:
    """Tell the person about `error`; the exit status that belongs to it."""
    import typer

    if isinstance(error, typer.Abort):
        complain("stopped; nothing was changed")
        return 1
    if isinstance(error, typer.TyperException):
        complain(error.format_message(), f"see: tiketi {words} --help")
        return error.exit_code
    if isinstance(error, UsageError):
        complain(str(error), error.instead)
        return 2
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("tiketi_cli"):
        return _extra_missing(error)
    if (launch := _launch_error(error)) is not None:
        return launch
    if isinstance(error, OSError) and error.filename is not None:
        complain(f"{error.filename}: {error.strerror}", "see whether it is there and yours to use")
        return 2
    if isinstance(error, OSError) and error.errno in _FULL:
        complain(f"this machine refuses: {error.strerror}", "free some of it and try again")
        return 1
    if (known := _of_the_sdk(error)) is not None:
        return known
    if verbose or DETACHED in os.environ:
        traceback.print_exception(error)
    complain(
        f"{type(error).__name__}: {error}",
        "this is a mistake in tiketi, not yours" + ("" if verbose else "; -v shows where"),
    )
    return 1


def unknown_command(group: str, word: str) -> int:
    """No such command; the nearest there are."""
    import difflib

    own = members(group)
    near = difflib.get_close_matches(word, own, n=3, cutoff=0.5)
    start = f"tiketi {group} ".replace("  ", " ")
    there = " or ".join(f"`{start}{name}`" for name in near)
    complain(
        f"no such command: {start}{word}",
        f"did you mean {there}?" if near else f"see: {start}--help",
    )
    return 2


def _of_the_sdk(error: BaseException) -> int | None:
    # Looked up, not imported: a command that failed before it needed the SDK shall not wait for it.
    if "tiketi_sdk.errors" not in sys.modules:
        return None
    from tiketi_sdk.errors import ApiError, ClusterError, ConnectError, TiketiError

    if not isinstance(error, TiketiError):
        return None
    if isinstance(error, ApiError):
        fields = [f"{each.field or 'body'}: {each.message}" for each in error.errors]
        request = f"request id: {error.request_id}" if error.request_id else ""
        complain(str(error), *(fields if len(fields) > 1 else ()), _next(error.code), request)
    elif isinstance(error, ClusterError):
        complain(str(error), *error.details, f"next: {error.cure}" if error.cure else "")
    else:
        complain(str(error), _UP if isinstance(error, ConnectError) else "")
    return int(error.exit_status)


def _next(code: str) -> str:
    hint = _NEXT.get(code, "")
    return f"next: {hint}" if hint else ""


def _launch_error(error: BaseException) -> int | None:
    migrate = sys.modules.get("tiketi_platform.adapters.postgres.migrate")
    if migrate is not None and isinstance(error, migrate.MigrationError):
        complain(
            str(error),
            "another version of tiketi made this data: use that one, another --data DIR, or --reset",
        )
        return 7
    launch = sys.modules.get("tiketi_platform.runtime.errors")
    if launch is None or not isinstance(error, launch.LaunchError):
        return None
    what, *more = _told_by_child(str(error).splitlines())
    hint = ""
    if isinstance(error, launch.PortTakenError):
        hint = "other ports: TIKETI_AUTH_PORT=4001 and so on, by the names in brackets"
    elif isinstance(error, launch.FolderInUseError):
        hint = "see it: tiketi status; stop it: tiketi down"
    complain(what, hint, *more)
    return 9 if not isinstance(error, launch.FolderInUseError) else 7


def _told_by_child(lines: list[str]) -> list[str]:
    """A platform started apart ends with an error of this very form in its log: that is the cause."""
    for number, line in enumerate(lines):
        if line.startswith("error: "):
            return [line.removeprefix("error: "), *(more.strip() for more in lines[number + 1 :])]
    return lines


def _extra_missing(error: ModuleNotFoundError) -> int:
    module = (error.name or "").partition(".")[0]
    complain(
        f"this command needs {module}, which is not installed",
        _INSTALL.format(extra=_EXTRAS.get(module, "platform")),
    )
    return 1


def _in_colour() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
