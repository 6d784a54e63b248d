"""What goes to Redis and what comes back, typed; it narrows replies and never converts them silently."""

from collections.abc import Sequence
from typing import TypeAlias

from tiketi_platform.adapters.redis.errors import RedisProtocolError, RedisReplyError

Argument: TypeAlias = str | int | float | bytes
"""One word of a command; text goes out as UTF-8."""

Reply: TypeAlias = "int | bytes | Sequence[Reply] | RedisReplyError | None"
"""One RESP2 reply. Text and status replies are bytes; an error inside of an array is its exception."""


def _unexpected(reply: Reply, wanted: str) -> RedisProtocolError:
    return RedisProtocolError(f"expected {wanted} from Redis, got {type(reply).__name__}")


def integer(reply: Reply) -> int:
    """The integer a reply is. Raises RedisProtocolError for anything else."""
    if isinstance(reply, int):
        return reply
    raise _unexpected(reply, "an integer")


def bulk(reply: Reply) -> bytes:
    """The bytes a reply is. Raises RedisProtocolError for anything else, nil included."""
    if isinstance(reply, bytes):
        return reply
    raise _unexpected(reply, "bytes")


def bulk_or_none(reply: Reply) -> bytes | None:
    """The bytes a reply is, or None for nil."""
    return None if reply is None else bulk(reply)


def array(reply: Reply) -> Sequence[Reply]:
    """The items of an array reply. Raises RedisProtocolError for anything else."""
    if isinstance(reply, list):
        return reply
    raise _unexpected(reply, "an array")


def integers(reply: Reply) -> list[int]:
    """An array of integers, as most of our scripts return."""
    return [integer(item) for item in array(reply)]


def bulks(reply: Reply) -> list[bytes]:
    """An array of byte strings."""
    return [bulk(item) for item in array(reply)]
