"""Scripts by name on a real server: taught when forgotten, once for all who miss it, never run twice."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.redis.breaking import eventually, in_this_tick, kill
from tiketi_platform.adapters.redis import RedisProtocolError, RedisReplyError, Scripts, Status
from tiketi_platform.adapters.redis.replies import array, integer, integers
from tiketi_platform.adapters.redis.scripts import SCRIPTS, assemble, read_scripts

LUA = Path(__file__).parent / "lua"


class AddStatus(Status):
    NEGATIVE = -1


@pytest.fixture
def catalogue():
    return read_scripts(LUA)


async def test_runs_with_includes_and_is_taught_on_first_use(connect, valkey, catalogue):
    client = await connect(valkey)
    await client.execute("SCRIPT", "FLUSH")
    scripts = Scripts(client, catalogue)
    assert integers(await scripts.run("test/add", ["n"], [8])) == [8, 4, 2]
    assert await client.execute("SCRIPT", "EXISTS", catalogue["test/add"].sha1) == [1]


async def test_a_refusal_has_a_name(connect, valkey, catalogue):
    scripts = Scripts(await connect(valkey), catalogue)
    assert AddStatus.of(await scripts.run("test/add", ["n"], [-3])) is AddStatus.NEGATIVE
    assert AddStatus.of(await scripts.run("test/add", ["n"], [3])) is None


async def test_load_all_makes_the_first_run_one_command(connect, valkey, catalogue):
    client = await connect(valkey)
    await client.execute("SCRIPT", "FLUSH")
    await Scripts(client, catalogue).load_all()
    assert await client.execute("SCRIPT", "EXISTS", catalogue["test/add"].sha1) == [1]


async def test_a_flush_under_many_callers_loads_once_and_each_runs_once(connect, valkey, catalogue):
    client = await connect(valkey)
    scripts = Scripts(client, catalogue)
    await client.execute("CONFIG", "RESETSTAT")
    await client.execute("SCRIPT", "FLUSH")
    replies = await asyncio.gather(*(scripts.run("test/add", ["n"], [1]) for _ in range(200)))
    assert sorted(integer(array(reply)[0]) for reply in replies) == list(range(1, 201))
    stats = await client.execute("INFO", "commandstats")
    assert isinstance(stats, bytes)
    assert b"cmdstat_script|load:calls=1," in stats


async def test_flushes_all_the_time_lose_and_repeat_nothing(connect, valkey, catalogue):
    client = await connect(valkey)
    scripts = Scripts(client, catalogue)
    flusher = await connect(valkey)
    done = asyncio.Event()

    async def flush() -> None:
        while not done.is_set():
            await flusher.execute("SCRIPT", "FLUSH")

    flushing = asyncio.create_task(flush())
    for _ in range(20):
        await asyncio.gather(*(scripts.run("test/add", ["n"], [1]) for _ in range(20)))
    done.set()
    await flushing
    assert await client.execute("GET", "n") == b"400"


async def test_the_caller_that_loads_may_be_cancelled(connect, valkey, catalogue):
    client = await connect(valkey)
    scripts = Scripts(client, catalogue)
    await client.execute("SCRIPT", "FLUSH")
    callers = [asyncio.create_task(scripts.run("test/add", ["n"], [1])) for _ in range(10)]
    await in_this_tick(lambda: scripts._loading)
    callers[0].cancel()
    replies = await asyncio.gather(*callers[1:])
    assert callers[0].cancelled()
    assert sorted(integer(array(reply)[0]) for reply in replies) == list(range(1, 10))


async def test_a_restarted_server_is_taught_again(connect, server, catalogue):
    client = await connect(server, backoff_ms_max=50)
    scripts = Scripts(client, catalogue)
    await scripts.run("test/add", ["n"], [1])
    await kill(server)
    await server.start()
    await eventually(lambda: client.reconnects_count >= 1)
    assert integers(await scripts.run("test/add", ["n"], [4])) == [4, 2, 1]


async def test_an_error_inside_of_a_script_is_not_retried(connect, valkey, catalogue):
    client = await connect(valkey)
    await client.execute("SET", "n", "text")
    with pytest.raises(RedisReplyError, match="not an integer"):
        await Scripts(client, catalogue).run("test/add", ["n"], [1])


def test_includes_are_textual_and_once():
    texts = {
        "a.lua": "-- include: _b.lua\n-- include: _c.lua\nA",
        "_b.lua": "B",
        "_c.lua": "-- include: _b.lua\nC",
    }
    assert assemble("a.lua", texts).split() == ["B", "C", "A"]


def test_an_include_cycle_is_refused_with_its_chain():
    texts = {
        "a.lua": "-- include: _b.lua",
        "_b.lua": "-- include: _c.lua",
        "_c.lua": "-- include: _b.lua",
    }
    with pytest.raises(ValueError, match=r"a\.lua → _b\.lua → _c\.lua → _b\.lua"):
        assemble("a.lua", texts)


def test_a_missing_fragment_is_refused():
    with pytest.raises(ValueError, match=r"'_b\.lua', included by a\.lua"):
        assemble("a.lua", {"a.lua": "-- include: _b.lua"})


def test_fragments_are_no_scripts_and_names_have_no_suffix(catalogue):
    assert list(catalogue) == ["test/add"]


def test_every_script_of_the_platform_is_named_group_slash_verb():
    assert all(name.count("/") == 1 for name in SCRIPTS)


def test_an_unnamed_refusal_is_our_mistake():
    with pytest.raises(RedisProtocolError, match="no name for -7"):
        AddStatus.of([-7, 1])


def test_a_refusal_must_be_negative_and_named_once():
    with pytest.raises(ValueError, match="negative"):

        class Positive(Status):
            FINE = 0

    with pytest.raises(ValueError, match="twice"):

        class Doubled(Status):
            A = -1
            B = -1
