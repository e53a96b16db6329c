import pytest

from shared.errors import InvalidRequest, LimitReached
from shared.identity.throttle import (
    MOST_FOR_EMAIL,
    MOST_FROM_SOURCE,
    MOST_SIGN_UPS,
    WINDOW,
    SignInThrottle,
    SignUpThrottle,
)
from tests.fakes.services import FixedClock
from tests.fakes.table import MemoryTable

HOME = "198.51.100.7"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def throttle(clock: FixedClock) -> SignInThrottle:
    return SignInThrottle(MemoryTable(now=clock), now=clock)


async def guess(throttle: SignInThrottle, email: str, times: int) -> None:
    for _ in range(times):
        await throttle.admit(email, HOME)


async def test_one_e_mail_has_its_tries_and_then_waits_for_the_next_window(
    throttle: SignInThrottle, clock: FixedClock
) -> None:
    await guess(throttle, "alice@example.com", MOST_FOR_EMAIL)
    with pytest.raises(LimitReached) as refusal:
        await throttle.admit("alice@example.com", HOME)
    await throttle.admit("alice@example.com", "203.0.113.9")
    clock.pass_by(refusal.value.retry_after or 0)

    await throttle.admit("alice@example.com", HOME)

    assert 0 < (refusal.value.retry_after or 0) <= WINDOW


@pytest.mark.parametrize(
    "spelling",
    ["B\u00dcCHER@b\u00fccher.example", "bu\u0308cher@B\u00fccher.EXAMPLE", "b\u00fccher@xn--bcher-kva.example"],
)
async def test_another_spelling_is_no_other_e_mail(throttle: SignInThrottle, spelling: str) -> None:
    await guess(throttle, "b\u00fccher@b\u00fccher.example", MOST_FOR_EMAIL)

    with pytest.raises(LimitReached):
        await throttle.admit(spelling, HOME)


async def test_one_source_has_its_tries_whatever_the_e_mails(throttle: SignInThrottle) -> None:
    for number in range(MOST_FROM_SOURCE):
        await throttle.admit(f"{number}@example.com", HOME)

    with pytest.raises(LimitReached):
        await throttle.admit("another@example.com", HOME)


async def test_what_is_no_e_mail_counts_for_its_source(throttle: SignInThrottle) -> None:
    for _ in range(MOST_FROM_SOURCE):
        with pytest.raises(InvalidRequest):
            await throttle.admit("nobody", HOME)

    with pytest.raises(LimitReached):
        await throttle.admit("nobody", HOME)


async def test_who_gets_it_right_has_tried_nothing(throttle: SignInThrottle) -> None:
    """Nor do many right ones use up what a source may."""
    for _ in range(MOST_FROM_SOURCE + 1):
        await throttle.admit("alice@example.com", HOME)
        await throttle.forgive("Alice@Example.com", HOME)

    await guess(throttle, "alice@example.com", MOST_FOR_EMAIL)


@pytest.mark.parametrize(
    ("first", "same", "other"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.8"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.7", "::ffff:198.51.100.8"),
        ("testclient", "testclient", ""),
    ],
)
async def test_sign_ups_are_counted_by_source_which_in_ipv6_is_a_network(
    clock: FixedClock, first: str, same: str, other: str
) -> None:
    throttle = SignUpThrottle(MemoryTable(now=clock), now=clock)
    for _ in range(MOST_SIGN_UPS):
        await throttle.admit(first)
    with pytest.raises(LimitReached) as refusal:
        await throttle.admit(same)
    await throttle.admit(other)
    clock.pass_by(refusal.value.retry_after or 0)

    await throttle.admit(same)

    assert "sign-ups" in refusal.value.message


async def test_signing_up_uses_up_no_guess_of_a_password(clock: FixedClock) -> None:
    table = MemoryTable(now=clock)
    for _ in range(MOST_SIGN_UPS):
        await SignUpThrottle(table, now=clock).admit(HOME)

    await guess(SignInThrottle(table, now=clock), "alice@example.com", MOST_FOR_EMAIL)

    assert sorted(int(str(item["tries"])) for item in table.items.values()) == [
        MOST_FOR_EMAIL,
        MOST_FOR_EMAIL,
        MOST_SIGN_UPS,
    ]
