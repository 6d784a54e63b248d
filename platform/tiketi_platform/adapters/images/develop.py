"""Makes of a file what may be shown: upright, without metadata, in several sizes. Imported off the loop only.

What the file is, is read from its content. Its size in pixels is judged before the first is decoded.
"""

import hashlib
import io
from typing import Final

from PIL import Image, ImageCms, ImageOps

from tiketi_core.event.errors import ImageInvalidError, ImageTooLargeError
from tiketi_core.event.model import Picture, Pictures
from tiketi_core.kernel import bounds

# Ours is stricter, and a warning is no refusal.
Image.MAX_IMAGE_PIXELS = None

VARIANT_WIDTHS: Final = (320, 800, 1600)
"""Of the smaller sizes, in pixels."""
_ENDINGS: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_KINDS: Final = {**{kind: kind for kind in _ENDINGS}, "MPO": "JPEG"}
"""What is kept of what was read. Phones write MPO: a JPEG with more pictures behind the one to be shown."""
_SAVING: Final[dict[str, dict[str, object]]] = {
    "JPEG": {"quality": 88, "progressive": True, "optimize": True},
    "PNG": {},
    "WEBP": {"quality": 85, "method": 4},
}
_PLAIN_MODES: Final = ("RGB", "RGBA", "L")


def develop(content: bytes) -> Pictures:
    """The image in all its sizes. Raises ImageInvalidError, ImageTooLargeError."""
    try:
        image, kind = _decoded(content)
    except ImageTooLargeError:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        raise ImageInvalidError(field="image") from error
    variants = [
        _encoded(_narrowed(image, width), kind) for width in VARIANT_WIDTHS if width < image.width
    ]
    return Pictures(_encoded(image, kind), variants)


def _decoded(content: bytes) -> tuple[Image.Image, str]:
    with Image.open(io.BytesIO(content), formats=tuple(_ENDINGS)) as opened:
        if (
            opened.width * opened.height > bounds.image_pixels_max
            or max(opened.size) > bounds.image_side_max
        ):
            raise ImageTooLargeError(
                f"{opened.width} × {opened.height} pixels; at most {bounds.image_pixels_max:,} are taken, "
                f"and {bounds.image_side_max:,} on a side",
                field="image",
            )
        kind = _KINDS[str(opened.format)]
        opened.load()
        profile = opened.info.get("icc_profile")
        image = _plain(ImageOps.exif_transpose(opened))
    if profile and image.mode == "RGB":
        image = _in_srgb(image, profile)
    # Pillow writes some of what it read back into the file, comments for one.
    image.info.clear()
    return image, kind


def _plain(image: Image.Image) -> Image.Image:
    if image.mode in _PLAIN_MODES:
        return image.copy()
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without the profile."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encoded(image: Image.Image, kind: str) -> Picture:
    written = io.BytesIO()
    image.save(written, format=kind, **_SAVING[kind])
    content = written.getvalue()
    return Picture(
        name=f"{hashlib.sha256(content).hexdigest()}.{_ENDINGS[kind]}",
        content_type=Image.MIME[kind],
        width=image.width,
        height=image.height,
        content=content,
    )
