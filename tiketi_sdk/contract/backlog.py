"""The one operation that every service has: which messages are still under way."""

from tiketi_sdk.contract.operation import Nothing, Operation, Wire


class GroupBacklog(Wire):
    """One consumer group of one stream."""

    stream: str
    group: str
    waiting_count: int
    """Published and not yet read by the group."""
    pending_count: int
    """Read and not yet acknowledged."""
    dead_count: int
    """Given up on: in the group's dead letters."""


class Backlog(Wire):
    """What a service has still to publish and still to apply; all zero means nothing is under way."""

    service: str
    outbox_count: int
    """Written with a change and not yet on the stream."""
    groups: tuple[GroupBacklog, ...]


BACKLOG = Operation(
    name="audit.backlog", method="GET", path="/api/audit/backlog", request=Nothing, response=Backlog,
    access="admin", summary="Which messages this service has still to publish or apply.",
)  # fmt: skip
