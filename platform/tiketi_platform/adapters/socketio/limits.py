"""Every limit of the sockets, named with its unit; enforces none by itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What sockets may cost one process."""

    connections_max: int = 20_000
    """More are answered 503 at the handshake."""
    message_bytes_max: int = 8_192
    """One message from a client; a larger one ends its connection."""
    ping_every_s: int = 25
    """A client that has not answered one ping when the next is due is gone."""
    pong_within_s: int = 25
    """What clients are told of it: how long after its time they may wait for a ping."""
    connect_within_s: float = 10.0
    """A connection that has not joined the namespace by then is closed."""
    buffer_bytes_max: int = 64 * 1024
    """Unsent bytes of one socket above which broadcasts skip it, until it has caught up."""
    unsent_bytes_max: int = 256 * 1024
    """Unsent bytes of one socket above which it is cut."""
    behind_s_max: float = 20.0
    """A socket that broadcasts had to skip for so long is cut."""
    polling_packets_max: int = 64
    """Packets kept for a client of the polling transport between two of its requests."""
    broadcast_chunk_count: int = 100
    """Sockets written to before requests have their turn."""
    turns_count: int = 32
    """Handshakes and requests begun in one turn of the loop; more wait for the next, so that a burst of
    thousands keeps nobody else waiting for seconds."""
    close_linger_s: float = 2.0
    """How long the last bytes of a closed connection may take."""
