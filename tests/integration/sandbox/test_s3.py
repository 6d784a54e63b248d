"""The stand-in for S3, spoken to by the platform's own adapter: what is kept comes back, and others are kept out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from tiketi_core.event.model import Picture
from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.aws.s3 import Bucket, S3Store
from tiketi_platform.sandbox.ports import S3_BUCKET
from tiketi_platform.sandbox.s3.server import running_s3_sandbox
from tiketi_platform.sandbox.s3.signature import Keys

KEYS = Keys("an-access-key", "a-secret-key")
PICTURE = Picture(
    name="포스터 1.png", content=b"\x89PNG" + bytes(range(256)), content_type="image/png",
    width=1, height=1,
)  # fmt: skip


def bucket(endpoint: str) -> Bucket:
    return Bucket(
        name=S3_BUCKET,
        prefix="events",
        endpoint=endpoint,
        region="ap-northeast-2",
        access_key=KEYS.access_key,
        secret_key=KEYS.secret_key,
    )


async def test_what_one_replica_keeps_another_finds_and_so_does_the_next_start(tmp_path: Path):
    async with running_s3_sandbox(data_dir=tmp_path, bucket=S3_BUCKET, keys=KEYS, port=0) as s3:
        one, other = S3Store(bucket(s3.url)), S3Store(bucket(s3.url))
        assert await one.fetch(PICTURE.name) is None
        await one.keep(PICTURE)
        assert await other.fetch(PICTURE.name) == PICTURE.content
        await one.close()
        await other.close()
    async with running_s3_sandbox(data_dir=tmp_path, bucket=S3_BUCKET, keys=KEYS, port=0) as s3:
        again = S3Store(bucket(s3.url))
        assert await again.fetch(PICTURE.name) == PICTURE.content
        await again.close()


@pytest.mark.parametrize(
    "change",
    [{"access_key": "another"}, {"secret_key": "another"}, {"name": "another"}],
    ids=["access key", "secret key", "bucket"],
)
async def test_others_are_kept_out(tmp_path: Path, change: dict[str, str]):
    async with running_s3_sandbox(data_dir=tmp_path, bucket=S3_BUCKET, keys=KEYS, port=0) as s3:
        stranger = S3Store(replace(bucket(s3.url), **change))
        with pytest.raises(UnavailableError):
            await stranger.keep(PICTURE)
        await stranger.close()
        assert not list((tmp_path / "s3").rglob("*"))


async def test_who_signs_nothing_is_told_so_as_amazon_tells_it(tmp_path: Path):
    async with (
        running_s3_sandbox(data_dir=tmp_path, bucket=S3_BUCKET, keys=KEYS, port=0) as s3,
        aiohttp.ClientSession() as http,
    ):
        async with http.get(f"{s3.url}/{S3_BUCKET}/events/a.png") as answer:
            assert answer.status == 403
            assert "<Code>AccessDenied</Code>" in await answer.text()
        async with http.get(f"{s3.url}/health/ready") as answer:
            assert answer.status == 200
