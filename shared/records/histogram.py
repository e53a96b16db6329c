"""Counts of values in buckets that grow by a tenth of a decade each, from 1 to 1,000,000: what percentiles are told from, within their bucket.

The edges are Renard's R10 (ISO 3), so that 1, 2.5, 5 and their decades, which graphs want, are among them. No bucket is wider than 1.28 times
its lower edge.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final

_STEPS: Final = (100, 125, 160, 200, 250, 315, 400, 500, 630, 800)
EDGES: Final[tuple[float, ...]] = (*(step * 10**decade / 100 for decade in range(6) for step in _STEPS), 1e6)
"""The largest value of each bucket; what is larger than all lies in one more."""

type Histogram = Mapping[int, int]
"""How many values lie in each bucket, by the bucket's number; none is 0."""


def bucket(value: float) -> int:
    """The number of the bucket that this value lies in."""
    return bisect_left(EDGES, value)


def merged(histograms: Iterable[Histogram]) -> dict[int, int]:
    """All of them as one."""
    sums: dict[int, int] = {}
    for histogram in histograms:
        for number, count in histogram.items():
            sums[number] = sums.get(number, 0) + count
    return sums


def percentile(histogram: Histogram, percent: int) -> float | None:
    """The value that so many per cent of all do not exceed, by the nearest rank, told as the middle of its bucket. None of nothing."""
    total = sum(histogram.values())
    if not total:
        return None
    wanted, numbers = max(1, -(-total * percent // 100)), sorted(histogram)
    reached = accumulate(histogram[number] for number in numbers)
    return _middle(next(number for number, count in zip(numbers, reached, strict=True) if count >= wanted))


def up_to(histogram: Histogram, edge: float) -> int:
    """How many values are at most `edge`, which is one of EDGES."""
    last = EDGES.index(edge)
    return sum(count for number, count in histogram.items() if number <= last)


def _middle(number: int) -> float:
    """The geometric middle, which is never further than 13 % from either edge."""
    if number == 0:
        return EDGES[0]
    if number >= len(EDGES):
        return EDGES[-1]
    return float((EDGES[number - 1] * EDGES[number]) ** 0.5)
