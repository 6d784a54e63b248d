"""Events in files: a fault refuses the whole file, and the same content is known again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiketi_cli import event_files
from tiketi_cli.errors import UsageError

GOOD = {
    "title": "봄",
    "artist": "싸이",
    "venue": "잠실",
    "starts_at": "2037-05-01 20:00",
    "on_sale_at": "2037-04-01",
}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": None}, "title"),
        ({"좌석": 3}, "좌석"),
        ({"starts_at": "+30d"}, "starts_at"),
        ({"on_sale_at": "now"}, "on_sale_at"),
        ({"on_sale_at": "tomorrow"}, "tomorrow"),
        ({"on_sale_at": 3}, "on_sale_at"),
    ],
)
def test_a_fault_is_named(change: dict[str, object], named: str) -> None:
    assert event_files.fields(GOOD, where="event 1", dates_only=True)["title"] == "봄"
    with pytest.raises(UsageError, match=named):
        event_files.fields({**GOOD, **change}, where="event 1", dates_only=True)


def test_times_may_be_relative_where_a_file_is_read_once() -> None:
    found = event_files.fields({**GOOD, "starts_at": "+30d", "on_sale_at": "now"}, where="f")
    assert found["sale_ends_at"] == found["starts_at"] > found["on_sale_at"]


def test_what_is_no_file_of_events(tmp_path: Path) -> None:
    for content in (b"- [", b"\xff\xfe\x00"):
        (tmp_path / "events.yaml").write_bytes(content)
        with pytest.raises(UsageError):
            event_files.load(tmp_path / "events.yaml")
    with pytest.raises(FileNotFoundError):  # said as every other file that is not there
        event_files.load(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="not an event"):
        event_files.fields([GOOD], where="event 1")


def test_an_event_is_known_by_its_key_or_by_its_content() -> None:
    assert event_files.key_of({**GOOD, "key": "spring-1"}) == "import:spring-1"
    assert event_files.key_of(GOOD) == event_files.key_of(dict(reversed(GOOD.items())))
    assert event_files.key_of(GOOD) != event_files.key_of({**GOOD, "venue": "상암"})
    # A header takes neither of these as they are.
    for key in ("봄-1", "x" * 300, "two words"):
        known = event_files.key_of({**GOOD, "key": key})
        assert known == event_files.key_of({"key": key})
        assert known.isascii()
        assert len(known) < 60
