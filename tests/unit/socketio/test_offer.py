"""A broadcast goes to many: what one of them is in the middle of does not concern the others."""

from types import SimpleNamespace
from typing import Any

from tiketi_platform.adapters.socketio.frames import event_frame
from tiketi_platform.adapters.socketio.limits import Limits
from tiketi_platform.adapters.socketio.socket import Socket


class _Closing:
    """A transport that was aborted; its reader has not been told yet."""

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, _wire: bytes) -> None:
        raise RuntimeError("the handler is closed")


def test_a_connection_that_is_closing_is_passed_over() -> None:
    engine: Any = SimpleNamespace(limits=Limits())
    socket = Socket(engine, "sid", polls=False)
    closing: Any = _Closing()
    socket.transport = closing
    socket.offer(event_frame("/queue", "line", b"{}"), now_s=0.0)
    assert socket.behind_since_s is None
