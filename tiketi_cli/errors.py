"""Says what went wrong and what to do next, on stderr, and turns it into the exit status."""

import errno
import os
import re
import sys
import traceback
from dataclasses import dataclass, replace
from typing import Final

from tiketi_cli.cures import NEXT
from tiketi_cli.table import members

DETACHED: Final = "TIKETI_DETACHED"
"""Set for the process that `up --detach` leaves running: its stderr is the platform's log."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_UP = "start the platform on this machine: tiketi up --detach; or choose another: tiketi config profiles list"
_PROFILE = (
    "make it: tiketi config profiles set NAME; or see what there is: tiketi config profiles list"
)
_INSTALL = "pip install 'tiketi[{extra}]'"
_EXTRAS = {"locust": "stampede", "gevent": "stampede", "hdrh": "stampede", "plotext": "stampede",
            "docker": "cluster", "kubernetes": "cluster", "yaml": "cluster"}  # fmt: skip


class UsageError(Exception):
    """The command line cannot be carried out as it stands; `instead` says what to do."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Complaint:
    """What went wrong, as a person and as a program are told."""

    code: str
    """Stable: the platform's own code, or what the error's class is called."""
    message: str
    exit_status: int
    cure: str = ""
    """What to do next."""
    details: tuple[str, ...] = ()
    """Evidence, a line each."""
    request_id: str = ""
    fields: tuple[dict[str, str | None], ...] = ()
    """The refused fields and why."""
    marked: bool = False
    """Whether the code and a `next:` are shown to a person too."""


def tell(complaint: Complaint, *, as_json: bool) -> int:
    """Write it on stderr, as lines or as one line of JSON; its exit status."""
    if as_json:
        import json

        document: dict[str, object] = {
            "code": complaint.code,
            "message": complaint.message,
            "cure": complaint.cure,
            "exit_status": complaint.exit_status,
        }
        for name in ("details", "fields", "request_id"):
            if told := getattr(complaint, name):
                document[name] = told
        sys.stderr.write(json.dumps(document, ensure_ascii=False) + "\n")
        return complaint.exit_status
    message, cure = complaint.message, complaint.cure
    if complaint.marked:
        more = len(complaint.fields) - 1
        message += (f" (and {more} more)" if more > 0 else "") + f" [{complaint.code}]"
        cure = f"next: {cure}" if cure else ""
    refused = [f"{each['field'] or 'body'}: {each['message']}" for each in complaint.fields]
    _write(
        message,
        *(refused if len(refused) > 1 else ()),
        *complaint.details,
        cure,
        f"request id: {complaint.request_id}" if complaint.request_id else "",
    )
    return complaint.exit_status


def _write(what: str, *more: str) -> None:
    red, end = ("\x1b[31m", "\x1b[0m") if _in_colour() else ("", "")
    sys.stderr.write(f"{red}error:{end} {what}\n")
    for line in more:
        if line:
            sys.stderr.write(f"       {line}\n")


def report(error: BaseException, *, words: str, verbose: bool, as_json: bool = False) -> int:
    """Tell whoever called about `error`; the exit status that belongs to it."""
    complaint = (
        _of_the_command(error, words)
        or _of_the_launch(error)
        or _of_the_sdk(error)
        or _of_the_machine(error)
    )
    if complaint is None:
        if verbose or DETACHED in os.environ:
            traceback.print_exception(error)
        cure = "this is a mistake in tiketi, not yours" + ("" if verbose else "; -v shows where")
        complaint = Complaint("mistake", f"{type(error).__name__}: {error}", 1, cure)
    notes = tuple(getattr(error, "__notes__", ()))
    return tell(replace(complaint, details=complaint.details + notes), as_json=as_json)


def unknown_command(group: str, word: str, *, as_json: bool = False) -> int:
    """No such command; the nearest there are."""
    import difflib

    own = members(group)
    near = difflib.get_close_matches(word, own, n=3, cutoff=0.5)
    start = f"tiketi {group} ".replace("  ", " ")
    there = " or ".join(f"`{start}{name}`" for name in near)
    cure = f"did you mean {there}?" if near else f"see: {start}--help"
    return tell(Complaint("usage", f"no such command: {start}{word}", 2, cure), as_json=as_json)


