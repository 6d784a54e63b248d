"""ETag, If-None-Match and If-Match: what they mean here; it reads no store."""

import re
from typing import Final

from tiketi_core.kernel.errors import InvalidRequestError
from tiketi_platform.framework.call import Reply
from tiketi_platform.services.event.reads import Read
from tiketi_sdk.contract.operation import IF_MATCH

_TAG: Final = re.compile(r'"([0-9]{1,18})(-[0-9a-f]+)?"')
_ANY: Final = "*"


def expected_version(if_match: str | None) -> int | None:
    """The version a change is meant for; None for any.

    Only the version of a tag counts: what the clock or a sale changed since is nobody's change to lose.
    Raises InvalidRequestError for anything else than one strong tag of ours, or *.
    """
    if if_match is None or if_match.strip() == _ANY:
        return None
    named = _TAG.fullmatch(if_match.strip())
    if named is None:
        raise InvalidRequestError("must be one entity tag, as ETag said it, or *", field=IF_MATCH)
    return int(named[1])


def answered(read: Read, if_none_match: str | None) -> Reply:
    """The answer, or 304 where the client has it."""
    headers = {"ETag": read.etag, "Cache-Control": "no-cache"}
    if if_none_match is not None and matches(if_none_match, read.etag):
        return Reply(None, status=304, headers=headers)
    return Reply(read.body, headers=headers)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether one of the tags a client has is this one."""
    named = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return etag in named or _ANY in named
