"""How a run of steps is told: to programs event by event, to people a line for what was done, kept or failed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tiketi_cli.clustering import StepTeller
from tiketi_sdk.cluster import StepEvent

STORY = [
    StepEvent("push", "Image in the registry", "checking", 0.0),
    StepEvent("push", "Image in the registry", "applying", 0.1, "not there yet"),
    StepEvent("push", "Image in the registry", "progress", 0.2, "Pushed 1a2b"),
    StepEvent("push", "Image in the registry", "done", 1.5, "tiketi:1"),
    StepEvent("nodes", "Kind cluster", "kept", 0.3, "3 nodes Ready"),
    StepEvent("smoke", "Smoke test", "failed", 9.0, "no answer", "the doctor", ("event  Killed",)),
]


def told(*, as_json: bool) -> None:
    teller = StepTeller(SimpleNamespace(json=as_json))  # type: ignore[arg-type]  # all that is asked of a session
    with teller.listening() as listen:
        for event in STORY:
            listen(event)


def test_programs_are_told_everything_each_event_on_a_line(capsys: pytest.CaptureFixture[str]):
    told(as_json=True)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["state"] for each in events] == [each.state for each in STORY]
    assert {each["event"] for each in events} == {"step"}
    assert events[-1]["cure"] == "the doctor"
    assert events[-1]["details"] == ["event  Killed"]


def test_people_are_told_what_came_of_each_step(capsys: pytest.CaptureFixture[str]):
    told(as_json=False)
    said = capsys.readouterr()
    assert said.out == "", "what is talked goes to stderr"
    lines = [line.split() for line in said.err.splitlines()]
    assert [line[2] for line in lines] == ["…", "✓", "=", "✗"]
    assert "tiketi:1" in said.err
    assert "no answer" in said.err
