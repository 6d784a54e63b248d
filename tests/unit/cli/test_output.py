"""Tables as a person sees them on a narrow terminal, Korean letters being two columns wide."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.unit.cli.test_commands import EVENT, RESERVATION
from tiketi_cli.context import Session
from tiketi_cli.output import Output

KOREAN = {
    **EVENT,
    "id": 1_234_567,
    "status": "on_sale",
    "title": "아이유 2027 겨울 콘서트: 우리들의 마지막 밤 🎤",
    "artist": "아이유와 친구들",
    "venue": "서울 올림픽공원 체조경기장 KSPO Dome",
}
COLUMNS = {
    "ID": lambda each: each["id"],
    "Status": lambda each: each["status"],
    "Title": lambda each: each["title"],
    "Venue": lambda each: each["venue"],
    "On sale": lambda _: "2027-05-01 20:00:00",
    "Doors": lambda _: "2027-05-01 20:00:00",
    "Attempts": lambda _: 12,
}


def rows(out):
    """The words of each line, without the ruled and the empty ones."""
    return [line.split() for line in out.splitlines() if line.strip(" ─")]


@pytest.fixture
def on_terminal(monkeypatch):
    """Every output believes that a person looks, at a terminal of so many columns."""

    def make(columns_count):
        # Rich asks the environment before anything else, and there is no other door to a command's output.
        monkeypatch.setenv("COLUMNS", str(columns_count))
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setattr(
            Output, "to_terminal", property(lambda _: True, lambda *_: None), raising=False
        )

    return make


@pytest.mark.parametrize("columns_count", [60, 80, 100, 160])
def test_a_list_keeps_its_ids_whole(on_terminal, capsys, columns_count):
    on_terminal(columns_count)
    Output(as_json=False).items([KOREAN], COLUMNS, right=("ID", "Attempts"))
    out = capsys.readouterr().out
    assert max(cell_len(line) for line in out.splitlines()) <= columns_count
    assert {("ID", "Status"), ("1234567", "on_sale")} <= {tuple(row[:2]) for row in rows(out)}
    shown = "".join(out.split())
    for word in ("12", "아이유", "겨울", "체조경기장"):
        assert all(letter in shown for letter in word)


@pytest.mark.parametrize("title", [KOREAN["title"], "An English title that is rather long as well"])
def test_events_and_reservations_at_80_columns(on_terminal, at_service, service, title):
    on_terminal(80)
    service.says("GET /api/events", {"items": [{**KOREAN, "title": title}], "next_cursor": None})
    service.says("GET /api/reservations", {"items": [RESERVATION], "next_cursor": None})
    events = at_service("events", "list").out
    assert rows(events)[1][:2] == ["1234567", "on_sale"]
    reservations = at_service("reservations", "list").out
    assert rows(reservations)[1][:2] == ["9", "N9RWM-P9CRH"]
    assert max(cell_len(line) for line in (events + reservations).splitlines()) <= 80


def test_a_long_value_is_folded_and_not_cut(on_terminal, capsys):
    on_terminal(80)
    url = "https://images.example.com/" + "0123456789" * 12
    Output(as_json=False).facts({}, {"title": KOREAN["title"], "url": url})
    out = capsys.readouterr().out
    assert max(cell_len(line) for line in out.splitlines()) <= 80
    assert url in "".join(out.split())


@pytest.mark.parametrize("is_person", [True, False])
def test_what_takes_a_while_is_said_at_once_and_to_people_only(monkeypatch, capsys, is_person):
    # Where a command talks to is asked of the stream itself, and a test has none with a person behind it.
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_person)
    with Session().working("recounting event 1"):
        assert capsys.readouterr().err == ("recounting event 1 …" if is_person else "")
    ended = capsys.readouterr()
    assert ended.err == ("\r\x1b[2K" if is_person else "")
    assert ended.out == ""


@pytest.mark.parametrize("words", [["images", "upload"], ["auth", "update", "--image"]])
def test_a_file_that_is_not_there_is_named_once(at_service, words):
    ended = at_service(*words, "no-such.png")
    assert ended.status == 2
    assert "no-such.png: No such file or directory" in ended.err
    assert "Errno" not in ended.err
