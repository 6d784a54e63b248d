"""What a person sees of a waiting room, from what was told."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

import pytest

from tiketi_cli.room_view import BAR_WIDTH, SAMPLES_MAX, RoomView, bar, sparkline
from tiketi_sdk.contract.queue import Place, Stats
from tiketi_sdk.contract.realtime import Line
from tiketi_sdk.realtime import Update


def line(**changes):
    told = {
        "event_id": 42,
        "state": "open",
        "front": 10,
        "waiting_count": 1_200,
        "pace_per_s": 20.0,
        "admitted_total": 10,
        "inside_count": 5,
        "capacity": 10,
        "at_ms": 0,
        "ends_per_s": 10.0,
    }
    return Line.model_validate({**told, **changes})


PLACE = Place(event_id=42, state="waiting", position=100, waiting_count=1_200, next_poll_ms=500)


def view_of(*updates):
    view = RoomView(42)
    for update in updates:
        view.take(update)
    return view


def test_a_room_that_is_only_looked_at():
    view = view_of(Update(kind="line", event_id=42, live=True, line=line()))
    assert view.text() == (
        "waiting 1,200  pace 20.0/s  inside 5 of 10  admitted 10  empty in about 2 min 00 s"
    )
    picture = "\n".join("".join(text for text, _ in pieces) for pieces in view.lines())
    assert picture.startswith("event 42  open  live")
    assert "█" * (BAR_WIDTH // 2) + "░" * (BAR_WIDTH // 2) in picture


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_where_nobody_is_let_in_a_line_of_text_and_a_program_are_told(state):
    line_update = {"kind": "line", "event_id": 42, "live": True, "line": line(state=state)}
    assert view_of(Update(**line_update)).text().startswith(f"room {state}  waiting")
    view = view_of(Update(**line_update, place=PLACE, position=100))
    assert view.text().startswith(f"place 100  room {state}  waiting")
    assert (view.data()["state"], view.data()["room_state"]) == ("waiting", state)


def test_who_gathered_is_told_when_the_draw_is_in_a_line_of_text_too():
    opens_at = datetime(2026, 5, 1, 11, tzinfo=UTC)
    place = PLACE.model_copy(update={"state": "gathered", "position": 0, "opens_at": opens_at})
    view = view_of(Update(kind="line", event_id=42, live=True, line=line(), place=place))
    assert view.text().startswith("draw at 2026-05-01 ")


def test_an_administrator_sees_that_a_line_is_held_and_when_it_is_drawn():
    counts = {name: 0 for name in Stats.model_fields if name.endswith(("count", "total", "max"))}
    opens_at = datetime(2026, 5, 1, 11, tzinfo=UTC)
    told = {"event_id": 42, "state": "open", "capacity": 10, "admit_rate_per_s": 0.0}
    told |= {"log_truncated": False, "hushed": True, "draw": "gathering", "opens_at": opens_at}
    stats = Stats.model_validate(told | counts)
    view = RoomView(42)
    view.take(Update(kind="line", event_id=42, live=True, line=line()), stats)
    assert "  held nobody in line is heard  draw at 2026-05-01 " in view.text()
    picture = "\n".join("".join(text for text, _ in pieces) for pieces in view.lines())
    assert "held      nobody in line is heard" in picture


@pytest.mark.parametrize(
    ("position", "ends_per_s", "eta_s"),
    [(5, 10.0, 1.0), (6, 10.0, 1.0), (60, 10.0, 6.0), (5, 0.0, 1.0), (6, 0.0, None)],
)
def test_who_stands_behind_a_full_room_waits_for_sessions_to_end(position, ends_per_s, eta_s):
    assert line(ends_per_s=ends_per_s).eta_s(position) == eta_s


def test_a_title_comes_first_and_the_footer_last():
    view = RoomView(42, "아이유 콘서트")
    for waiting in (5, 1_200):
        view.take(Update(kind="line", event_id=42, live=True, line=line(waiting_count=waiting)))
    drawn = ["".join(text for text, _ in pieces) for pieces in view.lines()]
    assert drawn[0] == "아이유 콘서트  event 42  open  live"
    assert any(each.startswith("waiting") and each.endswith("▁█  most 1,200") for each in drawn)
    assert drawn[-1].endswith("Ctrl-C ends the picture, not the line")


def test_an_own_place_moves_along_its_bar():
    updates = [
        Update(
            kind="line",
            event_id=42,
            live=True,
            place=PLACE,
            line=line(),
            position=at,
            eta_s=at / 20,
        )
        for at in (100, 50)
    ]
    view = view_of(*updates)
    assert view.text().startswith("place 50")
    assert view.text().endswith("about 2 s")
    drawn = ["".join(text for text, _ in pieces) for pieces in view.lines()]
    assert "your place 50   about 2 s" in drawn
    assert drawn[3].count("█") == pytest.approx(BAR_WIDTH / 2, abs=1)


def test_one_flat_object_for_programs():
    update = Update(kind="line", event_id=42, live=True, place=PLACE, line=line(), position=7)
    data = view_of(update).data()
    assert (data["kind"], data["state"], data["position"], data["pace_per_s"]) == (
        "line",
        "waiting",
        7,
        20.0,
    )


def test_before_anything_is_told():
    assert RoomView(42).lines() == [[("connecting…", "dim")]]


def test_sparklines_and_bars_stay_in_their_bounds():
    assert sparkline(deque()) == ""
    assert sparkline(deque([0.0, 0.0])) == "▁▁"
    assert sparkline(deque([0.0, 5.0, 10.0])) == "▁▅█"
    assert bar(-1) == "░" * BAR_WIDTH
    assert bar(7) == "█" * BAR_WIDTH
    view = view_of(*[Update(kind="line", event_id=42, live=True, line=line())] * 100)
    assert len(view._waiting) == SAMPLES_MAX
