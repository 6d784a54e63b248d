"""`client.watch(event_id)`: a waiting room as it moves, over Socket.IO where that works and by polling where not.

Needs the extra `realtime` for the sockets (python-socketio and aiohttp, imported when first used); without it,
or where a server or a proxy refuses sockets, the same updates come by polling. Nothing here decides who
is admitted, and losing a connection loses no place.
"""

from tiketi_sdk.realtime.blocking import Watch
from tiketi_sdk.realtime.watch import AsyncWatch, Update

__all__ = ["AsyncWatch", "Update", "Watch"]
