"""Images that are refused: each with a problem body, at once, and with nothing kept of them."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from PIL import Image

from tests.services import Answer, Running
from tests.waiting import PATIENCE_S
from tiketi_sdk.contract.images import IMAGE_BYTES_MAX

BOUNDARY = "tiketi-boundary"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def drawn(kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").save(written, format=kind)
    return written.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that claims to be so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


def form(content: bytes, *, name: str = "image", more: str = "") -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n{more}\r\n'
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


async def upload(
    events: Running, body: bytes | AsyncIterator[bytes], *, token: str | None = None, **headers: str
) -> Answer:
    async with asyncio.timeout(PATIENCE_S):
        return await events.ask(
            "POST",
            "event",
            "/api/images",
            token=token or events.admin,
            data=io.BytesIO(body) if isinstance(body, bytes) else body,
            headers=headers or FORM,
        )


@pytest.fixture
def kept(events: Running) -> Callable[[], list[str]]:
    """The names of the files in the store."""
    folder = Path(urlsplit(events.settings.images_store).path)
    return lambda: [path.name for path in folder.rglob("*")]


async def test_what_is_no_image_is_refused_and_not_kept(
    events: Running, kept: Callable[[], list[str]]
) -> None:
    for content, status, code in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "image_invalid"),
        (b"GIF89a" + b"\0" * 50, 400, "image_invalid"),
        (drawn("BMP"), 400, "image_invalid"),
        (drawn()[:200], 400, "image_invalid"),
        (drawn("JPEG")[:300], 400, "image_invalid"),
        (claiming(100, 100), 400, "image_invalid"),
        (claiming(50_000, 50_000), 413, "image_too_large"),
        (claiming(12_001, 1), 413, "image_too_large"),
        (b"", 400, "invalid_request"),
    ):
        refused = await upload(events, form(content))
        assert (refused.status, refused.code) == (status, code), content[:20]
        assert refused.fields == {"image"}, content[:20]
        assert refused.headers["Content-Type"] == "application/problem+json"
    assert kept() == []


async def test_what_is_no_form_with_one_file_is_refused(
    events: Running, kept: Callable[[], list[str]]
) -> None:
    good = drawn()
    first = form(good).removesuffix(b"--\r\n")
    for body in (
        form(good, name="file"),
        form(good, more="Content-Encoding: gzip\r\n"),
        form(good, more="no header\r\n"),
        first + form(good).removeprefix(f"--{BOUNDARY}".encode()),
        first + b"\r\n" + form(good),
        b"no form at all",
        form(good)[:100],
        b"",
    ):
        refused = await upload(events, body)
        assert (refused.status, refused.code) == (400, "invalid_request"), body[:90]
        assert refused.fields == {"image"}
    for kind in ("application/json", "image/png"):
        refused = await upload(events, good, **{"Content-Type": kind})
        assert (refused.status, refused.code) == (415, "unsupported_media_type")
    refused = await upload(events, form(good), token=events.token())
    assert (refused.status, refused.code) == (403, "forbidden")
    assert kept() == []


async def test_a_body_too_large_is_refused_announced_or_not(
    events: Running, kept: Callable[[], list[str]]
) -> None:
    content = form(b"\0" * (2 * IMAGE_BYTES_MAX))
    refused = await upload(events, content)
    assert (refused.status, refused.code) == (413, "body_too_large")

    async def unannounced() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    refused = await upload(events, unannounced())
    assert (refused.status, refused.code) == (413, "body_too_large")
    assert kept() == []
    # Neither has used up anything: the next image is taken.
    assert (await upload(events, form(drawn()))).status == 201


async def test_who_announces_too_much_is_answered_before_sending_it(events: Running) -> None:
    address = urlsplit(events.url("event"))
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        lines = (
            "POST /api/images HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {events.admin}",
            f"Content-Type: {FORM['Content-Type']}",
            f"Content-Length: {2 * IMAGE_BYTES_MAX}",
        )
        writer.write("\r\n".join((*lines, "", "")).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 413 ")
        length = next(line for line in head.splitlines() if line.startswith("Content-Length: "))
        problem = json.loads(await reader.readexactly(int(length.partition(": ")[2])))
        assert problem["code"] == "body_too_large"
        writer.close()


async def test_who_goes_away_in_the_middle_leaves_nothing(
    events: Running, kept: Callable[[], list[str]]
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield form(drawn())[:300]
        raise RuntimeError("gone")

    with pytest.raises((RuntimeError, aiohttp.ClientError)):
        await upload(events, broken())
    assert (await upload(events, form(drawn()))).status == 201
    assert all(name.endswith(".png") for name in kept())
