"""What this process measured."""

from shared.health.latencies import FAILED, FORGOTTEN, Latencies
from tests.fakes.services import FixedClock


def test_newer_measures_move_the_average() -> None:
    latencies = Latencies(clock=FixedClock())
    for milliseconds in (100, 100, 200):
        latencies.note("openai", "m", milliseconds)

    assert latencies.find("openai", "m") == 130
    assert latencies.find("openai", "other") is None


def test_a_failure_is_slower_than_any_answer() -> None:
    latencies = Latencies(clock=FixedClock())
    latencies.note_failure("openai", "m")

    assert latencies.find("openai", "m") == FAILED


def test_what_was_measured_long_ago_says_nothing() -> None:
    clock = FixedClock()
    latencies = Latencies(clock=clock)
    latencies.note("openai", "m", 100)
    clock.pass_by(FORGOTTEN)

    assert latencies.find("openai", "m") is None


def test_what_is_remembered_is_bounded() -> None:
    latencies = Latencies(clock=FixedClock())
    for number in range(5000):
        latencies.note("openai", f"m{number}", 100)

    assert latencies.find("openai", "m0") is None
    assert latencies.find("openai", "m4999") == 100
