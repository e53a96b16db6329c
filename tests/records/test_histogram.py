"""Percentiles from buckets, held against percentiles from all values."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.records.histogram import EDGES, bucket, merged, percentile, up_to

VALUES = st.lists(st.integers(1, 1_000_000), min_size=1, max_size=300)


def counted(values: list[int]) -> dict[int, int]:
    return merged([{bucket(value): 1} for value in values])


def exact(values: list[int], percent: int) -> int:
    """By the nearest rank."""
    return sorted(values)[max(1, -(-len(values) * percent // 100)) - 1]


@given(values=VALUES, percent=st.sampled_from([50, 95, 99]))
def test_a_percentile_is_in_the_bucket_of_the_exact_one(values: list[int], percent: int) -> None:
    told = percentile(counted(values), percent)

    assert told is not None
    assert bucket(told) == bucket(exact(values, percent))
    assert 0.88 <= told / exact(values, percent) <= 1.14


@given(one=VALUES, other=VALUES)
def test_histograms_of_parts_are_the_histogram_of_the_whole(one: list[int], other: list[int]) -> None:
    assert merged([counted(one), counted(other)]) == counted(one + other)


@given(values=VALUES, edge=st.sampled_from([100, 250, 500, 1000, 2500, 5000, 10_000, 250_000]))
def test_how_many_are_within_an_edge_is_exact(values: list[int], edge: int) -> None:
    assert up_to(counted(values), edge) == sum(value <= edge for value in values)


def test_no_bucket_is_much_wider_than_a_quarter() -> None:
    assert max(high / low for low, high in pairwise(EDGES)) <= 1.28


def test_what_is_beyond_either_end_is_told_as_that_end() -> None:
    assert percentile({bucket(0): 1}, 50) == 1
    assert percentile({bucket(5_000_000): 1}, 50) == 1_000_000


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 50) is None
