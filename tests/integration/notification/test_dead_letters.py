"""Dead letters however many there are: listed to the last, tried anew by name or all, the hopeless ones left."""

from typing import Any

from tests.integration.notification.stage import Stage
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.bus import encode
from tiketi_sdk.contract.notification import DEAD_LETTERS_MAX

HOPELESS_COUNT = DEAD_LETTERS_MAX + 50
GOOD_COUNT = 30
_NAMES = ("id", "name", "at_ms", "request_id", "payload")


async def bury(stage: Stage, number: int, payload: dict[str, object]) -> None:
    """As bury.lua does."""
    message = Message(MessageId(f"m-{number}"), "points.charged", payload, 1, "req-1")
    fields: list[Any] = [
        word for pair in zip(_NAMES, encode(message), strict=True) for word in pair
    ]
    where = keys.dead_letters("payment", "notification")
    await stage.bus.client.execute(
        *("XADD", where, f"{number}-1", *fields),
        *("entry", f"{number}-0", "reason", "as asked", "attempts_count", "10"),
    )


async def listed(stage: Stage) -> list[str]:
    """The ids of all dead letters, page by page."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await stage.ask("GET", "/dead-letters", params={"limit": 100, **cursor})
        assert page.status == 200, page.body
        ids += [item["id"] for item in page.body["items"]]
        if page.body["next_cursor"] is None:
            return ids
        cursor = {"cursor": page.body["next_cursor"]}


async def test_the_oldest_of_many_are_listed_and_tried_anew(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test")
    refused = await stage.user("fail.permanently@tiketi.test")
    await stage.say("m-refused", refused)
    (failed,) = await stage.settled(1)
    good: dict[str, object] = {
        "payment_id": 5,
        "user_id": user_id,
        "amount": 1_000,
        "balance": 2_000,
    }
    for number in range(1, GOOD_COUNT + 1):
        await bury(stage, number, good)
    # Above them, the newest: some without a user, some that fit no template.
    for number in range(GOOD_COUNT + 1, GOOD_COUNT + HOPELESS_COUNT + 1):
        await bury(stage, number, {"amount": 1} if number % 2 else {**good, "amount": "much"})
    ids = await listed(stage)
    messages = [each for each in ids if each.startswith("message:")]
    assert len(set(messages)) == len(messages) == GOOD_COUNT + HOPELESS_COUNT
    assert f"delivery:{failed['id']}" in ids
    named = await stage.ask(
        "POST", "/dead-letters/replay", json={"ids": ["message:payment:1-1", "message:auth:1-1"]}
    )
    assert named.body["count"] == 1
    everything = await stage.ask("POST", "/dead-letters/replay", json={})
    assert everything.status == 200, everything.body
    refused_count = everything.body["count"] - (GOOD_COUNT - 1)
    assert refused_count >= 1, "the mail that was refused, and the welcome of that account"
    assert not everything.body["more"]

    async def all_good_are_sent() -> bool:
        found = await stage.deliveries(status="SENT", limit=100)
        return len(found) == GOOD_COUNT

    await until(all_good_are_sent)
    left = [each for each in await listed(stage) if each.startswith("message:")]
    assert len(left) == HOPELESS_COUNT, "still as wrong as they were"
