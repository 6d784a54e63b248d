"""What the event service is made of, put together from opened resources; opens nothing itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tiketi_core.event.use_cases import Catalogue, Gallery, NewsDesk
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId
from tiketi_platform.adapters.images.darkroom import PillowDarkroom
from tiketi_platform.adapters.images.stores import ClosingStore, store_of
from tiketi_platform.adapters.postgres.event import PostgresEvents
from tiketi_platform.adapters.postgres.news import PostgresNews
from tiketi_platform.adapters.postgres.pictures import PostgresPictures
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.redis.changes import ChangeFeed
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.services.event.reads import Reads
from tiketi_platform.services.event.timer import StatusTimer

EVENTS = "events"
"""What every listing of events is about, as the feed of changes names it."""
NEWS = "news"


def about(event_id: EventId) -> str:
    """What an answer about one event is about."""
    return f"event:{event_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventService:
    """The catalogue, ready to serve."""

    catalogue: Catalogue
    news: NewsDesk
    gallery: Gallery
    darkroom: PillowDarkroom
    store: ClosingStore
    images_url: str
    reads: Reads
    feed: ChangeFeed
    timer: StatusTimer
    database: Database
    clock: Clock

    async def start(self) -> None:
        """Run once before the first request."""
        await self.catalogue.reindex()
        self.feed.start()
        self.timer.start()

    async def stop(self) -> None:
        """Run once after the last."""
        await self.timer.stop()
        await self.feed.stop()
        await self.darkroom.close()
        await self.store.close()

    async def changed(self, *what: str) -> None:
        """Something was changed, or may have been: forget what was said of it, here and elsewhere."""
        self.reads.forget(frozenset(what))
        await self.feed.say(what)

    async def events_changed(self, event_ids: Iterable[EventId]) -> None:
        """These events look different now; the clock may change them at another time, too."""
        await self.changed(EVENTS, *(about(event_id) for event_id in event_ids))
        self.timer.aim()


def build(resources: Resources) -> EventService:
    """The event service; raises ValueError where the settings name no store for images."""
    clock, database = resources.clock, resources.database
    catalogue = Catalogue(PostgresEvents(database), clock)
    reads = Reads(clock)
    darkroom, store = PillowDarkroom(), store_of(resources.settings)

    def heard(what: frozenset[str] | None) -> None:
        reads.forget(what)
        if what is None or EVENTS in what:
            timer.aim()

    async def announced(event_ids: Sequence[EventId]) -> None:
        what = (EVENTS, *(about(event_id) for event_id in event_ids))
        reads.forget(frozenset(what))
        await feed.say(what)

    feed = ChangeFeed(resources.redis, "event", heard)
    timer = StatusTimer(catalogue.settle_due, announced, clock)
    return EventService(
        catalogue=catalogue,
        news=NewsDesk(PostgresNews(database), clock),
        gallery=Gallery(
            darkroom=darkroom, store=store, books=PostgresPictures(database), clock=clock
        ),
        darkroom=darkroom,
        store=store,
        images_url=resources.settings.images_url.rstrip("/"),
        reads=reads,
        feed=feed,
        timer=timer,
        database=database,
        clock=clock,
    )
