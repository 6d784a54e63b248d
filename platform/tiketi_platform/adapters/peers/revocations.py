"""Asks auth which tokens ended before their time; what follows from it is not its business."""

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_sdk.contract.auth_accounts import REVOCATIONS, Revocations, RevocationsRequest
from tiketi_sdk.errors import ApiError


async def ask_revocations(peer: PeerClient, request: RevocationsRequest) -> Revocations:
    """A page of them; UnavailableError when auth does not answer, or not to us."""
    try:
        return await peer.call(REVOCATIONS, request)
    except ApiError as error:  # our own secret, say: no fault of those whose tokens are looked at
        raise UnavailableError(f"auth refuses us: {error.code}", retry_after_s=1) from error
