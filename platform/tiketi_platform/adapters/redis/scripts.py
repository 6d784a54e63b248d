"""Our Lua scripts, read once from `lua/<group>/<verb>.lua`; a file beginning with `_` is a fragment.

A line `-- include: group/_fragment.lua` is replaced by that file's text, at most once per script; a
fragment that includes itself, however indirectly, is refused. Nothing here knows what a script does.
"""

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.errors import RedisNoScript
from tiketi_platform.adapters.redis.replies import Argument, Reply

_INCLUDE: Final = re.compile(r"^-- include: (\S+)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """One runnable script with its fragments in place."""

    name: str
    """`group/verb`, without `.lua`."""
    source: str
    sha1: str
    """Hex digest by which the server knows it."""


def assemble(path: str, texts: Mapping[str, str]) -> str:
    """The text of `path` with its includes resolved.

    Raises ValueError for a fragment that is missing or includes itself, naming the chain.
    """
    return _assembled(path, texts, chain=(), seen=set())


def _assembled(
    path: str, texts: Mapping[str, str], *, chain: tuple[str, ...], seen: set[str]
) -> str:
    if path in chain:
        raise ValueError(f"Lua include cycle: {' → '.join((*chain, path))}")
    if path not in texts:
        raise ValueError(f"no Lua file {path!r}, included by {' → '.join(chain) or 'nobody'}")

    def included(match: re.Match[str]) -> str:
        fragment = match[1]
        if fragment in seen and fragment not in (*chain, path):
            return ""
        seen.add(fragment)
        return _assembled(fragment, texts, chain=(*chain, path), seen=seen)

    return _INCLUDE.sub(included, texts[path])


def _lua_files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _lua_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".lua"):
            yield f"{prefix}{entry.name}", entry.read_text("utf-8")


def read_scripts(folder: Traversable) -> dict[str, Script]:
    """Every script below `folder` by name. Raises ValueError for a broken include."""
    texts = dict(_lua_files(folder)) if folder.is_dir() else {}
    scripts: dict[str, Script] = {}
    for path in sorted(texts):
        if not path.rpartition("/")[2].startswith("_"):
            source = assemble(path, texts)
            digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
            name = path.removesuffix(".lua")
            scripts[name] = Script(name, source, digest)
    return scripts


SCRIPTS: Final[Mapping[str, Script]] = read_scripts(files("tiketi_platform.adapters.redis") / "lua")
"""All of the platform's scripts."""


class Scripts:
    """Runs scripts by name over one client, and teaches them to a server that lost them."""

    def __init__(self, client: RedisClient, scripts: Mapping[str, Script] = SCRIPTS) -> None:
        self._client = client
        self._scripts = scripts
        self._loading: dict[str, asyncio.Future[Reply]] = {}

    async def run(
        self,
        name: str,
        keys: Sequence[str | bytes],
        args: Sequence[Argument] = (),
        *,
        timeout_ms: int | None = None,
    ) -> Reply:
        """One atomic run of `group/verb`. Raises KeyError for an unknown name, else as `execute` does.

        A server that does not know the script has run nothing, so it is taught and asked again; any
        other failure is the caller's to judge, because the script may have run.
        """
        script = self._scripts[name]
        execute = self._client.execute
        tail = (len(keys), *keys, *args)
        try:
            return await execute("EVALSHA", script.sha1, *tail, timeout_ms=timeout_ms)
        except RedisNoScript:
            await self._load(script)
        try:
            return await execute("EVALSHA", script.sha1, *tail, timeout_ms=timeout_ms)
        except RedisNoScript:  # flushed again in between: send the text with the command
            return await execute("EVAL", script.source, *tail, timeout_ms=timeout_ms)

    async def load_all(self) -> None:
        """Teach the server every script in one write, so that no first caller pays for it."""
        await self._client.pipeline(
            [("SCRIPT", "LOAD", script.source) for script in self._scripts.values()]
        )

    async def _load(self, script: Script) -> None:
        """Load once for all callers that miss it now; one of them giving up stops no other."""
        loading = self._loading.get(script.sha1)
        if loading is None:
            loading = self._client.execute("SCRIPT", "LOAD", script.source)
            self._loading[script.sha1] = loading
            loading.add_done_callback(lambda _: self._loading.pop(script.sha1, None))
        await asyncio.shield(loading)
