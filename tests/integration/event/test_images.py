"""Images: what they are is read from their content, and what comes back shows the same and says no more."""

import hashlib
import io
from typing import Any

import aiohttp
from PIL import Image

from tests.services import Answer, Running


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
