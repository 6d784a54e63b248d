"""Reads the one file of a multipart/form-data body; refuses more than was announced, and looks at no content."""

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_platform.framework.decoding import BodyTooLargeError, UnsupportedMediaTypeError

ENVELOPE_BYTES_MAX = 4 * 1024
"""What boundaries and headers may add to the file."""
_CHUNK_BYTES = 64 * 1024


async def read_file(request: web.Request, name: str, bytes_max: int) -> bytes:
    """The file called `name`, at most `bytes_max` bytes.

    Raises UnsupportedMediaTypeError, BodyTooLargeError, InvalidRequestError for another form than one file.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaTypeError("send the file as multipart/form-data")
    length = request.content_length
    if length is not None and length > bytes_max + ENVELOPE_BYTES_MAX:
        raise BodyTooLargeError(f"the file may have {bytes_max} bytes at the most")
    try:
        reader = await request.multipart()
        return await _only_part(reader, name, bytes_max)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:
        # aiohttp has no one error for a form that is broken.
        raise InvalidRequestError("the form cannot be read", field=name) from error


async def _only_part(reader: MultipartReader, name: str, bytes_max: int) -> bytes:
    part = await reader.next()
    if not isinstance(part, BodyPartReader) or part.name != name:
        raise InvalidRequestError(f"the form must have one file, called {name}", field=name)
    if hdrs.CONTENT_ENCODING in part.headers:
        raise InvalidRequestError("the file must be sent as it is", field=name)
    content = bytearray()
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        content += chunk
        if len(content) > bytes_max:
            raise BodyTooLargeError(f"the file may have {bytes_max} bytes at the most")
    if await reader.next() is not None:
        raise InvalidRequestError("the form has a second part", field=name)
    return bytes(content)
