"""An auth that refuses to tell which tokens ended is one that does not answer."""

from functools import partial
from typing import cast

import pytest

from tests.waiting import until
from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_platform.adapters.peers.revocations import ask_revocations
from tiketi_platform.adapters.tokens.revocations import RevocationFeed
from tiketi_sdk.contract.auth_accounts import Revocations
from tiketi_sdk.errors import ApiError


class Auth:
    """Does not know us at first."""

    def __init__(self, *, refusals_count: int) -> None:
        self._refusals_count = refusals_count

    async def call(self, *_: object) -> Revocations:
        if self._refusals_count > 0:
            self._refusals_count -= 1
            raise ApiError("who are you?", status=401, code="token_invalid")
        return Revocations(users=(), sessions=(), cursor="c", more=False)


async def test_a_refusal_is_no_answer_and_ends_no_following(
    caplog: pytest.LogCaptureFixture,
) -> None:
    feed = RevocationFeed(poll_ms=1)

    async def is_known() -> bool:
        return feed.is_known

    feed.follow(partial(ask_revocations, cast("PeerClient", Auth(refusals_count=2))))
    with pytest.raises(UnavailableError):
        await feed.learn()
    await until(is_known)
    await feed.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
