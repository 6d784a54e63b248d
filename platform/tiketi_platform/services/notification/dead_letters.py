"""What was given up, and trying it anew: deliveries no channel took, and messages that could not be applied."""

from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel.message import Message
from tiketi_core.notification.errors import DeliveryNotFoundError, RefusedError
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.cursors import place_in, to_cursor
from tiketi_platform.framework.moments import to_instant
from tiketi_platform.framework.relaying import DeadLetter
from tiketi_platform.services.notification.service import GROUP, NotificationService
from tiketi_platform.services.notification.translate import to_dead_delivery
from tiketi_sdk.contract import notification
from tiketi_sdk.contract.fields import ID_MAX, Page

HEARD_AGAIN_MAX: Final = 5_000
"""When so many messages were heard again, the others are left to the next request."""
PAGE_MAX: Final = 1_000
"""Messages looked at, and heard again, at once."""
_LIST: Final = "dead-letters"
_PLACE_NUMBERS: Final = 4
_UNFIT: Final = (RefusedError, TypeError, KeyError)
"""What a message that is still as wrong as it was makes of hearing it."""

_Place = tuple[int, str | None, int]
"""Where a page begins: which source, below which of its letters, and below which delivery."""
_FIRST: Final[_Place] = (0, None, ID_MAX)


async def list_dead_letters(
    service: NotificationService, call: Call[notification.ListDeadLettersRequest]
) -> Page[notification.DeadLetter]:
    """Messages source by source, then deliveries; each newest first."""
    body = call.body
    source, below, below_id = _FIRST if body.cursor is None else _place(body.cursor)
    items: list[notification.DeadLetter] = []
    while source < len(service.dead_sources) and len(items) < body.limit:
        publisher, left = service.dead_sources[source], body.limit - len(items)
        found = await service.dead.dead_letters(publisher, GROUP, limit=left, below=below)
        items += [_to_wire(publisher, each) for each in found]
        if len(found) == left:
            return Page(items=tuple(items), next_cursor=_cursor(source, found[-1].id, below_id))
        source, below = source + 1, None
    left = body.limit - len(items)
    rows = await service.deliveries.failed(below_id=below_id, limit=left + 1)
    items += [to_dead_delivery(row) for row in rows[:left]]
    if left > 0 and len(rows) > left:
        below_id = rows[left - 1]["id"]
    more = len(rows) > left
    return Page(
        items=tuple(items),
        next_cursor=_cursor(len(service.dead_sources), None, below_id) if more else None,
    )


def _cursor(source: int, below: str | None, below_id: int) -> str:
    at_ms, _, number = (below or "0-0").partition("-")
    if not (at_ms.isdecimal() and number.isdecimal()):
        # A letter of SQS: those have no order, so there is nothing below it.
        return to_cursor(_LIST, source + 1, 0, 0, below_id)
    return to_cursor(_LIST, source, int(at_ms), int(number), below_id)


def _place(cursor: str) -> _Place:
    source, at_ms, number, below_id = place_in(_LIST, cursor, numbers_count=_PLACE_NUMBERS)
    return source, f"{at_ms}-{number}" if at_ms else None, below_id


async def replay(
    service: NotificationService, call: Call[notification.ReplayRequest]
) -> notification.Replayed:
    """Messages are heard again, which changes nothing of those that were; deliveries become due."""
    ids, more = call.body.ids, False
    if ids is None:
        count = await service.deliveries.replay(None)
        heard_count, more = await _hear_all_again(service)
    else:
        count = await service.deliveries.replay(_delivery_ids(ids))
        heard_count = await _hear_named_again(service, ids)
    count += heard_count
    if ids is not None and count == 0:
        raise DeliveryNotFoundError
    service.wake()
    return notification.Replayed(count=count, more=more)


async def _hear_all_again(service: NotificationService) -> tuple[int, bool]:
    """How many were heard again, and whether some are left that were not even tried."""
    count = 0
    for publisher in service.dead_sources:
        below: str | None = None
        seen: set[str] = set()
        while True:
            found = await service.dead.dead_letters(publisher, GROUP, limit=PAGE_MAX, below=below)
            fresh = [each for each in found if each.id not in seen]
            count += await _hear_again(service, publisher, fresh)
            if len(found) < PAGE_MAX:
                break
            # Letters without an order may show the same page again, with others behind it.
            if not fresh or count >= HEARD_AGAIN_MAX:
                return count, True
            below = found[-1].id
            seen.update(each.id for each in fresh)
    return count, False


async def _hear_named_again(service: NotificationService, ids: Sequence[str]) -> int:
    count = 0
    for publisher in service.dead_sources:
        prefix = f"message:{publisher}:"
        named = [each.removeprefix(prefix) for each in ids if each.startswith(prefix)]
        found = await service.dead.find_dead(publisher, GROUP, named)
        count += await _hear_again(service, publisher, found)
    return count


async def _hear_again(
    service: NotificationService, publisher: str, found: Sequence[DeadLetter]
) -> int:
    """Hear them all at once, or one by one if one of them is wrong; what is wrong stays."""
    messages = [(each.id, each.message) for each in found if each.message is not None]
    heard = [letter_id for letter_id, _ in messages]
    if not await _is_heard(service, [message for _, message in messages]):
        heard = [
            letter_id for letter_id, message in messages if await _is_heard(service, [message])
        ]
    if heard:
        await service.dead.forget_dead(publisher, GROUP, heard)
    return len(heard)


async def _is_heard(service: NotificationService, messages: Sequence[Message]) -> bool:
    try:
        await service.hear(messages)
    except _UNFIT:
        return False
    return True


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
        at=to_instant(letter.at_ms),
    )
