"""The entry point: finds the command by the table, loads that one alone and runs it; knows no command itself."""

import sys
from os import environ

from tiketi_cli.table import ALIASES, COMMANDS, GROUPS

INTERRUPTED = 130
USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Run one command line; the exit status, as `tiketi_sdk.contract.codes.Exit` numbers them."""
    arguments = sys.argv[1:] if argv is None else argv
    if "_TIKETI_COMPLETE" in environ:
        from tiketi_cli.completion import complete

        return complete(arguments)
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_is_gone()


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    words, rest = split(arguments)
    if words in COMMANDS or words in ALIASES:
        from tiketi_cli.running import run

        return run(words, rest)
    if unknown := _first_word(rest):
        from tiketi_cli.errors import unknown_command

        return unknown_command(words, unknown, as_json="--json" in arguments)
    if "--version" in rest and not words:
        from tiketi_cli.running import run

        return run("version", [each for each in rest if each != "--version"])
    from tiketi_cli.help import group_help

    if rest and not {"--help", "-h"} & set(rest):
        sys.stderr.write(group_help(words))
        return USAGE
    sys.stdout.write(group_help(words))
    return 0


def split(arguments: list[str]) -> tuple[str, list[str]]:
    """The words of the command or group meant, and all other arguments in their order.

    Common options may stand before the words: `tiketi --json points balance`.
    """
    words = ""
    options: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        longer = f"{words} {argument}".lstrip()
        if argument.startswith("-") and argument != "-":
            options.append(argument)
            if argument in {"--profile", "--url"} and position + 1 < len(arguments):
                position += 1
                options.append(arguments[position])
        elif longer in GROUPS:
            words = longer
        elif longer in COMMANDS or longer in ALIASES:
            return longer, [*options, *arguments[position + 1 :]]
        else:
            return words, [*options, *arguments[position:]]
        position += 1
    return words, options


def _first_word(rest: list[str]) -> str | None:
    words, taken = None, False
    for argument in rest:
        if taken:
            taken = False
        elif argument in {"--profile", "--url"}:
            taken = True
        elif not argument.startswith("-"):
            words = argument
            break
    return words


def _reader_is_gone() -> int:
    """As for other tools in a pipe that `head` closed: quiet, and not a success."""
    from os import O_WRONLY, devnull, dup2
    from os import open as open_descriptor

    dup2(open_descriptor(devnull, O_WRONLY), sys.stdout.fileno())
    return 1