def _of_the_command(error: BaseException, words: str) -> Complaint | None:
    import typer

    if isinstance(error, typer.Abort):
        return Complaint("stopped", "stopped; nothing was changed", 1)
    if isinstance(error, typer.TyperException):
        # Typer says of a word that is none of a choice's what pydantic says of its own.
        what = error.format_message().replace("Value error, ", "")
        return Complaint("usage", what, error.exit_code, f"see: tiketi {words} --help")
    if isinstance(error, UsageError):
        return Complaint("usage", str(error), 2, error.instead)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("tiketi_cli"):
        module = (error.name or "").partition(".")[0]
        return Complaint(
            "extra_missing",
            f"this command needs {module}, which is not installed",
            1,
            _INSTALL.format(extra=_EXTRAS.get(module, "platform")),
        )
    return None


def _of_the_sdk(error: BaseException) -> Complaint | None:
    # Looked up, not imported: a command that failed before it needed the SDK shall not wait for it.
    if "tiketi_sdk.errors" not in sys.modules:
        return None
    from tiketi_sdk.errors import (
        ApiError,
        ClusterError,
        ConnectError,
        ProfileNotFoundError,
        TiketiError,
    )

    if not isinstance(error, TiketiError):
        return None
    status = int(error.exit_status)
    if isinstance(error, ApiError):
        return Complaint(
            error.code,
            error.detail,
            status,
            NEXT.get(error.code, ""),
            request_id=error.request_id,
            fields=tuple({"field": each.field, "message": each.message} for each in error.errors),
            marked=True,
        )
    if isinstance(error, ClusterError):
        cure = f"next: {error.cure}" if error.cure else ""
        return Complaint("cluster", str(error), status, cure, error.details)
    cure = _UP if isinstance(error, ConnectError) else ""
    if isinstance(error, ProfileNotFoundError):
        cure = _PROFILE
    return Complaint(_code_of(error), str(error), status, cure)


def _code_of(error: BaseException) -> str:
    """`wait_timeout` for a `WaitTimeoutError`."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _of_the_machine(error: BaseException) -> Complaint | None:
    if not isinstance(error, OSError):
        return None
    if error.filename is not None:
        told = f"{error.filename}: {error.strerror}"
        return Complaint("file", told, 2, "see whether it is there and yours to use")
    if error.errno in _FULL:
        told = f"this machine refuses: {error.strerror}"
        return Complaint("machine", told, 1, "free some of it and try again")
    return None


def _of_the_launch(error: BaseException) -> Complaint | None:
    migrate = sys.modules.get("tiketi_platform.adapters.postgres.migrate")
    if migrate is not None and isinstance(error, migrate.MigrationError):
        cure = (
            "another version of tiketi made this data: use that one, another --data DIR, or --reset"
        )
        return Complaint("migration", str(error), 7, cure)
    launch = sys.modules.get("tiketi_platform.runtime.errors")
    if launch is None or not isinstance(error, launch.LaunchError):
        return None
    what, *more = _told_by_child(str(error).splitlines())
    hint = ""
    if isinstance(error, launch.PortTakenError):
        hint = "other ports: TIKETI_AUTH_PORT=4001 and so on, by the names in brackets"
    elif isinstance(error, launch.FolderInUseError):
        hint = "see it: tiketi status; stop it: tiketi down"
    status = 7 if isinstance(error, launch.FolderInUseError) else 9
    return Complaint(_code_of(error), what, status, hint, tuple(more))


def _told_by_child(lines: list[str]) -> list[str]:
    """A platform started apart ends with an error of this very form in its log: that is the cause."""
    for number, line in enumerate(lines):
        if line.startswith("error: "):
            return [line.removeprefix("error: "), *(more.strip() for more in lines[number + 1 :])]
    return lines


def _in_colour() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
