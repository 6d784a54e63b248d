"""Answers the shell's question what may come next, from the table and, past a command, from its parameters."""

import sys
from typing import Literal, get_args, get_origin

from tiketi_cli.table import ALIASES, COMMANDS, members

SCRIPTS = {
    "bash": """\
_tiketi() {
  local IFS=$'\\n'
  COMPREPLY=( $(_TIKETI_COMPLETE=1 tiketi "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) )
}
complete -o bashdefault -o default -F _tiketi tiketi
""",
    "zsh": """\
#compdef tiketi
_tiketi() {
  local -a found
  found=( ${(f)"$(_TIKETI_COMPLETE=1 tiketi "${(@)words[2,CURRENT]}" 2>/dev/null)"} )
  if (( $#found )); then compadd -a found; else _files; fi
}
compdef _tiketi tiketi
""",
    "fish": """\
complete -c tiketi -f -a '(_TIKETI_COMPLETE=1 tiketi (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
""",
}


def complete(arguments: list[str]) -> int:
    """Print what the last of `arguments`, perhaps empty, may become, one candidate a line."""
    from tiketi_cli.app import split

    *before, last = arguments or [""]
    words, rest = split(before)
    if words in COMMANDS or words in ALIASES:
        candidates = _of_command(words, rest)
    elif rest and not rest[-1].startswith("-"):
        candidates = []
    else:
        candidates = [*members(words), "--help"]
    for candidate in candidates:
        if candidate.startswith(last) and (last.startswith("-") or not candidate.startswith("-")):
            sys.stdout.write(f"{candidate}\n")
    return 0


def _of_command(words: str, before: list[str]) -> list[str]:
    from tiketi_cli.running import load

    command, _ = load(words)
    previous = before[-1] if before else ""
    if previous == "--profile":
        from tiketi_sdk.profiles import list_profiles

        return list_profiles()
    for parameter in command.params:
        if previous in parameter.opts and not getattr(parameter, "is_flag", False):
            return _choices(words, parameter.name)
    options = [opt for parameter in command.params for opt in parameter.opts if opt[:1] == "-"]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    given = [each for each in before if not each.startswith("-")]
    own = _choices(words, arguments[len(given)].name) if len(given) < len(arguments) else []
    return [*own, *options, "--help"]


def _choices(words: str, name: str | None) -> list[str]:
    """The words a parameter can be, where its type names them all."""
    from importlib import import_module
    from typing import get_type_hints

    from tiketi_cli.table import location

    module, function = location(words)
    hint = get_type_hints(getattr(import_module(module), function)).get(name or "")
    found: list[str] = []
    for each in (hint, *get_args(hint)):
        if get_origin(each) is Literal:
            found += [str(value) for value in get_args(each)]
    return found
