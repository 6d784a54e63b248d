"""Reads an operation's request struct out of path, query and body; refuses whatever does not fit."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import orjson
from pydantic import ValidationError

from tiketi_core.kernel.errors import DomainError, InvalidRequestError
from tiketi_sdk.contract.operation import Operation, Request

RequestT = TypeVar("RequestT", bound=Request)
Pairs = Mapping[str, str]
REMEMBERED_MAX: Final = 1_024
REMEMBERED_CHARS_MAX: Final = 128
"""Query strings whose structs an operation remembers, and how long they may be: some 1 MB each at the most."""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


class UnsupportedMediaTypeError(DomainError):
    """Send the body as application/json."""

    code = "unsupported_media_type"


class BodyTooLargeError(DomainError):
    """The body is larger than this operation takes."""

    code = "body_too_large"


class Decoder(Generic[RequestT]):
    """Decodes requests of one operation; made once, when the route is bound."""

    def __init__(self, operation: Operation[RequestT, Any]) -> None:
        self._model = operation.request
        self._path_names = frozenset(
            part[1:-1] for part in operation.path.split("/") if part.startswith("{")
        )
        unknown = self._path_names - set(self._model.model_fields)
        assert not unknown, f"{operation.name}: the path names {unknown}, the request does not"
        self._integers = frozenset(
            name for name, info in self._model.model_fields.items() if _is_integer(info.annotation)
        )
        self._moments = frozenset(
            name
            for name, info in self._model.model_fields.items()
            if "AwareDatetime" in str(info.annotation)
        )
        self._is_by_query_alone = not operation.has_body and not self._path_names
        self.remembered: Final[dict[str, RequestT]] = {}
        """By query string as it was sent: structs never change, so the same question may have the same one."""
        self.decode: Callable[[Pairs, Pairs, bytes], RequestT]
        """From path, query and body to the struct; raises ValidationError or InvalidRequestError."""
        if not operation.has_body:
            self.decode = self._from_query
        elif self._path_names:
            self.decode = self._from_path_and_body
        else:
            self.decode = self._from_body

    def remember(self, query_string: str, decoded: RequestT) -> None:
        """Keep what a query string means, where that is all an operation reads."""
        if not self._is_by_query_alone or len(query_string) > REMEMBERED_CHARS_MAX:
            return
        while len(self.remembered) >= REMEMBERED_MAX:
            del self.remembered[next(iter(self.remembered))]
        self.remembered[query_string] = decoded

    def _from_body(self, _path: Pairs, query: Pairs, body: bytes) -> RequestT:
        _refuse_query(query)
        return self._model.model_validate_json(body or b"{}")

    def _from_query(self, path: Pairs, query: Pairs, _body: bytes) -> RequestT:
        for name in self._path_names:
            if name in query:
                raise InvalidRequestError("is given in the path already", field=name)
        strings = {**query, **path}
        for name in self._integers:
            if name in strings:
                _check_integer(name, strings[name])
        for name in self._moments & strings.keys():
            _check_moment(name, strings[name])
        return self._model.model_validate_strings(strings)

    def _from_path_and_body(self, path: Pairs, query: Pairs, body: bytes) -> RequestT:
        _refuse_query(query)
        try:
            fields = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            raise InvalidRequestError(f"the body is not JSON: {error}", field="") from error
        if not isinstance(fields, dict):
            raise InvalidRequestError("the body must be a JSON object", field="")
        for name in self._path_names:
            if name in fields:
                raise InvalidRequestError("is given in the path already", field=name)
            if name in self._integers:
                _check_integer(name, path[name])
            fields[name] = int(path[name]) if name in self._integers else path[name]
        return self._model.model_validate_json(orjson.dumps(fields, option=orjson.OPT_NON_STR_KEYS))


def _is_integer(annotation: object) -> bool:
    return annotation is int or int in getattr(annotation, "__args__", ())


def _check_integer(name: str, text: str) -> None:
    # pydantic reads " 5", "1_0" and "5.0" as integers; the wire knows one spelling of a number.
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 19):
        raise InvalidRequestError("Input should be a valid integer", field=name)


def _check_moment(name: str, text: str) -> None:
    # pydantic reads a bare number as seconds since 1970; the wire writes moments out.
    if not _MOMENT.match(text):
        raise InvalidRequestError("Input should be a valid datetime", field=name)


def _refuse_query(query: Pairs) -> None:
    for name in query:
        raise InvalidRequestError("this operation takes no query parameters", field=name)


__all__ = ["BodyTooLargeError", "Decoder", "UnsupportedMediaTypeError", "ValidationError"]
