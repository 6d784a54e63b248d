"""The message bus on Redis Streams: one stream per publishing service, one group per listening one.

    bus = StreamBus(client)
    await bus.publish("payment", messages)                # the outbox relay does; at least once
    await bus.backlog("reservation", ("payment",))        # waiting, pending and dead per stream
    await bus.dead_letters("payment", "reservation")      # what the group gave up on

Reading is consumer.py's. A stream keeps every entry until all groups that listen have acknowledged it
and refuses to grow beyond `stream_length_max`; it never drops what somebody still needs. An entry that
was written survives a crash of Redis, and of the machine but for the last second (AOF everysec).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import RedisError, RedisReplyError
from tiketi_platform.adapters.redis.replies import (
    Argument,
    Reply,
    array,
    bulk,
    bulks,
    integer,
)
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.adapters.redis.statuses import Status
from tiketi_platform.framework.relaying import DeadLetter
from tiketi_sdk.contract.backlog import GroupBacklog

dead_letters_max: Final = 100_000
"""Per stream and group; the oldest go first."""
_ENTRY_ID: Final = re.compile(r"[0-9]{1,19}-[0-9]{1,19}", re.ASCII)
_LAG_COUNTED_MAX: Final = 10_000
"""Where Redis does not know how many wait, they are counted up to this many."""


class BusStatus(Status):
    """Refusals of lua/bus."""

    FULL = -1


class MalformedMessage(ValueError):  # noqa: N818 - says what the entry is
    """An entry of a stream that is no message of ours."""


class StreamBus:
    """Publishes, trims and counts. Redis that fails is UnavailableError: the caller tries again."""

    def __init__(
        self, client: RedisClient, *, stream_length_max: int = bounds.stream_length_max
    ) -> None:
        self.client: Final = client
        self.scripts: Final = Scripts(client)
        self._stream_length_max = stream_length_max

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        """Append to the stream of `service`, all or none, in order; at most `batch_max` messages.

        Raises UnavailableError when the stream is full or Redis does not answer; in the latter case
        the messages may be there, and publishing again doubles them under the same ids.
        """
        assert len(messages) <= bounds.batch_max, "publish in batches"
        args: list[Argument] = [self._stream_length_max]
        for message in messages:
            args += encode(message)
        try:
            reply = await self.scripts.run("bus/publish", [keys.messages(service)], args)
        except RedisError as error:
            raise UnavailableError("the message bus does not answer right now") from error
        if BusStatus.of(reply) is BusStatus.FULL:
            raise UnavailableError(f"the stream of {service} is full: somebody does not listen")

    async def trim(self, service: str, groups: Sequence[str]) -> None:
        """Drop what all of `groups` have acknowledged; nothing while one of them does not exist."""
        try:
            await self.scripts.run("bus/trim", [keys.messages(service)], list(groups))
        except RedisError as error:
            raise UnavailableError("the message bus does not answer right now") from error

    async def backlog(self, group: str, services: Sequence[str]) -> tuple[GroupBacklog, ...]:
        """What `group` has still to apply of each of `services`' streams."""
        try:
            return tuple([await self._backlog(group, service) for service in services])
        except RedisError as error:
            raise UnavailableError("the message bus does not answer right now") from error

    async def _backlog(self, group: str, service: str) -> GroupBacklog:
        stream = keys.messages(service)
        execute = self.client.execute
        dead_count = integer(await execute("XLEN", keys.dead_letters(service, group)))
        length = integer(await execute("XLEN", stream))
        waiting_count, pending_count = length, 0
        state = None if length == 0 else await self._group_state(stream, group)
        if state is not None:
            pending_count = integer(state[b"pending"])
            lag = state.get(b"lag")
            waiting_count = lag if isinstance(lag, int) else await self._count_after(stream, state)
        return GroupBacklog(
            stream=stream,
            group=group,
            waiting_count=waiting_count,
            pending_count=pending_count,
            dead_count=dead_count,
        )

    async def _group_state(self, stream: str, group: str) -> Mapping[bytes, Reply] | None:
        for reply in array(await self.client.execute("XINFO", "GROUPS", stream)):
            state = pairs(reply)
            if state[b"name"] == group.encode():
                return state
        return None

    async def _count_after(self, stream: str, state: Mapping[bytes, Reply]) -> int:
        after = b"(" + bulk(state[b"last-delivered-id"])
        return len(
            array(
                await self.client.execute("XRANGE", stream, after, "+", "COUNT", _LAG_COUNTED_MAX)
            )
        )

    async def dead_letters(
        self,
        service: str,
        group: str,
        *,
        limit: int = bounds.page_limit_max,
        below: str | None = None,
    ) -> list[DeadLetter]:
        """A group's dead letters, newest first; those older than the one with the id `below`."""
        newest = "+" if below is None else f"({below}"
        return await self._dead_range(service, group, newest, "-", limit)

    async def find_dead(self, service: str, group: str, ids: Sequence[str]) -> list[DeadLetter]:
        """Those of these ids that are there."""
        known = [each for each in ids if _ENTRY_ID.fullmatch(each)]
        found = [await self._dead_range(service, group, each, each, 1) for each in known]
        return [letter for letters in found for letter in letters]

    async def _dead_range(
        self, service: str, group: str, newest: str, oldest: str, limit: int
    ) -> list[DeadLetter]:
        try:
            reply = await self.client.execute(
                "XREVRANGE", keys.dead_letters(service, group), newest, oldest, "COUNT", limit
            )
        except RedisError as error:
            raise UnavailableError("the message bus does not answer right now") from error
        return [_dead_letter(*array(entry)) for entry in array(reply)]

    async def forget_dead(self, service: str, group: str, ids: Sequence[str]) -> None:
        """Drop dead letters that were dealt with."""
        try:
            await self.client.execute("XDEL", keys.dead_letters(service, group), *ids)
        except RedisError as error:
            raise UnavailableError("the message bus does not answer right now") from error

    async def ensure_group(self, service: str, group: str) -> None:
        """Let `group` exist on the stream of `service`, from its beginning. Raises RedisError."""
        try:
            await self.client.execute(
                "XGROUP", "CREATE", keys.messages(service), group, "0", "MKSTREAM"
            )
        except RedisReplyError as error:
            if error.prefix != "BUSYGROUP":
                raise


