"""Every way to fail at logging in takes the same steps, so that nobody can tell them apart by time."""

from collections.abc import Sequence

import pytest

from tiketi_core.auth.errors import BadCredentialsError
from tiketi_core.auth.model import AccessToken, Account, Opened, Origin, Policy, Stored
from tiketi_core.auth.use_cases import Credentials, Identity, Issuer
from tiketi_core.kernel.ids import SessionId, UserId

KNOWN = Account(
    id=UserId(1),
    email="a@b.com",
    name="a",
    phone=None,
    role="user",
    provider="LOCAL",
    profile_image=None,
    created_at_ms=0,
)


WRONG = ["candidate", "verify", "count account", "count address"]
ORIGIN = Origin(address="1.2.3.4")


class Steps:
    """All of the ports at once; writes down what is asked of it."""

    def __init__(self, stored: Stored | None, *, outdated: bool = False) -> None:
        self.stored = stored
        self.outdated = outdated
        self.taken: list[str] = []
        self.new_hash: str | None = None

    async def candidate(self, *_: object) -> Stored | None:
        self.taken.append("candidate")
        return self.stored

    async def count(self, key: str, _: object) -> None:
        self.taken.append(f"count {key.partition(':')[0]}")

    async def open_session(self, *_: object, new_hash: str | None, **__: object) -> Opened:
        self.taken.append("open_session")
        self.new_hash = new_hash
        return Opened(account=KNOWN, session_id=SessionId(1))

    async def hash(self, password: str) -> str:
        self.taken.append("hash")
        return f"new:{password}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        self.taken.append("verify")
        return password_hash == f"old:{password}"

    def is_outdated(self, _: str) -> bool:
        return self.outdated

    def access(self, **_: object) -> AccessToken:
        return AccessToken(token="t", expires_at_ms=0)

    def refresh(self) -> str:
        return "r"

    def refresh_after(self, spent: str, key: str) -> str:
        return f"{spent} {key}"


def identity(steps: Steps) -> Identity:
    issuer = Issuer(steps, Policy())
    credentials = Credentials(steps, steps, issuer.policy)  # type: ignore[arg-type]
    return Identity(steps, steps, credentials=credentials, issuer=issuer, secrets=steps)  # type: ignore[arg-type]


async def steps_of(stored: Stored | None, password: str) -> Sequence[str]:
    steps = Steps(stored)
    with pytest.raises(BadCredentialsError):
        await identity(steps).login(email="a@b.com", password=password, origin=ORIGIN)
    return steps.taken


async def test_unknown_wrong_and_without_password_take_the_same_steps():
    wrong = await steps_of(Stored(account=KNOWN, password_hash="old:right"), "wrong")
    without = await steps_of(Stored(account=KNOWN, password_hash=None), "right")
    unknown = await steps_of(None, "right")
    assert wrong == without == unknown == WRONG


@pytest.mark.parametrize(("outdated", "new_hash"), [(False, None), (True, "new:right")])
async def test_a_right_password_renews_a_hash_of_old_parameters(outdated, new_hash):
    steps = Steps(Stored(account=KNOWN, password_hash="old:right"), outdated=outdated)
    await identity(steps).login(email="a@b.com", password="right", origin=ORIGIN)
    assert steps.new_hash == new_hash
    assert not set(WRONG[2:]) & set(steps.taken)
