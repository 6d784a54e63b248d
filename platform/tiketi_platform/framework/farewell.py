"""Whether this process is about to end: said once, seen by every answer. It ends nothing itself."""

from dataclasses import dataclass


@dataclass(slots=True)
class Farewell:
    """While it is said, a service still answers, but is not ready and keeps no connection for later.

    So a balancer stops sending new connections and clients leave by themselves, between two requests:
    a connection closed from here might cut off a request that is already on its way.
    """

    is_said: bool = False