def encode(message: Message) -> tuple[Argument, ...]:
    """The five values of a stream entry, as lua/bus/publish.lua takes them."""
    return (
        message.id,
        message.name,
        message.occurred_at_ms,
        message.request_id,
        orjson.dumps(message.payload),
    )


def decode(fields: Mapping[bytes, Reply]) -> Message:
    """A message from a stream entry's fields. Raises MalformedMessage."""
    try:
        payload = orjson.loads(bulk(fields[b"payload"]))
        if not isinstance(payload, dict):
            raise TypeError("the payload is no object")
        return Message(
            MessageId(bulk(fields[b"id"]).decode()),
            bulk(fields[b"name"]).decode(),
            payload,
            int(bulk(fields[b"at_ms"])),
            bulk(fields[b"request_id"]).decode(),
        )
    except (KeyError, TypeError, ValueError, RedisError) as error:
        raise MalformedMessage(f"{type(error).__name__}: {error}") from error


def pairs(reply: Reply) -> dict[bytes, Reply]:
    """A flat array of names and values as a dict."""
    items = array(reply)
    names = bulks(list(items[::2]))
    return dict(zip(names, items[1::2], strict=True))


def _dead_letter(dead_id: Reply, reply: Reply) -> DeadLetter:
    fields = pairs(reply)
    try:
        message: Message | None = decode(fields)
    except MalformedMessage:
        message = None
    return DeadLetter(
        bulk(fields[b"entry"]).decode(),
        message,
        bulk(fields[b"reason"]).decode(errors="replace"),
        int(bulk(fields[b"attempts_count"])),
        bulk(dead_id).decode(),
        int(bulk(dead_id).partition(b"-")[0]),
    )
