"""Moments cross between milliseconds and datetimes without losing any."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi_platform.framework.moments import to_instant, to_ms

ENDS_MS = (to_ms(datetime.min.replace(tzinfo=UTC)), to_ms(datetime.max.replace(tzinfo=UTC)))


@given(st.integers(*ENDS_MS))
def test_there_and_back(at_ms: int) -> None:
    assert to_ms(to_instant(at_ms)) == at_ms
    assert to_instant(at_ms).tzinfo is UTC


def test_what_is_below_a_millisecond_is_cut_off() -> None:
    at = datetime(2026, 11, 23, 19, 0, 0, 999_999, timezone(timedelta(hours=9)))
    assert to_ms(at) % 1000 == 999
    assert to_instant(to_ms(at)) == at.replace(microsecond=999_000)


def test_a_moment_has_a_time_zone() -> None:
    with pytest.raises(TypeError):
        to_ms(datetime(2026, 11, 23))  # noqa: DTZ001  # that is the point
