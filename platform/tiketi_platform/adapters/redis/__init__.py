"""Redis: one multiplexed connection for the hot path, scripts in Lua files, keys spelled in one place.

Here are the parts every slice uses; Redis Cluster is out: MOVED and ASK are errors, never followed.
"""

from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import (
    RedisError,
    RedisMoved,
    RedisNoScript,
    RedisOverloaded,
    RedisProtocolError,
    RedisReplyError,
    RedisTimeout,
    RedisUnavailable,
)
from tiketi_platform.adapters.redis.replies import Argument, Reply
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.adapters.redis.statuses import Status

__all__ = [
    "Argument",
    "RedisClient",
    "RedisError",
    "RedisMoved",
    "RedisNoScript",
    "RedisOverloaded",
    "RedisProtocolError",
    "RedisReplyError",
    "RedisTimeout",
    "RedisUnavailable",
    "Reply",
    "Scripts",
    "Status",
]
