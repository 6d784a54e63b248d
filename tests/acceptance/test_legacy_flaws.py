"""What the monolith gets wrong in its waiting room, as checks that hold here over real HTTP and Socket.IO.

`SEEN_BY` says which test sees each flaw; F1 to F6 are also raced against the scripts themselves, without HTTP
between, in tests/integration/queue/test_legacy_flaws.py.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.acceptance.stage import Stage
from tests.users import REPOSITORY
from tests.waiting import until
from tiketi_sdk.contract import queue
from tiketi_sdk.contract.event import Event
from tiketi_sdk.contract.queue import LogEntry

SOCKETS = "tests/integration/realtime"
HERE = "tests/acceptance/test_legacy_flaws.py"
SEEN_BY = {
    "F1": (HERE, "test_f1_f2_one_place_each_and_never_more_than_the_capacity"),
    "F2": (HERE, "test_f1_f2_one_place_each_and_never_more_than_the_capacity"),
    "F3": (HERE, "test_f3_f4_the_line_moves_by_itself_and_nobody_overtakes_it"),
    "F4": (HERE, "test_f3_f4_the_line_moves_by_itself_and_nobody_overtakes_it"),
    "F5": (HERE, "test_f5_each_session_ends_by_itself_while_people_arrive"),
    "F6": (HERE, "test_f6_nobody_waits_while_everything_is_free"),
    "F15": (HERE, "test_f15_a_user_changes_nobodys_line"),
    "F15, second half": (
        "tests/integration/auth/test_revocation.py",
        "test_f15_a_demoted_administrators_token_stops_working_in_every_service",
    ),
    "F16": (f"{SOCKETS}/test_news.py", "test_f16_only_the_admitted_are_told_of_it"),
    "F17": (
        f"{SOCKETS}/test_connections.py",
        "test_f17_a_join_in_the_instant_of_the_connect_is_never_lost",
    ),
    "F18": (HERE, "test_f18_a_burst_of_connections_is_answered_without_an_error"),
}
BURST_COUNT = int(os.environ.get("TIKETI_CROWD", "1000"))


@pytest.mark.parametrize("flaw", SEEN_BY)
def test_each_flaw_has_a_test_that_says_so(flaw: str) -> None:
    path, test = SEEN_BY[flaw]
    assert flaw.partition(",")[0].lower() in test.split("_")
    assert re.search(rf"def {test}\(", (REPOSITORY / path).read_text("utf-8"))


class Crowd:
    """Users of one event over plain HTTP, each request on a connection of its own where need be."""

    def __init__(self, platform: Stage, event: Event, http: aiohttp.ClientSession, count: int):
        prefix = f"f{secrets.token_hex(5)}"
        users = platform.admin.auth.provision(prefix=prefix, count=count).items
        self.users = [user.user_id for user in users]
        self.tokens = {user.user_id: user.token for user in users}
        self._platform = platform
        self._http = http
        self.event = event

    async def ask(self, verb: str, user: int) -> tuple[int, Any]:
        """The answer to `enter`, `leave` or `status`."""
        url = self._platform.url("queue") + f"/api/queue/{verb}"
        headers = {"Authorization": f"Bearer {self.tokens[user]}"}
        if verb == "status":
            url += f"?event_id={self.event.id}"
            request = self._http.get(url, headers=headers)
        else:
            request = self._http.post(url, headers=headers, json={"event_id": self.event.id})
        async with request as answer:
            return answer.status, await answer.json(content_type=None)

    async def all(self, verb: str, users: list[int]) -> list[Any]:
        """Everybody at once; each must be answered 200."""
        answers = await asyncio.gather(*(self.ask(verb, user) for user in users))
        assert {status for status, _ in answers} == {200}, Counter(s for s, _ in answers)
        return [body for _, body in answers]

    async def log(self) -> list[LogEntry]:
        return await asyncio.to_thread(lambda: list(self._platform.admin.queue.log(self.event.id)))

    async def inside_and_waiting(self) -> tuple[int, int]:
        stats = await asyncio.to_thread(self._platform.admin.queue.stats, self.event.id)
        return stats.admitted_count, stats.waiting_count


@asynccontextmanager
async def crowd_of(platform: Stage, count: int, **policy: int) -> AsyncIterator[Crowd]:
    event = platform.concert(capacity=policy.pop("capacity"))
    platform.admin.queue.set_policy(event.id, **policy)  # type: ignore[arg-type]  # whole numbers only
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        yield Crowd(platform, event, http, count)


def inside_after(lines: list[LogEntry]) -> set[int]:
    """Who is inside at the end; on the way never more than the capacity in force."""
    inside: set[int] = set()
    for line in lines:
        if line.kind == "admitted":
            assert line.user_id is not None
            assert line.user_id not in inside
            inside.add(line.user_id)
            assert len(inside) <= line.capacity
        elif line.kind in {"left", "expired"}:
            assert line.user_id is not None
            inside.remove(line.user_id)
    return inside


async def test_f1_f2_one_place_each_and_never_more_than_the_capacity(platform: Stage) -> None:
    async with crowd_of(platform, 150, capacity=40) as crowd:
        # Three times at once, and again while those inside leave.
        await asyncio.gather(*(crowd.all("enter", crowd.users) for _ in range(3)))
        inside = sorted(inside_after(await crowd.log()))
        assert len(inside) == 40
        await asyncio.gather(crowd.all("leave", inside[:25]), crowd.all("enter", crowd.users[75:]))
        lines = await crowd.log()
        inside_after(lines)
        entered = Counter(line.user_id for line in lines if line.kind == "entered")
        admitted = Counter(line.user_id for line in lines if line.kind == "admitted")
        # Whoever left and was among those who entered again has come twice, nobody else.
        left = {line.user_id for line in lines if line.kind == "left"}
        assert {user for user, times in entered.items() if times > 1} <= left
        assert all(admitted[user] <= times for user, times in entered.items())
        stats = platform.admin.queue.stats(crowd.event.id)
        assert stats.admitted_max == stats.capacity == 40
        assert stats.admitted_count + stats.waiting_count == sum(entered.values()) - len(left)


async def test_f3_f4_the_line_moves_by_itself_and_nobody_overtakes_it(platform: Stage) -> None:
    async with crowd_of(platform, 60, capacity=10) as crowd:
        first, late = crowd.users[:40], crowd.users[40:]
        await crowd.all("enter", first)
        inside = sorted(inside_after(await crowd.log()))
        # Room is made in the very moment in which others come: it belongs to those who wait.
        await asyncio.gather(crowd.all("leave", inside), crowd.all("enter", late))

        async def ten_inside() -> bool:
            return await crowd.inside_and_waiting() == (10, 40)

        await until(ten_inside)
        lines = await crowd.log()
        admitted = [line.number for line in lines if line.kind == "admitted"]
        assert admitted == list(range(1, 21))
        assert not {line.user_id for line in lines if line.kind == "admitted"} & set(late)


async def test_f5_each_session_ends_by_itself_while_people_arrive(platform: Stage) -> None:
    async with crowd_of(platform, 40, capacity=2, session_ttl_s=2) as crowd:
        arriving = iter(crowd.users)

        async def two_are_over() -> list[LogEntry]:
            user = next(arriving, None)
            if user is not None:
                await crowd.all("enter", [user])
            over = [line for line in await crowd.log() if line.kind == "expired"]
            return over if len(over) >= 2 else []

        over = await until(two_are_over, timeout_s=30)
        let_in = {line.user_id: line.at for line in await crowd.log() if line.kind == "admitted"}
        for line in over:
            assert (line.at - let_in[line.user_id]).total_seconds() >= 2


async def test_f6_nobody_waits_while_everything_is_free(platform: Stage) -> None:
    async with crowd_of(platform, 2, capacity=1) as crowd:
        one, other = crowd.users
        await crowd.all("enter", [one])
        assert (await crowd.all("enter", [other]))[0]["state"] == "waiting"
        await crowd.all("leave", [one])

        async def is_in() -> bool:
            status, place = await crowd.ask("status", other)
            return status == 200 and place["state"] == "admitted"

        await until(is_in)


async def test_f15_a_user_changes_nobodys_line(platform: Stage) -> None:
    async with crowd_of(platform, 5, capacity=1) as crowd:
        await crowd.all("enter", crowd.users)
        before = platform.admin.queue.stats(crowd.event.id)
        guarded = [
            operation
            for operation in vars(queue).values()
            if getattr(operation, "access", None) == "admin"
        ]
        assert len(guarded) >= 4
        async with aiohttp.ClientSession() as http:
            for operation in guarded:
                path = operation.path.format(event_id=crowd.event.id)
                body = {"state": "closed", "capacity": 0} if operation.method == "PUT" else None
                headers = {"Authorization": f"Bearer {crowd.tokens[crowd.users[0]]}"}
                url = platform.url("queue") + path
                async with http.request(
                    operation.method, url, json=body, headers=headers
                ) as answer:
                    refused = await answer.json(content_type=None)
                assert (answer.status, refused["code"]) == (403, "forbidden"), operation.name
        assert (await crowd.all("leave", [crowd.users[0]]))[0]["was"] == "admitted"
        after = platform.admin.queue.stats(crowd.event.id)
        assert (after.capacity, after.state) == (before.capacity, before.state)
        assert after.gave_up_total == 0


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for a burst of sockets; a shell allows 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = BURST_COUNT + 500
    assert hard == resource.RLIM_INFINITY or hard >= wanted, "this machine allows too few files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_f18_a_burst_of_connections_is_answered_without_an_error(
    platform: Stage, many_files: None
) -> None:
    async with crowd_of(platform, BURST_COUNT, capacity=100) as crowd:
        places = await crowd.all("enter", crowd.users)
        states = Counter(place["state"] for place in places)
        assert states["admitted"] + states["waiting"] == BURST_COUNT
        lines = await crowd.log()
        assert sum(line.kind == "entered" for line in lines) == BURST_COUNT
        inside_after(lines)
