"""What a person reads at the end: a table, every mismatch, every documented exception, and one line that counts."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.conformance.drive import Outcome


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Line by line; the last is `N of M exchanges as expected`."""
    yield from _table(outcomes)
    left_out = Counter((outcome.exchange.way.provider, name) for outcome in outcomes for name in outcome.left_out)
    if left_out:
        yield "\nRefused by name, and asked again without (recorded providers took it and forgot it):"
        yield from (f"  {provider:18} {count} times {name}" for (provider, name), count in sorted(left_out.items()))
    odd = [(outcome.exchange.id, outcome.oddity) for outcome in outcomes if outcome.oddity]
    if odd:
        yield "\nDocumented exceptions:"
        yield from (f"  {id_}  {oddity.reason}" for id_, oddity in odd)
    wrong = [outcome for outcome in outcomes if not outcome.as_expected]
    if wrong:
        yield "\nMismatches:"
        yield from (f"  {outcome.exchange.id}  {outcome.difference}" for outcome in wrong)
    yield f"\n{len(outcomes) - len(wrong)} of {len(outcomes)} exchanges as expected"


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    total: Counter[tuple[str, str, bool]] = Counter()
    right: Counter[tuple[str, str, bool]] = Counter()
    for outcome in outcomes:
        exchange = outcome.exchange
        row = (exchange.provider, exchange.api, exchange.is_stream)
        total[row] += 1
        right[row] += outcome.as_expected
    yield f"{'provider':19}{'api':23}{'stream':8}{'ok/total':>10}"
    for row in sorted(total):
        provider, api, is_stream = row
        yield f"{provider:19}{api:23}{'yes' if is_stream else 'no':8}{f'{right[row]}/{total[row]}':>10}"
