"""What a service is made of; a service says these things about itself and nothing more."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiohttp.typedefs import Handler

from tiketi_core.kernel.message import Message
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.relaying import Outbox
from tiketi_platform.framework.routing import Route
from tiketi_platform.framework.telemetry import Gauge

ServiceT = TypeVar("ServiceT")
ResourcesT = TypeVar("ResourcesT")

Listener = Callable[[ServiceT, Sequence[Message]], Awaitable[None]]
"""Applies messages, each at most once (inbox); what it raises makes the bus bring the batch again."""
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work that goes on beside the requests: `work` is called again `every_s` after it ended.

    What it raises is logged and counted, and the next round comes all the same.
    """

    name: str
    every_s: float
    work: Work


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRoute:
    """Another protocol on the service's port: sockets. Neither measured nor drained, but closed at the end."""

    path: str
    answer: Handler
    """Gets every request to `path`, whatever its method."""
    close: Callable[[], Awaitable[None]]
    """Ends what is open when the listener has closed."""


# No slots: Python 3.11 cannot make `ServiceSpec[...](...)` of a generic, frozen class that has them.
@dataclass(frozen=True, kw_only=True)
class ServiceSpec(Generic[ServiceT, ResourcesT]):
    """One of the six services."""

    name: str
    build: Callable[[ResourcesT], ServiceT]
    """Makes the service out of opened resources; opens nothing and awaits nothing itself."""
    routes: Sequence[Route]
    raw_routes: Callable[[ServiceT, TokenVerifier], Sequence[RawRoute]] = field(
        default=lambda _service, _verifier: ()
    )
    schema: str | None = None
    """The PostgreSQL schema it owns; None for a service without one."""
    uses_redis: bool = False
    start: Callable[[ServiceT], Awaitable[None]] | None = None
    """Run once before the first request."""
    stop: Callable[[ServiceT], Awaitable[None]] | None = None
    """Run once after the last request and the last task, while the stores are still open."""
    tasks: Callable[[ServiceT], Sequence[Task]] = field(default=lambda _service: ())
    gauges: Callable[[ServiceT], Sequence[Gauge]] = field(default=lambda _service: ())
    """What `/metrics` says beside requests and tasks."""
    listens: Mapping[str, Listener[ServiceT]] = field(default_factory=dict)
    """Message name → what to do when it comes."""
    outbox: Callable[[ServiceT], Outbox] | None = None
    """Where it writes down what is to be told, if that is not its schema's own table."""


AnySpec = ServiceSpec[Any, Any]
