"""Writes docs/reference.md from the command tree and the contract: `python -m tools.reference --write`.

`make check` compares it with what is there. It invents no sentence: what it prints is said in the code.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tiketi_cli.help import split_examples
from tiketi_cli.running import load, parameters_of, usage_of
from tiketi_cli.table import COMMANDS, COMMON_FLAGS, GROUPS
from tiketi_sdk.contract.codes import CODES, Exit
from tiketi_sdk.contract.messages import MESSAGES
from tiketi_sdk.contract.operation import Operation
from tiketi_sdk.contract.services import SERVICES, AnyOperation

TARGET: Final = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
_COMMON: Final = "Options of every command"
_OF_USERS: Final = ("unauthenticated", "token_invalid", "token_expired", "forbidden")
_HEAD: Final = (
    "# Reference\n\n"
    "Written by `python -m tools.reference --write` from the command tree and the contract; do not change it by hand.\n"
)


def reference() -> str:
    """The whole page."""
    return "\n".join((_HEAD, *_commands(), *_operations(), *_codes(), *_messages()))


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "Every command also takes:\n"
    yield from (f"* `{flag}`: {text}" for flag, text in COMMON_FLAGS.items())
    yield "\n### tiketi"
    group = ""
    for words in sorted(COMMANDS, key=lambda each: (" " in each, each)):
        own = words.rpartition(" ")[0]
        if own != group:
            group = own
            yield f"\n### tiketi {group}\n\n{GROUPS[group]}."
        yield from _command(words)
    yield ""


def _command(words: str) -> Iterator[str]:
    command, doc = load(words)
    examples, (summary, *more) = split_examples(doc)
    yield f"\n#### `tiketi {words} {usage_of(command)}`\n\n{summary}\n"
    yield "```console"
    yield from examples
    yield "```"
    yield from (f"\n{paragraph}" for paragraph in more)
    rows = [each for each in parameters_of(command, words) if each.section != _COMMON]
    if rows:
        yield ""
        yield from (f"* `{each.names}`: {each.help}" for each in rows)


def _operations() -> Iterator[str]:
    yield "\n## Operations\n"
    yield (
        "`*` marks what demands an entry token, `key` what takes an `Idempotency-Key` (`key!`: needs one), `If-Match`"
        " what heeds it. Every operation may answer with "
        + ", ".join(f"`{code}`" for code in Operation.default_errors)
        + ", each that is not public with "
        + ", ".join(f"`{code}`" for code in _OF_USERS)
        + " too; the other codes are listed."
    )
    for service in SERVICES.values():
        yield f"\n### {service.name}, port {service.port}\n"
        yield "| operation | route | who | takes → answers | codes |"
        yield "|---|---|---|---|---|"
        yield from (_operation(each) for each in service.operations)
    yield ""


def _operation(operation: AnyOperation) -> str:
    known = {*operation.default_errors, *(_OF_USERS if operation.access != "public" else ())}
    own = [code for code in operation.all_errors if code not in known]
    marks = "*" * operation.entry
    heeds = {"none": "", "optional": " (key)", "required": " (key!)"}[operation.idempotency]
    heeds += " (If-Match)" if operation.conditional else ""
    return (
        f"| `{operation.name}`{marks} | `{operation.method} {operation.path}`{heeds} | {operation.access} "
        f"| {operation.request.__name__} → {operation.status} {operation.response.__name__} "
        f"| {' '.join(own)} |"
    )


def _codes() -> Iterator[str]:
    yield "\n## Codes\n"
    yield "| code | HTTP | exit status | means |"
    yield "|---|---|---|---|"
    for code, row in CODES.items():
        yield f"| `{code}` | {row.status} | {int(row.exit)} {row.exit.name} | {row.title} |"
    yield "\nExit statuses: " + ", ".join(f"{int(each)} {each.name}" for each in Exit) + ".\n"


def _messages() -> Iterator[str]:
    yield "\n## Messages\n"
    yield "| message | carries |"
    yield "|---|---|"
    for name, payload in sorted(MESSAGES.items()):
        yield f"| `{name}` | {', '.join(f'`{field}`' for field in payload.model_fields)} |"
    yield ""


def main() -> int:
    """Write the page, or say whether the one that is there is it; 1 where it is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it over what is there")
    parser.add_argument("--check", action="store_true", help="compare it with what is there")
    asked, text = parser.parse_args(), reference()
    if asked.write:
        TARGET.write_text(text, encoding="utf-8")
    elif not asked.check:
        sys.stdout.write(text)
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.stderr.write(
            "docs/reference.md is not what the code says: python -m tools.reference --write\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
