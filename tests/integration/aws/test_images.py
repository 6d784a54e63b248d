"""Images kept in S3, as moto plays it in a process of its own."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import aiohttp
from PIL import Image

from tests.engines import Database
from tests.ports import free_port
from tests.services import Answer, Running, running
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.valkey import ValkeyServer


def drawn() -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((1000, 500)).save(written, format="PNG")
    return written.getvalue()


async def upload(events: Running) -> Answer:
    form = aiohttp.FormData()
    form.add_field("image", drawn(), filename="포스터.png")
    return await events.ask("POST", "event", "/api/images", token=events.admin, data=form)


def give_credentials(folder: Path) -> None:
    secrets = DataFolder(folder / "data")
    for name in ("s3-access-key", "s3-secret-key"):
        secrets.secret(name)


async def test_an_image_uploaded_to_s3_comes_back_identical(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path, moto: str, clients: AwsClients
) -> None:
    s3 = await clients.get("s3")
    where = {"LocationConstraint": "ap-northeast-2"}
    await s3.create_bucket(Bucket="pictures", CreateBucketConfiguration=where)
    give_credentials(tmp_path)
    store = f"s3://pictures/of/events?endpoint={moto}&region=ap-northeast-2"
    async with running(postgres, valkey, tmp_path, "auth", "event", images_store=store) as events:
        made = await upload(events)
        assert made.status == 201
        assert [each["width"] for each in made.body["variants"]] == [320, 800]
        for each in (made.body, *made.body["variants"]):
            async with events.http.get(events.url("event") + each["url"]) as answer:
                assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
                content = await answer.read()
            assert each["name"] == f"{hashlib.sha256(content).hexdigest()}.png"
            kept = await s3.get_object(Bucket="pictures", Key=f"of/events/{each['name']}")
            async with kept["Body"] as body:
                assert await body.read() == content
            assert kept["ContentType"] == "image/png"
            assert "immutable" in kept["CacheControl"]
        assert (await upload(events)).body == made.body
        unknown = await events.ask("GET", "event", f"/api/images/{'0' * 64}.png")
        assert (unknown.status, unknown.code) == (404, "image_not_found")


async def test_without_its_store_images_are_unavailable_and_all_else_goes_on(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    give_credentials(tmp_path)
    store = f"s3://pictures?endpoint=http://127.0.0.1:{free_port()}&region=us-east-1"
    async with running(postgres, valkey, tmp_path, "auth", "event", images_store=store) as events:
        for refused in (
            await upload(events),
            await events.ask("GET", "event", f"/api/images/{'0' * 64}.png"),
        ):
            assert (refused.status, refused.code) == (503, "unavailable")
        assert (await events.ask("GET", "event", "/api/events")).status == 200
