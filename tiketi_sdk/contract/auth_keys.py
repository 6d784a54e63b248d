"""The keys that sign access tokens: which there are, and how one takes over from another."""

from typing import Annotated, Literal

from pydantic import Field

from tiketi_sdk.contract.fields import Instant
from tiketi_sdk.contract.operation import Nothing, Operation, Request, Wire

PUBLISH_AHEAD_S_MAX = 24 * 3600
PUBLISH_AHEAD_S = 120
"""Twice as long as anybody may keep the published keys."""


class SigningKey(Wire):
    """One key, as far as anybody may know it."""

    kid: str
    state: Literal["next", "current", "retired"]
    """Published and waiting, signing, or kept until the tokens it signed have ended."""
    created_at: Instant
    signs_from: Instant
    retires_at: Instant | None = None
    """When it leaves the published keys; None while no other takes over from it."""


class SigningKeys(Wire):
    """All keys that are published, the newest first."""

    items: tuple[SigningKey, ...]


class RotateKeysRequest(Request):
    """How long the new key is published before it signs."""

    publish_ahead_s: Annotated[int, Field(ge=0, le=PUBLISH_AHEAD_S_MAX)] = PUBLISH_AHEAD_S


SIGNING_KEYS = Operation(
    name="auth.signing_keys", method="GET", path="/api/auth/keys", request=Nothing, response=SigningKeys,
    access="admin", summary="The keys that sign access tokens.",
)  # fmt: skip
ROTATE_KEYS = Operation(
    name="auth.rotate_keys", method="POST", path="/api/auth/keys/rotate", request=RotateKeysRequest,
    response=SigningKeys, access="admin", status=201,
    summary="Publish a new signing key that takes over once everybody has seen it.",
)  # fmt: skip
