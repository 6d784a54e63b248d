"""News over the wire: to the core and back, nothing else."""

from tiketi_core.event.model import NewNews, News, NewsChange, NewsPosition
from tiketi_core.kernel.ids import NewsId
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.cursors import place_in, to_cursor
from tiketi_platform.framework.moments import to_instant
from tiketi_platform.framework.routing import bind, encode
from tiketi_platform.services.event.conditions import answered, expected_version
from tiketi_platform.services.event.reads import Read, tag
from tiketi_platform.services.event.service import NEWS, EventService
from tiketi_platform.services.event.translate import to_key
from tiketi_sdk.contract import news as wire
from tiketi_sdk.contract.fields import Page

_LIST = "news"


async def create(service: EventService, call: Call[wire.CreateNewsRequest]) -> Reply:
    body = call.body
    new = NewNews(
        title=body.title, body=body.body, is_pinned=body.is_pinned, image_url=body.image_url
    )
    key = to_key(new, call.user_id, call.idempotency_key)
    try:
        published = await service.news.publish(new, key)
    finally:
        await service.changed(NEWS)
    return _tagged(published)


async def listing(service: EventService, call: Call[wire.ListNewsRequest]) -> Reply:
    body = call.body
    below = None if body.cursor is None else _position(body.cursor)

    async def load(_now_ms: int) -> Read:
        found = await service.news.listing(below, limit=body.limit)
        page = encode(
            Page[wire.NewsItem](
                items=tuple(_to_wire(each) for each in found.news),
                next_cursor=None if found.next is None else _cursor(found.next),
            )
        )
        return Read(page, None, tag(page))

    question = (NEWS, ("list", below, body.limit))
    return answered(await service.reads.get(question, load), call.if_none_match)


async def get(service: EventService, call: Call[wire.NewsRequest]) -> Reply:
    news_id = NewsId(call.body.news_id)

    async def load(_now_ms: int) -> Read:
        found = await service.news.news(news_id)
        content = encode(_to_wire(found))
        return Read(content, None, tag(content, found.version))

    return answered(await service.reads.get((NEWS, news_id), load), call.if_none_match)


async def update(service: EventService, call: Call[wire.UpdateNewsRequest]) -> Reply:
    body = call.body
    change = NewsChange(
        title=body.title, body=body.body, is_pinned=body.is_pinned, image_url=body.image_url
    )
    try:
        changed = await service.news.change(
            NewsId(body.news_id), change, version=expected_version(call.if_match)
        )
    finally:
        await service.changed(NEWS)
    return _tagged(changed)


async def delete(service: EventService, call: Call[wire.NewsRequest]) -> Reply:
    try:
        deleted = await service.news.delete(
            NewsId(call.body.news_id), version=expected_version(call.if_match)
        )
    finally:
        await service.changed(NEWS)
    return _tagged(deleted)


def _tagged(news: News) -> Reply:
    content = encode(_to_wire(news))
    return Reply(content, headers={"ETag": tag(content, news.version)})


def _to_wire(news: News) -> wire.NewsItem:
    return wire.NewsItem(
        id=news.id,
        title=news.title,
        body=news.body,
        is_pinned=news.is_pinned,
        image_url=news.image_url,
        created_at=to_instant(news.created_at_ms),
        updated_at=to_instant(news.updated_at_ms),
        version=news.version,
    )


def _cursor(position: NewsPosition) -> str:
    return to_cursor(_LIST, int(position.is_pinned), position.id)


def _position(cursor: str) -> NewsPosition:
    is_pinned, news_id = place_in(_LIST, cursor, numbers_count=2)
    return NewsPosition(is_pinned > 0, NewsId(news_id))


ROUTES = (
    bind(wire.LIST, listing),
    bind(wire.GET, get),
    bind(wire.CREATE, create),
    bind(wire.UPDATE, update),
    bind(wire.DELETE, delete),
)
