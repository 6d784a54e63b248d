"""Asks for secrets without showing or keeping them, and says what this machine is called in lists of sessions."""

import os
import sys

from tiketi_cli.errors import UsageError

DEVICE_CHARS_MAX = 100


def secret(*, from_stdin: bool, question: str, variable: str, flag: str = "") -> str:
    """From stdin, the environment or the person at the keyboard; UsageError, naming `flag`, where none of them is."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get(variable):
        return given
    if not sys.stdin.isatty():
        raise UsageError(f"no {question.lower()}", f"say {flag}, or set {variable}")
    from getpass import getpass

    return getpass(f"{question}: ")


def password(
    *, from_stdin: bool, question: str = "Password", variable: str = "TIKETI_PASSWORD"
) -> str:
    """A password, as `secret`."""
    return secret(
        from_stdin=from_stdin, question=question, variable=variable, flag="--password-stdin"
    )


def new_password(*, from_stdin: bool, variable: str = "TIKETI_PASSWORD") -> str:
    """The same for one that is being chosen: a person types it twice."""
    first = password(from_stdin=from_stdin, question="New password", variable=variable)
    if not from_stdin and not os.environ.get(variable):
        from getpass import getpass

        if getpass("Again: ") != first:
            raise UsageError("the two passwords differ", "try again")
    return first


def this_device() -> str:
    """What the list of sessions calls this machine."""
    from socket import gethostname

    name = "".join(each for each in gethostname() if each.isprintable())
    return f"tiketi on {name}"[:DEVICE_CHARS_MAX]
