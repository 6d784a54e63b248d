"""Serves a bucket over HTTP, path style: put, get, head, delete; refuses what Amazon refuses, and all it does not know."""

import asyncio
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from aiohttp import web

from tiketi_platform.sandbox.ports import LOOPBACK, S3_PORT
from tiketi_platform.sandbox.s3.signature import Keys, RefusedError, Signed
from tiketi_platform.sandbox.serving import serving

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
_KEPT: Final = ("Content-Type", "Cache-Control")
"""Headers that come back with an object."""
_STATUSES: Final = {"NoSuchKey": 404, "NoSuchBucket": 404, "NotImplemented": 501}
"""All others are 403."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket's objects, a file each with its headers beside it; names are hashed, so none leaves the folder."""

    folder: Path

    def put(self, key: str, content: bytes, headers: dict[str, str]) -> str:
        """Keep an object whole or not at all; its entity tag."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        head = json.dumps({"key": key, "headers": {**headers, "ETag": etag}}).encode()
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            file.write(len(head).to_bytes(4, "big") + head + content)
        Path(file.name).replace(self._path(key))
        return etag

    def get(self, key: str) -> tuple[bytes, dict[str, str]] | None:
        """An object and its headers; None where there is none."""
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        end = 4 + int.from_bytes(data[:4], "big")
        return data[end:], dict(json.loads(data[4:end])["headers"])

    def delete(self, key: str) -> None:
        """Forget an object; none is fine."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / hashlib.sha256(key.encode()).hexdigest()


class S3Sandbox:
    """The running stand-in."""

    def __init__(self, bucket: Bucket, *, name: str, keys: Keys) -> None:
        self.url = ""
        """Its address, set once it listens."""
        self._bucket = bucket
        self._name = name
        self._keys = keys

    def app(self) -> web.Application:
        """Every object's path, and whether it is up."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_route("*", "/{bucket}/{key:.+}", self._object)
        return app

    @staticmethod
    async def _ready(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def _object(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            self._check(request, body)
        except RefusedError as error:
            return _refusal(request, error.code)
        key = request.match_info["key"]
        if request.method == "PUT":
            headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
            etag = await asyncio.to_thread(self._bucket.put, key, body, headers)
            return web.Response(headers={"ETag": etag})
        if request.method == "DELETE":
            await asyncio.to_thread(self._bucket.delete, key)
            return web.Response(status=204)
        found = await asyncio.to_thread(self._bucket.get, key)
        if found is None:
            return _refusal(request, "NoSuchKey")
        content, headers = found
        return web.Response(body=content, headers=headers)

    def _check(self, request: web.Request, body: bytes) -> None:
        signed = Signed(
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.rel_url.raw_query_string,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
        )
        self._keys.check(signed, now=datetime.now(UTC))
        if request.match_info["bucket"] != self._name:
            raise RefusedError("NoSuchBucket")
        # Parts, tags, access lists, copies and streamed bodies: all that is asked for in the query or so.
        others = {*request.query} - {"x-id"}
        if (
            others
            or request.method not in {"PUT", "GET", "HEAD", "DELETE"}
            or "x-amz-copy-source" in request.headers
        ):
            raise RefusedError("NotImplemented")


def _refusal(request: web.Request, code: str) -> web.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{code}</Message>"
        f"<Resource>{escape(request.path)}</Resource></Error>"
    )
    return web.Response(status=_STATUSES.get(code, 403), text=text, content_type="application/xml")


@asynccontextmanager
async def running_s3_sandbox(
    *, data_dir: Path, bucket: str, keys: Keys, port: int = S3_PORT, host: str = LOOPBACK
) -> AsyncIterator[S3Sandbox]:
    """Serve one bucket in this loop until the block ends; port 0 takes a free one. OSError: port taken."""
    sandbox = S3Sandbox(Bucket(data_dir / "s3" / bucket), name=bucket, keys=keys)
    async with serving(sandbox.app(), host=host, port=port) as url:
        sandbox.url = url
        yield sandbox
