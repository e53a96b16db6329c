"""When a provider wants to be asked again. Traps 31, 32."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dialects.retry_after import LONGEST, read_retry_after

NOW = 1_750_000_000.0
DATE = "Sun, 15 Jun 2025 15:06:40 GMT"
LATER = "Sun, 15 Jun 2025 15:07:10 GMT"


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, None, 7.0),
        ({"retry-after": " 0.5 "}, None, 0.5),
        ({"retry-after": "0"}, None, 0.0),
        ({"retry-after": "1000000000"}, None, LONGEST),
        ({"retry-after": LATER}, None, 30.0),
        ({"retry-after": "Sun, 15 Jun 2025 15:00:00 GMT"}, None, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, None, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, None, 9.0),
        ({"retry-after": "soon"}, {"retry_after": 3}, 3.0),
        ({}, {"retry_after": "4"}, 4.0),
        ({}, {"error": {"retry_after": 5.5}}, 5.5),
        ({}, {"error": {"details": [{"reason": "x"}, {"retryDelay": "13s"}]}}, 13.0),
        ({}, [{"error": {"details": [{"retryDelay": "0.25s"}]}}], 0.25),
    ],
)
def test_every_way_to_name_a_time_is_understood(headers: dict[str, str], body: Any, seconds: float) -> None:
    """Fault 6."""
    assert read_retry_after(headers, body, NOW) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "nan", "inf", "1e9", "\uff15", "Sun, 99 Jun 2025 15:07:10 GMT", "0x10"]
)
def test_what_makes_no_sense_is_none(text: str) -> None:
    assert read_retry_after({"retry-after": text, "retry-after-ms": text}, {"retry_after": text}, NOW) is None


def test_a_date_is_held_against_the_answers_own_date_when_nobody_tells_the_time() -> None:
    assert read_retry_after({"retry-after": LATER, "date": DATE}, None) == 30
    assert read_retry_after({"retry-after": LATER}, None) is None


@given(
    st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=40)),
    st.text() | st.none(),
)
def test_no_header_makes_it_fail_or_wait_for_ever(headers: dict[str, str], body: str | None) -> None:
    found = read_retry_after(headers, {"retry_after": body}, NOW)

    assert found is None or 0 <= found <= LONGEST
