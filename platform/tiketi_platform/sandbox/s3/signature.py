"""Checks AWS Signature Version 4 of a request as Amazon does; signs nothing, and knows one key only.

Source: "Create a signed AWS API request", docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote

_HEADER: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<scope>(?P<day>\d{8})/(?P<region>[^/,]+)/s3/aws4_request),"
    r" ?SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_SPACES: Final = re.compile(r"\s+")
SKEW_S: Final = 900


class RefusedError(Exception):
    """The request is not signed with our key; `code` is Amazon's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What of a request is signed."""

    method: str
    path: str
    """As it was sent, percent-encoded."""
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """The one pair of keys that opens the bucket."""

    access_key: str
    secret_key: str

    def check(self, request: Signed, *, now: datetime) -> None:
        """`RefusedError` unless it is signed with these keys, lately, as it arrived."""
        found = _HEADER.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            raise RefusedError("AccessDenied")
        if not hmac.compare_digest(found["key"], self.access_key):
            raise RefusedError("InvalidAccessKeyId")
        stamp = request.headers.get("x-amz-date", "")
        if not stamp.startswith(found["day"]) or not _is_recent(stamp, now):
            raise RefusedError("RequestTimeTooSkewed")
        digest = hashlib.sha256(request.body).hexdigest()
        if request.headers.get("x-amz-content-sha256") != digest:
            raise RefusedError("XAmzContentSHA256Mismatch")
        canonical = hashlib.sha256(_canonical(request, found["headers"], digest).encode())
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{found['scope']}\n{canonical.hexdigest()}"
        key = f"AWS4{self.secret_key}".encode()
        for part in (found["day"], found["region"], "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        wanted = hmac.new(key, text.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(found["signature"], wanted):
            raise RefusedError("SignatureDoesNotMatch")


def _canonical(request: Signed, names: str, digest: str) -> str:
    headers = "".join(
        f"{name}:{_SPACES.sub(' ', request.headers.get(name, '').strip())}\n"
        for name in names.split(";")
    )
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
    )
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{request.method}\n{request.path}\n{query}\n{headers}\n{names}\n{digest}"


def _is_recent(stamp: str, now: datetime) -> bool:
    try:
        then = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((now - then).total_seconds()) <= SKEW_S
