"""No command without help and an example, none undocumented, none forgotten; after sqlite-utils."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

import tiketi_cli.commands
from tiketi_cli.app import split
from tiketi_cli.cures import NEXT
from tiketi_cli.help import ROOT_EXAMPLES, ROOT_SECTIONS, group_help, split_examples
from tiketi_cli.running import help_of, load
from tiketi_cli.table import ALIASES, COMMANDS, COMMON_FLAGS, GROUPS, location, members
from tiketi_sdk.contract.codes import CODES

FOLDER = Path(tiketi_cli.commands.__path__[0])
ROOT = FOLDER.parent.parent
NO_CURE = {
    *("not_found", "method_not_allowed", "unsupported_media_type", "body_too_large", "internal"),
    *("idempotency_key_required", "google_link_required"),  # the commands see to it
    *("image_invalid", "image_too_large", "image_not_found"),  # the refusal says what is wrong
    *("ticket_invalid", "too_late_to_cancel"),  # nothing can be done
}
CONSUMES_NEXT = re.compile(r"--[a-z-]+$|-[a-z]$")


def test_the_table_is_the_files():
    on_disk = {
        " ".join(path.relative_to(FOLDER).with_suffix("").parts).replace("_", "-")
        for path in FOLDER.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert set(COMMANDS) == on_disk


def test_groups_are_folders():
    on_disk = {
        " ".join(path.parent.relative_to(FOLDER).parts)
        for path in FOLDER.rglob("__init__.py")
        if path.parent != FOLDER
    }
    assert set(GROUPS) == on_disk


def test_every_name_is_in_the_root_help_once():
    shown = [name for _, names in ROOT_SECTIONS for name in names]
    assert sorted(shown) == sorted(set(shown) | {"demo"})
    assert set(members("")) <= set(shown)
    assert set(shown) - set(members("")) <= {"demo"}


@pytest.mark.parametrize("words", ["", *GROUPS])
def test_help_of_groups_fits_80_columns(words):
    assert [line for line in group_help(words).splitlines() if len(line) > 80] == []


def test_aliases_lead_somewhere():
    assert set(ALIASES.values()) <= set(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS)
def test_command_exports_one_function(words):
    module_name, function_name = location(words)
    module = import_module(module_name)
    public = [
        name
        for name, value in vars(module).items()
        if callable(value)
        and getattr(value, "__module__", "") == module_name
        and not name.startswith("_")
        and not isinstance(value, type)
    ]
    assert public == [function_name]


@pytest.mark.parametrize("words", COMMANDS)
def test_command_has_help_that_leads_with_examples(words):
    command, doc = load(words)
    examples, text = split_examples(doc)
    assert text[0].endswith((".", ")."))
    assert examples, "an example says more than a sentence"
    assert f"tiketi {words}" in " ".join(examples) or words in ALIASES.values()
    lines = help_of(words, command, doc).splitlines()
    assert lines[lines.index("") + 1] == "Examples:"
    assert f"  {examples[0]}" in lines
    for flag in COMMON_FLAGS:
        assert any(flag in line for line in lines), flag


@pytest.mark.parametrize("words", COMMANDS)
def test_every_parameter_has_help(words):
    command, _ = load(words)
    for parameter in command.params:
        assert getattr(parameter, "help", ""), parameter.name


@pytest.mark.parametrize("words", COMMANDS)
def test_flags_in_examples_exist(words):
    _, doc = load(words)
    for example in split_examples(doc)[0]:
        _check_example(example)


@pytest.mark.parametrize("example", ROOT_EXAMPLES)
def test_root_examples_exist(example):
    _check_example(example)


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_says_what_to_do_next(code):
    if code in NO_CURE:
        assert code not in NEXT
    else:
        _check_example(NEXT[code])


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_flags_in_documents_exist(name):
    path = ROOT / name
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for block in re.findall(r"```[a-z]*\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            if line.lstrip("$ ").startswith("tiketi ") and "demo" not in line:
                _check_example(line.lstrip("$ ").partition(" #")[0])


def _check_example(example: str) -> None:
    """Each `tiketi …` in it is a command, and each flag that follows is one of that command's."""
    for call in re.findall(r"(?<![\w/.~-])tiketi ([^|;&)<>`]*)", example):
        words, rest = split(
            shlex.split(call, posix=True) if call.count('"') % 2 == 0 else call.split()
        )
        if "--version" in rest or words in GROUPS:
            continue
        assert words in COMMANDS or words in ALIASES, f"{call!r} in {example!r}"
        command, _ = load(words)
        known = {opt for each in command.params for opt in (*each.opts, *each.secondary_opts)}
        flags = {
            each.partition("=")[0] for each in rest if CONSUMES_NEXT.match(each.partition("=")[0])
        }
        assert flags <= known | {"--help"}, f"{flags - known} in {example!r}"
