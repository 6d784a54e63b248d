"""What an operation remembers of its queries: their words, never anybody's body, and not without end."""

from typing import Any

from tiketi_platform.framework.decoding import REMEMBERED_CHARS_MAX, REMEMBERED_MAX, Decoder
from tiketi_sdk.contract import queue
from tiketi_sdk.contract.operation import Operation


def _remembered(operation: Operation[queue.RoomRequest, Any], *queries: str) -> list[str]:
    decoder = Decoder(operation)
    for number, query in enumerate(queries, start=1):
        decoder.remember(query, queue.RoomRequest(event_id=number))
    return list(decoder.remembered)


def test_a_query_string_is_remembered_where_it_says_it_all() -> None:
    decoder = Decoder(queue.STATUS)
    asked = decoder.decode({}, {"event_id": "5"}, b"")
    decoder.remember("event_id=5", asked)
    assert decoder.remembered == {"event_id=5": asked}


def test_what_also_reads_a_path_or_a_body_remembers_nothing() -> None:
    assert _remembered(queue.STATS, "") == []
    heartbeat = Decoder(queue.HEARTBEAT)
    heartbeat.remember("", heartbeat.decode({}, {}, b'{"event_id":5}'))
    assert heartbeat.remembered == {}


def test_the_oldest_goes_first_and_what_is_long_is_not_kept() -> None:
    queries = [f"event_id={number}" for number in range(REMEMBERED_MAX + 2)]
    assert _remembered(queue.STATUS, *queries) == queries[2:]
    assert _remembered(queue.STATUS, "x" * (REMEMBERED_CHARS_MAX + 1)) == []
