"""What a run makes of a load process that has ended its part."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.stampede.made import results
from tiketi_sdk.stampede import LoadError, LoadProcess, Plan, Renewal

PLAN = Plan(event_id=7, urls={}, users_count=1)
RENEWAL = Renewal(every_s=0.0, tokens=lambda: {1: "new"})


class Stdin:
    """A pipe that takes so many lines; then its other end is closed."""

    def __init__(self, lines_max: int) -> None:
        self._left = lines_max

    def write(self, line: bytes) -> None:
        if not self._left:
            raise BrokenPipeError
        self._left -= 1

    def flush(self) -> None:
        return


def load_that_told(*lines: dict[str, Any] | None, lines_max: int) -> LoadProcess:
    load = LoadProcess()
    load._process = cast("Any", SimpleNamespace(stdin=Stdin(lines_max)))
    for line in lines:
        load._lines.put(line)
    return load


def test_new_tokens_that_nobody_takes_any_more_lose_no_results():
    made = results()
    progress = {"kind": "progress", "progress": made.to_json()["timeline"][0]}
    told = [progress, {"kind": "results", "results": made.to_json()}]
    load = load_that_told(*told, lines_max=1)
    assert list(load.run(PLAN, [], renewal=RENEWAL)) == [made.timeline[0], made]


def test_a_process_that_ended_without_results_is_still_an_error():
    progress = {"kind": "progress", "progress": results().to_json()["timeline"][0]}
    load = load_that_told(progress, None, lines_max=1)
    with pytest.raises(LoadError, match="without results"):
        list(load.run(PLAN, [], renewal=RENEWAL))


def test_a_job_that_nobody_takes_is_an_error():
    with pytest.raises(LoadError, match="listens no more"):
        list(load_that_told(lines_max=0).run(PLAN, []))
