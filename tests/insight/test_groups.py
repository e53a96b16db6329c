"""Counters added up, and shown page by page."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from shared.insight.groups import BY, By, grouped, page_of
from shared.records.usage import Counts, DayUsage

NAMES = st.sampled_from(["a", "b/c", "", "%2F", "ü"])
ROWS = st.lists(
    st.builds(
        DayUsage,
        day=st.dates(date(2026, 11, 1), date(2026, 11, 4)),
        provider=NAMES,
        model=NAMES,
        token_id=st.none() | st.sampled_from(["t", "u/v"]),
        counts=st.builds(Counts, requests=st.integers(1, 9)),
    ),
    max_size=30,
)
WAYS = st.lists(st.sampled_from(BY), unique=True, max_size=4)


@given(rows=ROWS, by=WAYS)
def test_nothing_is_lost_and_nothing_counted_twice(rows: list[DayUsage], by: list[By]) -> None:
    groups = grouped(rows, by)

    assert sum(group.counts.requests for group in groups) == sum(row.counts.requests for row in rows)
    named = [(group.day, group.provider, group.model, group.token) for group in groups]
    assert len(set(named)) == len(named)


@given(rows=ROWS, by=WAYS, limit=st.integers(1, 4))
def test_the_pages_are_all_of_it(rows: list[DayUsage], by: list[By], limit: int) -> None:
    groups, found, after = grouped(rows, by), [], None
    while True:
        page, after = page_of(groups, after, limit)
        found += page
        assert len(page) <= limit
        if after is None:
            break

    assert [group.place for group in found] == [group.place for group in groups]


def test_a_place_that_is_none_begins_somewhere() -> None:
    """Threat I5: it is a name to go on behind, and opens nothing."""
    rows = [DayUsage(day=date(2026, 11, 1), provider="a", model="m", token_id=None, counts=Counts(requests=1))]

    assert page_of(grouped(rows, ("provider",)), "~~~", 10) == ([], None)
