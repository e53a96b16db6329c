import asyncio
import threading

import pytest

from shared.errors import InvalidRequest, LimitReached
from shared.identity.passwords import MOST_WAITING, Cost, Passwords, check_password

CHEAP = Cost(n=2**4)


async def test_a_password_matches_what_was_kept_of_it_alone() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash("correct horse")

    assert await passwords.matches("correct horse", kept)
    assert not await passwords.matches("Correct horse", kept)
    assert not await passwords.matches("correct horse", None)
    assert kept != await passwords.hash("correct horse")


async def test_one_password_may_be_spelled_two_ways_in_unicode() -> None:
    passwords = Passwords(CHEAP)

    assert await passwords.matches("pa\u0308sswort", await passwords.hash("p\u00e4sswort"))


@pytest.mark.parametrize("password", ["12345678", "x" * 256, "        ", "пароль без правил", "🐎" * 8])
def test_length_is_the_only_rule(password: str) -> None:
    check_password(password, "alice@example.com")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257, "Alice@Example.com "])
def test_what_is_too_short_too_long_or_the_email_is_refused(password: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_password(password, "alice@example.com")

    assert refused.value.parameter == "password"
    assert password not in refused.value.message or not password


async def test_at_most_two_are_hashed_at_once_though_those_who_asked_have_left() -> None:
    passwords, before = Passwords(Cost(n=2**12)), set(threading.enumerate())
    asked = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(8)]
    await asyncio.sleep(0.005)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)

    assert len(set(threading.enumerate()) - before) <= 2
    assert await passwords.matches("correct horse", await passwords.hash("correct horse"))


async def test_too_many_who_wait_are_told_to_come_again() -> None:
    passwords = Passwords(CHEAP)

    answers = await asyncio.gather(
        *(passwords.hash("correct horse") for _ in range(MOST_WAITING + 5)), return_exceptions=True
    )

    assert sum(isinstance(answer, LimitReached) for answer in answers) == 5
    assert await passwords.hash("correct horse")
