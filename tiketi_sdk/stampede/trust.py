"""Says why a run's numbers cannot be believed, if so: the generator must not be what was measured."""

from typing import Final

from tiketi_sdk.stampede.results import Results

SHARE_MAX: Final = 0.25
"""The generator's own lateness (p99) may be this part of the time it reports (p99) …"""
LAG_FREE_MS: Final = 150.0
"""… or this much, whichever is more: two cores shared with the platform itself cannot do better."""
CPU_PERCENT_MAX: Final = 95.0
"""Of one core, over the whole run: a generator at its limit measures itself."""
LOCAL_ERRORS_SHARE_MAX: Final = 0.001


def doubts(results: Results) -> tuple[str, ...]:
    """Reasons not to trust the run, in words; none: the numbers stand."""
    return tuple(reason for reason in _reasons(results) if reason)


def _reasons(results: Results) -> list[str]:
    health = results.health
    enter = results.step("queue.enter")
    enter_ms = enter.percentiles_ms[3] if enter else 0.0
    reply_ms = results.last.reply_ms[3]
    requests_count = max(1, results.last.requests_count)
    return [
        _unfinished(results),
        _late("visits started late", health.late_ms[3], "entering", enter_ms),
        _late("the generator's loop was late", health.lag_ms[3], "answers", reply_ms),
        (
            f"the generator burnt {health.cpu_percent:.0f} % of a core all through: it was the limit"
            if health.cpu_percent > CPU_PERCENT_MAX
            else ""
        ),
        f"the scenario itself failed: {'; '.join(health.crashes)}" if health.crashes else "",
        (
            f"{health.local_errors_count:,} requests could not be started by this machine"
            if health.local_errors_count > LOCAL_ERRORS_SHARE_MAX * requests_count
            else ""
        ),
    ]


def _unfinished(results: Results) -> str:
    unfinished_count = results.outcomes.get("unfinished", 0)
    if unfinished_count:
        return f"{unfinished_count:,} visits were not over when the run ended"
    ended_count = sum(results.outcomes.values())
    if ended_count != results.users_count:
        return f"{results.users_count:,} visitors came, {ended_count:,} endings were counted"
    return ""


def _late(what: str, late_ms: float, whose: str, measured_ms: float) -> str:
    allowed_ms = max(LAG_FREE_MS, SHARE_MAX * measured_ms)
    if late_ms <= allowed_ms:
        return ""
    return f"{what}: p99 {late_ms:.0f} ms, where {whose} took p99 {measured_ms:.0f} ms"
