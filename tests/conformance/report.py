"""What a person reads at the end: a table, every mismatch, every documented exception, and one line that counts."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.conformance.drive import Outcome
from tests.conformance.oddities import find_oddity


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Line by line; the last is `N of M exchanges as expected`."""
    yield from _table(outcomes)
    left_out = Counter((outcome.exchange.way.provider, name) for outcome in outcomes for name in outcome.left_out)
    if left_out:
        yield "\nRefused by name, and asked again without (recorded providers took it and forgot it):"
        yield from (f"  {provider:18} {count} times {name}" for (provider, name), count in sorted(left_out.items()))
    odd = [outcome for outcome in outcomes if is_odd(outcome)]
    if odd:
        yield "\nDocumented exceptions:"
        for outcome in odd:
            oddity = find_oddity(outcome.exchange, outcome.difference or "")
            yield f"  {outcome.exchange.id}  {oddity.reason if oddity else ''}"
    wrong = [outcome for outcome in outcomes if not as_expected(outcome)]
    if wrong:
        yield "\nMismatches:"
        yield from (f"  {outcome.exchange.id}  {outcome.difference}" for outcome in wrong)
    yield f"\n{len(outcomes) - len(wrong)} of {len(outcomes)} exchanges as expected"


def as_expected(outcome: Outcome) -> bool:
    """No difference, or one with a documented reason."""
    return outcome.difference is None or is_odd(outcome)


def is_odd(outcome: Outcome) -> bool:
    """It differs, for a documented reason."""
    return outcome.difference is not None and find_oddity(outcome.exchange, outcome.difference) is not None


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    total: Counter[tuple[str, str, bool]] = Counter()
    right: Counter[tuple[str, str, bool]] = Counter()
    for outcome in outcomes:
        exchange = outcome.exchange
        row = (exchange.provider, exchange.api, exchange.is_stream)
        total[row] += 1
        right[row] += as_expected(outcome)
    yield f"{'provider':19}{'api':23}{'stream':8}{'ok/total':>10}"
    for row in sorted(total):
        provider, api, is_stream = row
        yield f"{provider:19}{api:23}{'yes' if is_stream else 'no':8}{f'{right[row]}/{total[row]}':>10}"
