"""Lays out help: of the root and of groups from the table alone, of a command from its own parameters."""

import sys
from os import environ, get_terminal_size
from typing import TYPE_CHECKING

from tiketi_cli.table import COMMON_FLAGS, GROUPS, members

if TYPE_CHECKING:
    from tiketi_cli.running import Parameter

ROOT_EXAMPLES = (
    "tiketi up --detach",
    "tiketi events list",
    "tiketi seats generate 1 --layout large_theater",
    "tiketi points charge 10000",
)
ROOT_SUMMARY = (
    "Operate and load-test a ticketing platform: a fair waiting room, seats sold\n"
    "exactly once, money that adds up."
)
ROOT_SECTIONS = (
    ("The platform on this machine", ("up", "down", "status", "logs", "demo", "cluster")),
    ("Selling and buying", (
        "events", "news", "images", "seats", "queue", "reservations", "payments", "points", "tickets",
    )),
    ("People", ("auth", "notifications")),
    ("Looking closer", ("audit", "api", "config", "completion", "version")),
)  # fmt: skip
_WIDTH_MAX = 100


def paint(text: str, style: str) -> str:
    """ANSI colours for stdout where a person looks at it."""
    if environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def heading(text: str) -> str:
    """A section's title."""
    return paint(f"{text}:", "1")


def group_help(words: str) -> str:
    """The help of the root (`""`) or of a group; the table knows enough for it."""
    own = members(words)
    if not words:
        lines = [ROOT_SUMMARY, "", heading("Examples"), *(f"  {each}" for each in ROOT_EXAMPLES)]
        sections = [
            (title, {name: own[name] for name in names if name in own})
            for title, names in ROOT_SECTIONS
        ]
    else:
        lines = [GROUPS[words] + ".", ""]
        lines += [heading("Usage"), f"  tiketi {words} COMMAND [OPTIONS]"]
        sections = [("Commands", own)]
    width = max(len(name) for name in own) + 2
    for title, rows in sections:
        lines += ["", heading(title)]
        lines += [f"  {paint(name.ljust(width), '36')}{text}" for name, text in rows.items()]
    lines += ["", heading("Options of every command")]
    lines += [f"  {paint(flag.ljust(11), '36')}{text}" for flag, text in COMMON_FLAGS.items()]
    start = f"tiketi {words} ".replace("  ", " ")
    lines += ["", f"`{start}COMMAND --help` shows its help with examples."]
    return "\n".join(lines) + "\n"


def command_help(words: str, doc: str, usage: str, parameters: "list[Parameter]") -> str:
    """The help of a command. `doc` is its docstring: a summary, examples, further paragraphs."""
    import textwrap

    examples, text = split_examples(doc)
    summary, *more = text
    lines = [
        *textwrap.wrap(summary, _columns(), break_on_hyphens=False),
        "",
        heading("Examples"),
        *(f"  {example}" for example in examples),
    ]
    lines += ["", heading("Usage"), f"  tiketi {words} {usage}"]
    for paragraph in more:
        lines += ["", *textwrap.wrap(paragraph, _columns(), break_on_hyphens=False)]
    for title in ("Arguments", "Options", "Options of every command"):
        rows = [parameter for parameter in parameters if parameter.section == title]
        if rows:
            lines += ["", heading(title), *_rows(rows)]
    return "\n".join(lines) + "\n"


def split_examples(doc: str) -> tuple[list[str], list[str]]:
    """The second paragraph of a docstring, line by line, and the others, each as one line."""
    paragraphs = [part for part in doc.split("\n\n") if part.strip()]
    examples = [line.strip() for part in paragraphs[1:2] for line in part.splitlines()]
    return examples, [" ".join(part.split()) for part in (*paragraphs[:1], *paragraphs[2:])]


def _rows(parameters: "list[Parameter]") -> list[str]:
    import textwrap

    width = min(max(len(parameter.names) for parameter in parameters) + 2, 34)
    room = max(30, _columns() - width - 2)
    lines = []
    for parameter in parameters:
        first, *others = textwrap.wrap(parameter.help, room) or [""]
        if len(parameter.names) + 2 > width:
            lines += [f"  {paint(parameter.names, '36')}", f"  {'':{width}}{first}"]
        else:
            lines.append(f"  {paint(parameter.names.ljust(width), '36')}{first}")
        lines += [f"  {'':{width}}{other}" for other in others]
    return lines


def _columns() -> int:
    """How wide help may be: as the terminal, where there is one, and never wider than reads well."""
    try:
        return min(get_terminal_size().columns, _WIDTH_MAX) if sys.stdout.isatty() else _WIDTH_MAX
    except OSError:
        return _WIDTH_MAX
