"""Argon2 off the loop: what matches, what is outdated, and what happens when too many come."""

import asyncio

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.passwords.hasher import Argon2Passwords


async def test_a_password_matches_its_own_hash_and_no_other() -> None:
    passwords = Argon2Passwords()
    first, second = await passwords.hash("pass\u0000word"), await passwords.hash("pass\u0000word")
    assert first != second
    assert await passwords.verify("pass\u0000word", first)
    assert not await passwords.verify("pass", first)
    assert not await passwords.verify("pass\u0000word", None)
    assert not await passwords.verify("", None)


async def test_a_hash_of_other_parameters_is_outdated_and_still_good() -> None:
    weak = await Argon2Passwords(memory_kib=64, passes=1).hash("password")
    passwords = Argon2Passwords()
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(await passwords.hash("password"))
    assert await passwords.verify("password", weak)


async def test_what_cannot_be_done_soon_is_refused_at_once() -> None:
    passwords = Argon2Passwords(waiting_max=4)
    answers = await asyncio.gather(
        *(passwords.hash("password") for _ in range(10)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 6
    assert all(isinstance(error, UnavailableError) and error.retry_after_s for error in refused)
    assert await passwords.hash("password")


async def test_nobody_costs_what_somebody_costs() -> None:
    passwords = Argon2Passwords()
    assert passwords._nobody.split("$")[:4] == (await passwords.hash("x")).split("$")[:4]
    assert not passwords.is_outdated(passwords._nobody)
