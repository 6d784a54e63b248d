"""Images: what they are is read from their content, and what comes back shows the same and says no more."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from PIL import Image

from tests.services import Answer, Running
from tiketi_core.kernel import bounds
from tiketi_sdk.contract import images


def drawn(kind: str, size: tuple[int, int] = (1000, 500), **saving: Any) -> bytes:
    image = Image.linear_gradient("L").convert("RGB").resize(size)
    written = io.BytesIO()
    image.save(written, format=kind, **saving)
    return written.getvalue()


async def upload(events: Running, content: bytes, **form: Any) -> Answer:
    data = aiohttp.FormData()
    data.add_field(form.get("name", "image"), content, filename="photo.txt")
    return await events.ask("POST", "event", "/api/images", token=events.admin, data=data)


async def fetched(events: Running, url: str) -> tuple[bytes, dict[str, str]]:
    async with events.http.get(events.url("event") + url) as answer:
        assert answer.status == 200
        return await answer.read(), dict(answer.headers)


async def test_an_image_is_kept_in_sizes_under_the_hash_of_its_content(events: Running) -> None:
    for kind, of_type in (("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")):
        made = await upload(events, drawn(kind))
        assert (made.status, made.body["content_type"]) == (201, of_type)
        assert (made.body["width"], made.body["height"]) == (1000, 500)
        assert [v["width"] for v in made.body["variants"]] == [320, 800]
        for each in (made.body, *made.body["variants"]):
            content, headers = await fetched(events, each["url"])
            assert each["name"].startswith(hashlib.sha256(content).hexdigest())
            assert len(content) == each["bytes_count"]
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["Content-Type"] == of_type
            with Image.open(io.BytesIO(content)) as image:
                assert image.size == (each["width"], each["height"])
        again = await upload(events, drawn(kind))
        assert again.body == made.body
        headers = {"If-None-Match": f'"{made.body["name"]}"'}
        known = await events.ask("GET", "event", made.body["url"], headers=headers)
        assert known.status == 304


async def test_a_photo_with_pictures_behind_it_is_kept_as_the_jpeg_it_shows(
    events: Running,
) -> None:
    first = Image.linear_gradient("L").convert("RGB").resize((400, 200))
    written = io.BytesIO()
    first.save(written, format="MPO", save_all=True, append_images=[first.rotate(90)])
    with Image.open(io.BytesIO(written.getvalue())) as photo:
        assert photo.format == "MPO", "as phones write it"
    made = await upload(events, written.getvalue())
    assert (made.status, made.body["content_type"]) == (201, "image/jpeg")
    kept, _ = await fetched(events, made.body["url"])
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size) == ("JPEG", (400, 200))


async def test_metadata_is_gone_and_the_image_upright(events: Running) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Secret Camera"
    content = drawn("JPEG", (400, 200), exif=exif, comment=b"taken at home")
    made = (await upload(events, content)).body
    assert (made["width"], made["height"]) == (200, 400)
    kept, _ = await fetched(events, made["url"])
    assert b"Secret" in content
    assert b"Secret" not in kept
    assert b"taken at home" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()


async def upload_portrait(events: Running, content: bytes, user_id: int = 7) -> Answer:
    data = aiohttp.FormData()
    data.add_field("image", io.BytesIO(content), filename="me.jpg")
    token = events.token(sub=str(user_id))
    return await events.ask("POST", "event", "/api/portraits", token=token, data=data)


async def test_anybody_may_keep_a_small_picture_of_himself(events: Running) -> None:
    for size, kept, variants in (
        ((1000, 500), (800, 400), [320]),
        ((800, 1600), (800, 1600), [320]),
        ((200, 300), (200, 300), []),
    ):
        made = await upload_portrait(events, drawn("JPEG", size))
        assert made.status == 201, made
        assert (made.body["width"], made.body["height"]) == kept
        assert [each["width"] for each in made.body["variants"]] == variants
        content, _ = await fetched(events, made.body["url"])
        with Image.open(io.BytesIO(content)) as image:
            assert image.size == kept
        me = await events.ask(
            "PATCH",
            "auth",
            "/api/auth/me",
            token=events.admin,
            json={"profile_image": made.body["url"]},
        )
        assert me.body["profile_image"] == made.body["url"]
    strip = await upload_portrait(events, drawn("JPEG", (100, 1700)))
    assert strip.code == "image_too_large"
    assert (await upload_portrait(events, b"GIF89a")).code == "image_invalid"
    big = await upload_portrait(events, bytes(images.PORTRAIT_BYTES_MAX + 1))
    assert (big.status, big.code) == (413, "body_too_large")
    refused = await events.ask("POST", "event", "/api/portraits", data=aiohttp.FormData())
    assert refused.status == 401


async def test_portraits_are_counted_kept_or_not_and_per_user(events: Running) -> None:
    for _ in range(bounds.portraits_max):
        assert (await upload_portrait(events, b"no image")).code == "image_invalid"
    late = await upload_portrait(events, drawn("JPEG"))
    assert (late.status, late.code) == (429, "rate_limited")
    assert 0 < int(late.headers["Retry-After"]) <= bounds.portraits_window_s
    assert (await upload_portrait(events, drawn("JPEG"), user_id=8)).status == 201


@contextmanager
def unwritable(folder: Path, away: Path) -> Iterator[None]:
    """A file stands where the folder was."""
    folder.rename(away)
    folder.write_text("no folder")
    yield
    folder.unlink()
    away.rename(folder)


async def test_what_could_not_be_kept_is_not_counted(events: Running, tmp_path: Path) -> None:
    small = drawn("JPEG", (32, 32))
    assert (await upload_portrait(events, small)).status == 201
    other = drawn("JPEG", (48, 32))
    with unwritable(Path(urlsplit(events.settings.images_store).path), tmp_path / "away"):
        for _ in range(bounds.portraits_max):
            for user_id in (7, 8):
                assert (await upload_portrait(events, other, user_id)).status == 503
    for _ in range(bounds.portraits_max - 1):
        assert (await upload_portrait(events, other)).status == 201
    assert (await upload_portrait(events, other)).code == "rate_limited"
    assert (await upload_portrait(events, other, 8)).status == 201
