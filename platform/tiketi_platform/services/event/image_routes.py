"""Images over the wire: taken by administrators and, small, by users, given to everybody for ever."""

from typing import Final

from tiketi_core.event.model import Picture, Pictures
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.routing import bind
from tiketi_platform.services.event.conditions import matches
from tiketi_platform.services.event.service import EventService
from tiketi_sdk.contract import images as wire

_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


async def upload(service: EventService, call: Call[wire.UploadImageRequest]) -> wire.Image:
    made = await service.gallery.add(call.body.image, user_id=call.user_id)
    return _image(service, made)


async def upload_portrait(
    service: EventService, call: Call[wire.UploadPortraitRequest]
) -> wire.Image:
    made = await service.gallery.add_portrait(call.body.image, user_id=call.user_id)
    return _image(service, made)


def _image(service: EventService, made: Pictures) -> wire.Image:
    original = _variant(service, made.original)
    return wire.Image(
        **original.model_dump(),
        content_type=made.original.content_type,
        variants=tuple(_variant(service, each) for each in made.variants),
    )


async def get(service: EventService, call: Call[wire.ImageRequest]) -> Reply:
    name = call.body.name
    etag = f'"{name}"'
    headers = {
        "Content-Type": _TYPES[name.rpartition(".")[2]],
        # The name is the hash of the content: there will never be another.
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if call.if_none_match is not None and matches(call.if_none_match, etag):
        return Reply(None, status=304, headers=headers)
    return Reply(await service.gallery.content(name), headers=headers)


def _variant(service: EventService, picture: Picture) -> wire.Variant:
    return wire.Variant(
        name=picture.name,
        url=f"{service.images_url or '/api/images'}/{picture.name}",
        width=picture.width,
        height=picture.height,
        bytes_count=len(picture.content),
    )


ROUTES = (
    bind(wire.UPLOAD, upload),
    bind(wire.UPLOAD_PORTRAIT, upload_portrait),
    bind(wire.GET, get),
)
