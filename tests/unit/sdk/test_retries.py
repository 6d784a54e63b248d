"""Whether and when to try again is a pure function of policy, error and chance."""

from __future__ import annotations

import pytest

from tiketi_sdk import errors
from tiketi_sdk.retries import RetryPolicy, wait_s

POLICY = RetryPolicy(retries_max=3, backoff_s=0.2, backoff_s_max=1.0, retry_after_s_max=60)


def api(code, status=503, retry_after_s=None):
    return errors.class_for(code, status)(
        "d", status=status, code=code, retry_after_s=retry_after_s
    )


def wait(error, *, attempt_count=1, repeatable=True, chance=0.5):
    return wait_s(POLICY, error, attempt_count=attempt_count, repeatable=repeatable, chance=chance)


@pytest.mark.parametrize(
    ("error", "repeatable", "again"),
    [
        (errors.ConnectError("x"), True, True),
        (errors.ConnectError("x"), False, True),  # nothing was sent
        (errors.RequestTimeoutError("x"), True, True),
        (errors.RequestTimeoutError("x"), False, False),
        (errors.ConnectionLostError("x"), False, False),
        (errors.InvalidAnswerError("x"), False, False),
        (api("unavailable"), True, True),
        (api("unavailable"), False, False),
        (api("gateway_unavailable"), True, True),
        (api("rate_limited", 429), True, True),
        (api("rate_limited", 429), False, False),
        (api("waiting_room_full", 429), True, False),
        (api("idempotency_in_flight", 409), True, True),
        (api("seat_taken", 409), True, False),
        (api("internal", 500), True, True),
        (api("internal", 500), False, False),
        (api("invalid_request", 400), True, False),
        (errors.WaitTimeoutError("x"), True, False),
    ],
)
def test_which_errors_pass(error, repeatable, again):
    assert (wait(error, repeatable=repeatable) is not None) is again


def test_the_number_of_attempts_is_bounded():
    waits = [wait(api("unavailable"), attempt_count=count) for count in (1, 2, 3, 4)]
    assert waits == [0.1, 0.2, 0.4, None]


def test_the_jitter_is_full_and_the_wait_bounded():
    policy = RetryPolicy(retries_max=100, backoff_s=0.2, backoff_s_max=1.0)
    error = api("unavailable")
    for count in range(1, 101):
        low, high = (
            wait_s(policy, error, attempt_count=count, repeatable=True, chance=chance)
            for chance in (0.0, 0.999)
        )
        assert low == 0
        assert high is not None
        assert high < 1.0


def test_retry_after_is_the_least_wait():
    assert wait(api("unavailable", retry_after_s=7), chance=0.0) == 7
    assert wait(api("unavailable", retry_after_s=60), chance=0.0) == 60
    assert wait(api("unavailable", retry_after_s=61)) is None


def test_no_retries_at_all():
    policy = RetryPolicy(retries_max=0)
    error = errors.ConnectError("x")
    assert wait_s(policy, error, attempt_count=1, repeatable=True, chance=0.5) is None
