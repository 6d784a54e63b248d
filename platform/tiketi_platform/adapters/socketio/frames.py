"""Encodes a Socket.IO event once, for however many sockets; knows text frames and nothing else."""

import struct
from dataclasses import dataclass
from typing import Final

from engineio.packet import MESSAGE, Packet

_TEXT: Final = 0x81
_CLOSE_WEBSOCKET: Final = b"\x88\x02\x03\xe8"
"""A close frame that says 1000, normal."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event in both spellings; sockets share it."""

    wire: bytes
    """A whole websocket frame, unmasked as servers send it."""
    packet: Packet
    """For the polling transport; its encoding is remembered in it."""


def text_frame(text: str) -> bytes:
    """A websocket frame around a text (RFC 6455, 5.2)."""
    body = text.encode()
    length = len(body)
    if length < 126:
        return bytes((_TEXT, length)) + body
    if length < 65_536:
        return struct.pack("!BBH", _TEXT, 126, length) + body
    return struct.pack("!BBQ", _TEXT, 127, length) + body


def event_frame(namespace: str, event: str, payload: bytes) -> Frame:
    """An event with one argument that is JSON already."""
    packet = Packet(MESSAGE, f'2{namespace},["{event}",{payload.decode()}]')
    return Frame(text_frame(packet.encode()), packet)


PING: Final = text_frame("2")
FAREWELL: Final = text_frame("1") + _CLOSE_WEBSOCKET
