"""Images: uploaded once, kept under the hash of their content, never changed."""

from typing import Annotated

from pydantic import Field

from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.operation import Operation, Request, Wire

IMAGE_BYTES_MAX = 5 * 1024 * 1024
PORTRAIT_BYTES_MAX = 2 * 1024 * 1024

ImageName = Annotated[
    str, shaped(r"^[0-9a-f]{64}\.(jpg|png|webp)$", "should be a name as uploading an image answers")
]
"""The SHA-256 of the content, and what it is."""


class Variant(Wire):
    """One size of an image."""

    name: str
    """SHA-256 of its bytes in hex, and the ending of its type."""
    url: str
    """For ever the same bytes. A path is below the event service."""
    width: int
    height: int
    """In pixels."""
    bytes_count: int


class Image(Wire):
    """An image as it is kept: upright, without metadata."""

    name: str
    url: str
    content_type: str
    width: int
    height: int
    bytes_count: int
    variants: tuple[Variant, ...]
    """Smaller ones, the smallest first; none of a width the image does not have."""


class UploadImageRequest(Request):
    """A JPEG, PNG or WebP; what it is is read from its content."""

    image: Annotated[bytes, Field(min_length=1, max_length=IMAGE_BYTES_MAX)]


class UploadPortraitRequest(Request):
    """A JPEG, PNG or WebP of oneself; what it is is read from its content."""

    image: Annotated[bytes, Field(min_length=1, max_length=PORTRAIT_BYTES_MAX)]


class ImageRequest(Request):
    """Which image."""

    name: ImageName


UPLOAD = Operation(
    name="images.upload", method="POST", path="/api/images", request=UploadImageRequest, response=Image,
    access="admin", status=201, upload=True, body_bytes_max=IMAGE_BYTES_MAX,
    errors=("image_invalid", "image_too_large"), summary="Keep an image, in several sizes.",
)  # fmt: skip
UPLOAD_PORTRAIT = Operation(
    name="images.upload_portrait", method="POST", path="/api/portraits", request=UploadPortraitRequest,
    response=Image, status=201, upload=True, body_bytes_max=PORTRAIT_BYTES_MAX,
    errors=("image_invalid", "image_too_large"),
    summary="Keep a picture of yourself, at most 800 pixels wide; ten a day. Its address goes into your profile.",
)  # fmt: skip
GET = Operation(
    name="images.get", method="GET", path="/api/images/{name}", request=ImageRequest, response=Image,
    access="public", media="image/*", errors=("image_not_found",), summary="The bytes of an image.",
)  # fmt: skip
