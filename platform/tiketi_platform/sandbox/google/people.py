"""Whom the sandbox knows: some people to choose from, and anybody who types an e-mail."""

import hashlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """One Google account."""

    email: str
    name: str
    verified: bool = True

    @property
    def subject(self) -> str:
        """21 digits, as Google's are; the same for the same e-mail in any case."""
        digest = hashlib.sha256(self.email.lower().encode()).digest()
        return str(10**20 + int.from_bytes(digest[:8]) % (9 * 10**20))


PEOPLE: Final = (
    Person("minji.kim@gmail.test", "김민지"),
    Person("seojun.lee@gmail.test", "이서준"),
    Person("unverified@gmail.test", "Not Verified", verified=False),
)


def person(email: str, *, verified: bool) -> Person:
    """One of the known, or a new one."""
    for known in PEOPLE:
        if known.email == email.lower():
            return known
    return Person(email, email.partition("@")[0], verified)
