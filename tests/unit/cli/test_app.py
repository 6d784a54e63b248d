"""The root: fast, helpful about mistakes, and complete in the shell."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tiketi_cli.app import split
from tiketi_cli.completion import SCRIPTS
from tiketi_cli.table import COMMANDS, GROUPS, members

HEAVY = {"typer", "rich", "httpx", "pydantic", "asyncio", "tiketi_sdk", "tiketi_platform"}


def _loaded_by(*arguments):
    program = (
        "import sys, json; from tiketi_cli.app import main; status = main(sys.argv[1:]);"
        "print(json.dumps([status, *sorted({n.partition('.')[0] for n in sys.modules})]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    status, *modules = json.loads(answer.stdout.splitlines()[-1])
    return status, set(modules)


@pytest.mark.parametrize("words", ["", *GROUPS])
def test_help_of_root_and_groups_loads_nothing_heavy(words):
    status, modules = _loaded_by(*words.split(), "--help")
    assert status == 0
    assert modules & HEAVY == set()


def test_a_verbs_help_loads_neither_client_nor_platform():
    status, modules = _loaded_by("points", "charge", "--help")
    assert status == 0
    assert modules & {"httpx", "rich", "tiketi_platform", "aiohttp"} == set()


def test_root_help_names_everything(tiketi):
    shown = tiketi("--help")
    assert shown.status == 0
    assert tiketi().out == shown.out
    for name, line in members("").items():
        assert name in shown.out
        assert line in shown.out


@pytest.mark.parametrize("words", GROUPS)
def test_group_help_names_its_verbs(tiketi, words):
    shown = tiketi(*words.split())
    assert shown.status == 0
    for name, line in members(words).items():
        assert name in shown.out
        assert line in shown.out


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["pionts", "balance"], "`tiketi points`"),
        (["queue", "entr", "1"], "`tiketi queue enter`"),
        (["config", "profiles", "lst"], "`tiketi config profiles list`"),
        (["staus"], "`tiketi status`"),
        (["--json", "evnts"], "`tiketi events`"),
    ],
)
def test_unknown_command_suggests_the_nearest(tiketi, arguments, nearest):
    ended = tiketi(*arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert nearest in ended.err


def test_unknown_root_option_shows_the_help_as_a_mistake(tiketi):
    ended = tiketi("--nonsense")
    assert ended.status == 2
    assert ended.out == ""
    assert "Examples:" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words", "rest"),
    [
        (["points", "charge", "10000"], "points charge", ["10000"]),
        (["--json", "points", "balance"], "points balance", ["--json"]),
        (["--profile", "up", "auth", "me"], "auth me", ["--profile", "up"]),
        (["auth", "--url", "http://x", "me", "-v"], "auth me", ["--url", "http://x", "-v"]),
        (["config", "profiles", "list"], "config profiles list", []),
        (["api", "GET", "/api/events"], "api", ["GET", "/api/events"]),
        (["queue"], "queue", []),
    ],
)
def test_words_are_found_among_options(arguments, words, rest):
    assert split(arguments) == (words, rest)


def test_bad_arguments_are_usage_errors(tiketi):
    for arguments in (
        ("points", "charge"),
        ("points", "charge", "much"),
        ("points", "charge", "99"),
        ("events", "show", "0"),
        ("queue", "policy", "1", "--state", "ajar"),
        ("events", "list", "--nonsense"),
        ("reservations", "create", "1"),
        ("reservations", "create", "1", "--seat", "1", "--best", "1"),
        ("reservations", "create", "1", "--seat", "1", "--section", "VIP"),
        ("events", "create", "T", "--artist", "A", "--venue", "V", "--on-sale-at", "soon"),
        ("api", "GET", "/nowhere"),
        ("api", "POST", "/api/queue/enter", "--data", "{"),
        ("api", "POST", "/api/queue/enter", "--data", "@/no/such/file"),
    ):
        ended = tiketi(*arguments)
        assert ended.status == 2, arguments
        assert ended.out == "", arguments
        assert ended.err.startswith("error: "), arguments
        assert len(ended.err.splitlines()) == 2, "what is wrong, and what to do"


def test_version(tiketi):
    assert tiketi("version").out == tiketi("--version").out
    assert tiketi("version", "--json").json.keys() == {"tiketi", "python"}


def _complete(tiketi, monkeypatch, *arguments):
    monkeypatch.setenv("_TIKETI_COMPLETE", "1")  # how the shell asks
    return tiketi(*arguments).out.split()


def test_completion_of_words(tiketi, monkeypatch):
    assert _complete(tiketi, monkeypatch, "po") == ["points"]
    assert _complete(tiketi, monkeypatch, "points", "") == ["charge", "balance", "history"]
    assert _complete(tiketi, monkeypatch, "config", "profiles", "u") == ["use"]
    assert _complete(tiketi, monkeypatch, "--") == ["--help"]
    first = {name.split()[0] for name in COMMANDS}
    assert set(_complete(tiketi, monkeypatch, "")) == first


def test_completion_of_options_and_values(tiketi, monkeypatch):
    assert _complete(tiketi, monkeypatch, "points", "charge", "--t") == ["--token"]
    assert "--json" in _complete(tiketi, monkeypatch, "points", "charge", "1", "--")
    on_sale = _complete(tiketi, monkeypatch, "events", "list", "--status", "on")
    assert on_sale == ["on_sale"]
    assert _complete(tiketi, monkeypatch, "completion", "") == ["bash", "zsh", "fish"]
    assert _complete(tiketi, monkeypatch, "auth", "me", "--profile", "") == ["local"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_completion_script_asks_us(tiketi, shell):
    assert "_TIKETI_COMPLETE=1 tiketi" in tiketi("completion", shell).out


def test_bash_completes_through_the_script(tiketi):
    """The script is what bash runs; its own words are handed to us and our answers back."""
    bin_folder = sys.executable.rpartition("/")[0]
    program = f"""
    PATH={bin_folder}:$PATH
    eval "$(tiketi completion bash)"
    COMP_WORDS=(tiketi seats ge) COMP_CWORD=2
    _tiketi
    echo "${{COMPREPLY[@]}}"
    """
    answer = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "generate"


def test_a_closed_pipe_is_quiet():
    program = f"{sys.executable} -m tiketi_cli --help | head -n 1"
    answer = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("Operate")
    assert answer.stderr == ""


@pytest.mark.parametrize("words", ["", "points", "points charge"])
def test_help_may_be_said_first(tiketi, words):
    assert tiketi("help", *words.split()) == tiketi(*words.split(), "--help")


def test_a_profile_that_is_not_there_is_made_by_a_command(tiketi):
    ended = tiketi("auth", "me", "--profile", "kim")
    assert "no profile 'kim'" in ended.err
    assert "tiketi config profiles set NAME" in ended.err


def test_a_word_that_is_none_of_the_choices_is_named_without_the_librarys_words(tiketi):
    ended = tiketi("auth", "users", "role", "2", "boss")
    assert ended.status == 2
    assert "'boss' is not one of 'user', 'admin'" in ended.err
    assert "Value error" not in ended.err
