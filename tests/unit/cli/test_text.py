"""How values look to people, and how people write moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tiketi_cli.errors import UsageError
from tiketi_cli.text import lasting, moment, points, signed_points, without_password, won

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def test_money():
    assert won(1_234_567) == "1,234,567원"
    assert points(0) == "0 P"
    assert signed_points(-5_000) == "-5,000 P"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 01 s"), (3_660, "1 h 01 min"), (90_000, "1 d 01 h")],
)
def test_lasting(seconds, text):
    assert lasting(seconds) == text


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("now", NOW),
        ("+90s", NOW + timedelta(seconds=90)),
        ("+2h", NOW + timedelta(hours=2)),
        ("+30d", NOW + timedelta(days=30)),
        ("2027-05-01T20:00:00+09:00", datetime(2027, 5, 1, 11, tzinfo=UTC)),
    ],
)
def test_moment(text, then):
    assert moment(text, now=NOW) == then


def test_a_moment_without_zone_is_local():
    assert moment("2027-05-01 20:00").tzinfo is not None


@pytest.mark.parametrize("text", ["", "soon", "+h", "+-1d", "2027-13-01"])
def test_bad_moment(text):
    with pytest.raises(UsageError):
        moment(text, now=NOW)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://u:hunter2@h/db", "postgresql://u:…@h/db"),
        ("redis://:hunter2@h:6379", "redis://…@h:6379"),
        ("https://hunter2@h", "https://…@h"),
        ("smtp://u:hun/ter#2@x@h", "smtp://u:…@h"),
        ("postgresql://h/db?user=u&password=hunter2", "postgresql://h/db?user=u&password=…"),
        ("http://127.0.0.1:3001", "http://127.0.0.1:3001"),
        ("kim@example.com", "kim@example.com"),
    ],
)
def test_passwords_in_addresses(value, shown):
    assert without_password(value) == shown
