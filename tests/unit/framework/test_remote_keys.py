"""Signing keys are believed as long as they are published, and those who publish them are not hammered."""

from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.waiting import until
from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.socketio.frames import Frame
from tiketi_platform.adapters.socketio.server import Peer
from tiketi_platform.adapters.tokens.keys import RemoteKeys
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import (
    ACCESS_AUDIENCE,
    ENTRY_AUDIENCE,
    EntryRequiredError,
    TokenInvalidError,
    TokenVerifier,
)
from tiketi_platform.services.queue.audience import Member
from tiketi_platform.services.queue.connections import Connections
from tiketi_sdk.contract.auth import Jwks

NOW_S = 1_800_000_000
LONG_S = 3_600.0


class Clock:
    def now_ms(self) -> int:
        return NOW_S * 1_000


class Publisher:
    """A service that publishes keys, or does not answer."""

    def __init__(self, *signers: Signer) -> None:
        self.signers = signers
        self.is_away = False
        self.asked_count = 0

    async def fetch(self) -> Jwks:
        self.asked_count += 1
        if self.is_away:
            raise UnavailableError("away")
        return Jwks(keys=tuple(signer.jwk for signer in self.signers))


def a_signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


def a_verifier(publisher: Publisher) -> tuple[RemoteKeys, TokenVerifier]:
    """A service that hears within moments of what is published no more."""

    def forget(kid: str) -> None:
        verifier.forget(kid)

    keys = RemoteKeys(publisher.fetch, on_lost=forget, fresh_s=0.01)
    verifier = TokenVerifier(access_key=keys.key, entry_key=None, clock=Clock())
    return keys, verifier


def access_token(signer: Signer, ttl_s: int = 60) -> str:
    claims = {"sub": "7", "role": "user"}
    return signer.sign(
        claims, audience=ACCESS_AUDIENCE, issued_at_s=NOW_S, expires_at_s=NOW_S + ttl_s
    )


async def test_a_key_that_is_published_no_more_is_forgotten_with_its_tokens() -> None:
    old, new = a_signer(), a_signer()
    publisher = Publisher(old, new)
    keys, verifier = a_verifier(publisher)
    stale, good = access_token(old), access_token(new)
    for token in (stale, good):
        await verifier.access(token)
    keys.follow()
    try:
        publisher.is_away = True
        asked = publisher.asked_count

        async def has_asked_in_vain() -> bool:
            return publisher.asked_count > asked + 1

        await until(has_asked_in_vain)
        assert verifier.remembered(stale) is not None, "an outage takes no key away"
        publisher.signers, publisher.is_away = (new,), False

        async def is_forgotten() -> bool:
            return verifier.remembered(stale) is None

        await until(is_forgotten)
    finally:
        await keys.stop()
    with pytest.raises(TokenInvalidError):
        await verifier.access(stale)
    assert verifier.remembered(good) is not None


class Socket:
    """As much of a peer as `Connections` sees."""

    open = True
    state: Member

    async def end(self, last: Frame) -> None:
        self.open = False
        self.last = last


async def test_a_key_that_is_published_no_more_ends_the_sockets_it_let_in_and_no_others() -> None:
    old, new = a_signer(), a_signer()
    publisher = Publisher(old, new)
    keys, verifier = a_verifier(publisher)
    connections, sockets = Connections(Clock()), (Socket(), Socket())

    async def let_in(socket: Socket, signer: Signer) -> None:
        principal = await verifier.access(access_token(signer))
        connections.add(cast("Peer", socket), Member(principal.user_id, principal))

    stale, good = sockets
    await let_in(stale, old)
    await let_in(good, new)
    await connections.end_revoked(verifier)
    assert [socket.open for socket in sockets] == [True, True]
    keys.follow()
    try:
        publisher.signers = (new,)

        async def is_over() -> bool:
            await connections.end_revoked(verifier)
            return not stale.open

        await until(is_over)
        assert b"token_expired" in stale.last.wire
        assert good.open
        publisher.signers = (old, new)  # a mistake is taken back

        async def is_known_again() -> bool:
            return await keys.key(old.jwk.kid) is not None

        await until(is_known_again)
    finally:
        await keys.stop()
    back = Socket()
    await let_in(back, old)
    await connections.end_revoked(verifier)
    assert back.open


async def test_nothing_is_asked_before_somebody_wanted_to_know() -> None:
    publisher = Publisher(a_signer())
    keys = RemoteKeys(publisher.fetch)
    keys.follow()
    await keys.stop()
    assert publisher.asked_count == 0


async def test_unknown_names_ask_once_and_hear_the_same() -> None:
    publisher = Publisher(a_signer())
    keys = RemoteKeys(publisher.fetch, retry_s=LONG_S)
    publisher.is_away = True
    for _ in range(5):
        with pytest.raises(UnavailableError):
            await keys.key("made-up")
    assert publisher.asked_count == 1
    keys = RemoteKeys(publisher.fetch, refresh_s=LONG_S)
    publisher.is_away = False
    for number in range(5):
        assert await keys.key(f"made-up-{number}") is None
    assert publisher.asked_count == 2


async def test_a_token_that_would_live_for_too_long_is_refused() -> None:
    signer = a_signer()
    keys = RemoteKeys(Publisher(signer).fetch)
    verifier = TokenVerifier(access_key=keys.key, entry_key=keys.key, clock=Clock())
    await verifier.access(access_token(signer, bounds.token_ttl_s_max))
    with pytest.raises(TokenInvalidError):
        await verifier.access(access_token(signer, bounds.token_ttl_s_max + 1))
    entry = signer.sign(
        {"sub": "7", "event_id": 1, "number": 1},
        audience=ENTRY_AUDIENCE,
        issued_at_s=NOW_S,
        expires_at_s=NOW_S + bounds.token_ttl_s_max + 1,
    )
    with pytest.raises(EntryRequiredError):
        await verifier.entry(entry)


def test_no_token_of_ours_is_refused_for_its_life() -> None:
    lives = (bounds.access_ttl_s, bounds.service_token_ttl_s, bounds.entry_ttl_s)
    assert max(lives) <= bounds.token_ttl_s_max
