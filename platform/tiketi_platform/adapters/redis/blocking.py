"""A redis-py client for what must not share the hot path's socket: blocking reads and pub/sub."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tiketi_platform.adapters.redis.address import parse_address
from tiketi_platform.adapters.redis.client import connect_timeout_ms_default, timeout_ms_default

connections_max_default: Final = 64
health_check_interval_s: Final = 15


def blocking_client(
    url: str,
    *,
    block_ms_max: int = 0,
    timeout_ms: int = timeout_ms_default,
    connect_timeout_ms: int = connect_timeout_ms_default,
    connections_max: int = connections_max_default,
    client_name: str = "tiketi",
) -> Redis:
    """A client with a pool of its own; the caller closes it with `aclose()`. Connects on first use.

    `block_ms_max`: the longest BLOCK the caller will ask for, which a read may outlast by `timeout_ms`;
    0 waits for ever, as pub/sub must. Replies are bytes, as the hot path's are. It never retries.
    Raises redis-py's own exceptions (`redis.RedisError`).
    """
    # redis-py's Unix sockets do not know the option, not even as False.
    tcp_only = {} if parse_address(url).path else {"socket_keepalive": True}
    return Redis.from_url(
        url,
        protocol=2,
        client_name=client_name,
        retry=Retry(NoBackoff(), 0),
        max_connections=connections_max,
        socket_timeout=(block_ms_max + timeout_ms) / 1000 if block_ms_max else None,
        socket_connect_timeout=connect_timeout_ms / 1000,
        health_check_interval=health_check_interval_s,
        **tcp_only,
    )
