from shared.identity.remember import Remembered
from tests.fakes.services import FixedClock


def test_a_value_is_kept_for_five_seconds_since_it_was_asked_for() -> None:
    clock = FixedClock(100)
    seen: Remembered[str, int] = Remembered(clock)
    seen.keep("a", 1, since=98)

    clock.pass_by(2.9)
    assert seen.find("a") == 1
    clock.pass_by(0.1)
    assert seen.find("a") is None


def test_a_clock_that_is_set_back_lengthens_no_life() -> None:
    clock = FixedClock(100)
    seen: Remembered[str, int] = Remembered(clock)
    seen.keep("a", 1, since=100)

    clock.at = 50

    assert seen.find("a") is None


def test_there_are_never_more_than_were_allowed() -> None:
    clock = FixedClock(100)
    seen: Remembered[int, int] = Remembered(clock, most=10)

    for number in range(25):
        seen.keep(number, number, since=100)

    assert [number for number in range(25) if seen.find(number) is not None] == list(range(15, 25))


def test_what_was_being_looked_up_while_it_was_forgotten_is_not_kept() -> None:
    """Threat I9."""
    clock = FixedClock(100)
    seen: Remembered[str, int] = Remembered(clock)
    seen.keep("a", 1, since=99)
    seen.keep("b", 2, since=99)

    clock.pass_by(1)
    seen.forget_all(lambda value: value == 1)
    clock.pass_by(1)
    seen.keep("a", 1, since=100)

    assert [seen.find("a"), seen.find("b")] == [None, 2]
    seen.keep("a", 1, since=102)
    assert seen.find("a") == 1
