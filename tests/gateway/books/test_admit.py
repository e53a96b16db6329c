"""What a budget is charged: whole micro-dollars, never too few."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.gateway.books.admit import in_micros

DOLLARS = st.decimals(min_value=0, max_value=10_000, places=12)


@given(DOLLARS)
def test_a_charge_is_the_cost_rounded_up(usd: Decimal) -> None:
    over = in_micros(usd) - Fraction(usd) * 1_000_000

    assert isinstance(in_micros(usd), int)
    assert 0 <= over < 1


@given(st.lists(DOLLARS, max_size=8))
def test_charges_apart_are_no_less_than_the_charge_of_their_sum(costs: list[Decimal]) -> None:
    """And at most a micro-dollar more for each."""
    apart, whole = sum(map(in_micros, costs)), in_micros(sum(costs, Decimal(0)))

    assert whole <= apart <= whole + len(costs)


@given(DOLLARS, DOLLARS)
def test_what_costs_more_is_charged_no_less(one: Decimal, other: Decimal) -> None:
    less, more = sorted((one, other))

    assert in_micros(less) <= in_micros(more)
