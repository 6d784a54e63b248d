"""Turns one command function into a typer command, with the options every command has, and runs it."""

import re
import sys
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from tiketi_cli import errors
from tiketi_cli.context import Session
from tiketi_cli.help import command_help
from tiketi_cli.table import COMMON_FLAGS, location

_COMMON = "Options of every command"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of a command's help."""

    section: str
    names: str
    help: str


def run(words: str, arguments: list[str]) -> int:
    """Run the command of these words; its exit status."""
    command, doc = load(words)
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if {"--help", "-h"} & set(options):
        sys.stdout.write(help_of(words, command, doc))
        return 0
    session = Session()
    try:
        status = command.main(
            args=arguments, prog_name=f"tiketi {words}", standalone_mode=False, obj=session
        )
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # every error ends as lines a person can use
        as_json = session.json or "--json" in options
        return errors.report(error, words=words, verbose=session.verbose, as_json=as_json)
    finally:
        session.close()
    return status if isinstance(status, int) else 0


def load(words: str) -> tuple[TyperCommand, str]:
    """The command of these words, nothing else imported, and its function's docstring."""
    module_name, function_name = location(words)
    function = getattr(import_module(module_name), function_name)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name=words.rpartition(" ")[2], add_help_option=False)(function)
    command = get_command(app)
    assert isinstance(command, TyperCommand), "one function makes a command, not a group"
    command.params.extend(_common_parameters())
    return command, getdoc(function) or ""


def help_of(words: str, command: TyperCommand, doc: str) -> str:
    """The whole help of a command."""
    return command_help(words, doc, usage_of(command), parameters_of(command, words))


def usage_of(command: TyperCommand) -> str:
    """What follows the words of a command."""
    arguments = [
        _name_of(each) if each.required else f"[{_name_of(each)}]"
        for each in command.params
        if each.param_type_name == "argument"
    ]
    return " ".join((*arguments, "[OPTIONS]"))


def parameters_of(command: TyperCommand, words: str) -> list[Parameter]:
    """What a command takes, in the order of its help."""
    context = command.make_context(f"tiketi {words}", [], resilient_parsing=True)
    found = []
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is None:
            continue
        names, text = record
        if parameter.param_type_name == "argument":
            text = re.sub(r"  \[required\]|; required", "", _readable(text))
            found.append(Parameter("Arguments", _name_of(parameter), text))
        else:
            section = _COMMON if COMMON_FLAGS.keys() & set(parameter.opts) else "Options"
            names = re.sub("<(?:int|float)(?: range)?>", "N", names).replace("<str>", "TEXT")
            found.append(Parameter(section, names, _readable(text)))
    found.append(Parameter(_COMMON, "--help, -h", COMMON_FLAGS["--help"]))
    return found


def _name_of(argument: Any) -> str:
    return argument.metavar or str(argument.name).upper()


def _readable(text: str) -> str:
    """Bounds in words: `[1<=x<=8]` becomes `[1 to 8]`."""
    text = re.sub(r"(\d+)<=x<=(\d+)", r"\1 to \2", text)
    return re.sub(r"x>=(\d+)", r"at least \1", text)


def _keep(ctx: typer.Context, param: typer.CallbackParam, value: object) -> None:
    if isinstance(ctx.obj, Session) and value not in {None, False}:
        setattr(ctx.obj, str(param.name), value)


def _common(
    *,
    json: Annotated[
        bool,
        typer.Option("--json", callback=_keep, expose_value=False, help=COMMON_FLAGS["--json"]),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            callback=_keep,
            expose_value=False,
            metavar="NAME",
            help=COMMON_FLAGS["--profile"],
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", callback=_keep, expose_value=False, metavar="URL", help=COMMON_FLAGS["--url"]
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", callback=_keep, expose_value=False, help=COMMON_FLAGS["--verbose"]
        ),
    ] = False,
) -> None:
    """Only its parameters are used."""


def _common_parameters() -> list[Any]:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(add_help_option=False)(_common)
    return list(get_command(app).params)
