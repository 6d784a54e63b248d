"""How a script with the synchronous client looks to mypy; checked, never run."""

from __future__ import annotations

from typing import assert_type

from tiketi_sdk import Tiketi
from tiketi_sdk.contract.queue import Place


def wait(client: Tiketi, event_id: int) -> int:
    place = client.queue.enter(event_id)
    assert_type(place, Place)
    return place.position


def mistakes(client: Tiketi) -> None:
    client.queue.enter("42")  # type: ignore[arg-type]
    client.queue.enter(42).seat  # type: ignore[attr-defined]
