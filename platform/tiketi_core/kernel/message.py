"""The envelope of everything that happened; what is inside one is the contract's business."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiketi_core.kernel.ids import MessageId


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that happened, as it travels: at least once on the wire, applied at most once."""

    id: MessageId
    name: str
    """`payment.completed` and so on; the contract's messages.py lists them with their payloads."""
    payload: Mapping[str, object]
    occurred_at_ms: int
    request_id: str = ""
    """The request that caused it, so that one id can be followed through all six services."""
