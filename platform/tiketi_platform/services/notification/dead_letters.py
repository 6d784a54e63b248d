"""What was given up, and trying it anew: deliveries no channel took, and messages that could not be applied."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from tiketi_core.notification.errors import DeliveryNotFoundError
from tiketi_platform.adapters.redis.bus import DeadLetter
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.cursors import from_cursor, to_cursor
from tiketi_platform.services.notification.service import GROUP, NotificationService
from tiketi_platform.services.notification.translate import to_dead_delivery
from tiketi_sdk.contract import notification
from tiketi_sdk.contract.fields import ID_MAX, Page

_LIST: Final = "dead-deliveries"


async def list_dead_letters(
    service: NotificationService, call: Call[notification.ListDeadLettersRequest]
) -> Page[notification.DeadLetter]:
    """Messages on the first page, before the deliveries; they are few, or something is very wrong."""
    body = call.body
    messages: list[notification.DeadLetter] = []
    if body.cursor is None:
        for publisher in service.dead_sources:
            found = await service.dead.dead_letters(publisher, GROUP, limit=body.limit)
            messages += [_to_wire(publisher, each) for each in found]
    below_id = ID_MAX if body.cursor is None else from_cursor(_LIST, body.cursor)
    rows = await service.deliveries.failed(below_id=below_id, limit=body.limit + 1)
    deliveries = [to_dead_delivery(row) for row in rows[: body.limit]]
    more = len(rows) > body.limit
    return Page(
        items=(*messages, *deliveries),
        next_cursor=to_cursor(_LIST, rows[body.limit - 1]["id"]) if more else None,
    )


async def replay(
    service: NotificationService, call: Call[notification.ReplayRequest]
) -> notification.Replayed:
    """Messages are heard again, which changes nothing of those that were; deliveries become due."""
    ids = call.body.ids
    count = await service.deliveries.replay(None if ids is None else _delivery_ids(ids))
    for publisher in service.dead_sources:
        count += await _hear_again(service, publisher, ids)
    if ids is not None and count == 0:
        raise DeliveryNotFoundError
    service.wake()
    return notification.Replayed(count=count)


async def _hear_again(
    service: NotificationService, publisher: str, ids: Sequence[str] | None
) -> int:
    count = 0
    found = await service.dead.dead_letters(publisher, GROUP, limit=notification.DEAD_LETTERS_MAX)
    for letter in found:
        wanted = ids is None or f"message:{publisher}:{letter.id}" in ids
        if letter.message is None or not wanted:
            continue
        try:
            await service.hear([letter.message])
        except (TypeError, KeyError):
            continue  # still as wrong as it was, so it stays
        await service.dead.forget_dead(publisher, GROUP, [letter.id])
        count += 1
    return count


def _delivery_ids(ids: Sequence[str]) -> list[int]:
    return [
        min(int(each.removeprefix("delivery:")), ID_MAX)
        for each in ids
        if each.startswith("delivery:")
    ]


def _to_wire(publisher: str, letter: DeadLetter) -> notification.DeadLetter:
    message = letter.message
    user_id = None if message is None else message.payload.get("user_id")
    return notification.DeadLetter(
        id=f"message:{publisher}:{letter.id}",
        kind="message",
        message_id=None if message is None else message.id,
        message_name=None if message is None else message.name,
        user_id=user_id if isinstance(user_id, int) else None,
        reason=letter.reason,
        attempt_count=letter.attempts_count,
        at=datetime.fromtimestamp(letter.at_ms / 1000, UTC),
    )
