"""Everything that can go wrong between us and Redis, as one tree; what it means to a user is not said here.

RedisError
├── RedisUnavailable      no connection, or it broke while the reply was owed
├── RedisTimeout          no reply within the deadline
├── RedisOverloaded       too many commands in flight; this one was refused unsent
├── RedisProtocolError    bytes that are not a reply, or a reply of another shape than the caller's
└── RedisReplyError       the server answered with an error
    ├── RedisNoScript     the server does not know the script; it did not run
    └── RedisMoved        the server is a node of a Redis Cluster, which we do not speak to
"""

# ruff: noqa: N818 - the root carries the word Error; a leaf says what happened


class RedisError(Exception):
    """Redis did not do, or did not confirm, what it was asked."""

    sent: bool = True
    """False: the command surely did not run. True: it may have run, nobody knows."""

    def __init__(self, detail: str, *, sent: bool | None = None) -> None:
        super().__init__(detail)
        if sent is not None:
            self.sent = sent


class RedisUnavailable(RedisError):
    """There is no connection to Redis, or it broke before the reply came."""


class RedisTimeout(RedisError):
    """Redis did not answer within the deadline."""


class RedisOverloaded(RedisError):
    """As many commands as allowed are already waiting for Redis."""

    sent = False


class RedisProtocolError(RedisError):
    """What came over the connection is not the reply that was expected."""


class RedisReplyError(RedisError):
    """Redis refused the command."""

    @property
    def prefix(self) -> str:
        """The first word of the server's message: `WRONGTYPE`, `READONLY`, `ERR`."""
        return str(self.args[0]).partition(" ")[0]


class RedisNoScript(RedisReplyError):
    """The server does not have this script, so nothing ran."""

    sent = False


class RedisMoved(RedisReplyError):
    """The key lives on another node of a Redis Cluster; nothing ran."""

    sent = False


_BY_PREFIX: dict[str, type[RedisReplyError]] = {
    "NOSCRIPT": RedisNoScript,
    "MOVED": RedisMoved,
    "ASK": RedisMoved,
    "CLUSTERDOWN": RedisMoved,
}


def reply_error(message: str) -> RedisReplyError:
    """The exception for an error reply, by its first word."""
    return _BY_PREFIX.get(message.partition(" ")[0], RedisReplyError)(message)
