"""What the event service is made of, put together from opened resources; opens nothing itself."""

from dataclasses import dataclass

from tiketi_core.event.use_cases import Catalogue
from tiketi_core.kernel.clock import Clock
from tiketi_platform.adapters.postgres.event import PostgresEvents
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.services.event.reads import Reads


@dataclass(frozen=True, slots=True, kw_only=True)
class EventService:
    """The catalogue, ready to serve."""

    catalogue: Catalogue
    reads: Reads
    clock: Clock


def build(resources: Resources) -> EventService:
    """The event service."""
    return EventService(
        catalogue=Catalogue(PostgresEvents(resources.database)),
        reads=Reads(resources.clock),
        clock=resources.clock,
    )
