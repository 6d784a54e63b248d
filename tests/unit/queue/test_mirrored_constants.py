"""What the scripts of the waiting room and its pure rules must both know is the same number in both."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from tiketi_core.kernel import bounds
from tiketi_core.queue import polls
from tiketi_core.queue.model import Phase, RoomState
from tiketi_core.queue.rules import _room, _silence
from tiketi_platform.adapters.redis import ended_sessions
from tiketi_platform.adapters.redis.scripts import SCRIPTS

_LOCAL = re.compile(r"(?m)^local ([A-Z][A-Z_, ]*) = (-?\d+(?:, -?\d+)*)$")
OF_THE_SCRIPTS = {
    "FIELDS": "how a room is packed; the rules pack none",
    "LINES_MAX": "how many lines of the log are one entry; the rules keep lines",
    "TRIM_PAGE": "how the log is read while it is trimmed",
    "TRIM_LINES_MAX": "the same",
}
OF_THE_RULES = {
    "LATE_GRAIN_MS": "written into the formula, which the state machine compares",
}


def in_lua() -> dict[str, int]:
    found: dict[str, int] = {}
    for name, script in SCRIPTS.items():
        if name.startswith("queue/"):
            for names, values in _LOCAL.findall(script.source):
                for each, value in zip(names.split(", "), values.split(", "), strict=True):
                    assert found.setdefault(each, int(value)) == int(value), f"{each} is two things"
    return found


def in_python() -> dict[str, int]:
    modules: tuple[ModuleType, ...] = (polls, _room, _silence)
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int)
    } | {each.name: each.value for kind in (Phase, RoomState) for each in kind}


def test_there_is_something_to_compare():
    assert {"POLL_MS_MAX", "ENTER_WINDOW_MS", "HUSH_MS_MAX", "DRAWN"} <= in_lua().keys()


@pytest.mark.parametrize(
    "name", sorted(in_lua().keys() - OF_THE_SCRIPTS.keys() - {"ENDED_KEPT_MS"})
)
def test_what_the_scripts_know_the_rules_know_too(name):
    assert in_python()[name] == in_lua()[name]


@pytest.mark.parametrize("name", sorted(in_python().keys() - OF_THE_RULES.keys() - {"PAUSED"}))
def test_what_the_rules_know_the_scripts_know_too(name):
    assert in_lua()[name] == in_python()[name]


def test_the_feed_of_ended_sessions_outlives_every_entry_token_and_every_reader():
    kept_s = in_lua()["ENDED_KEPT_MS"] / 1_000
    assert kept_s >= ended_sessions.kept_s > bounds.entry_ttl_s
