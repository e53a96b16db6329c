"""What a person reads at the end: a table, every mismatch, every documented exception, and one line that counts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.conformance.drive import Outcome

type Columns = Mapping[str, Sequence[Outcome]]
"""Column → what came of its exchanges."""


def report(columns: Columns) -> Iterator[str]:
    """Line by line; the last is `N of M exchanges as expected`."""
    outcomes = [outcome for found in columns.values() for outcome in found]
    yield from _table(columns)
    left_out = Counter((outcome.exchange.way.provider, name) for outcome in outcomes for name in outcome.left_out)
    if left_out:
        yield "\nRefused by name, and asked again without (recorded providers took it and forgot it):"
        yield from (f"  {provider:18} {count} times {name}" for (provider, name), count in sorted(left_out.items()))
    odd = Counter(outcome.oddity.reason for outcome in outcomes if outcome.oddity)
    if odd:
        yield "\nDocumented exceptions:"
        yield from (f"  {count} times: {reason}" for reason, count in sorted(odd.items()))
    wrong = [(column, outcome) for column, found in columns.items() for outcome in found if not outcome.as_expected]
    if wrong:
        yield "\nMismatches:"
        yield from (f"  {column:9} {outcome.exchange.id}  {outcome.difference}" for column, outcome in wrong)
    for column, found in columns.items():
        yield f"{column:9} {sum(outcome.as_expected for outcome in found)} of {len(found)}"
    yield f"\n{len(outcomes) - len(wrong)} of {len(outcomes)} exchanges as expected"


def _table(columns: Columns) -> Iterator[str]:
    total: Counter[tuple[str, tuple[str, str, bool]]] = Counter()
    right: Counter[tuple[str, tuple[str, str, bool]]] = Counter()
    for column, found in columns.items():
        for outcome in found:
            exchange = outcome.exchange
            row = (exchange.provider, exchange.api, exchange.is_stream)
            total[column, row] += 1
            right[column, row] += outcome.as_expected
    yield f"{'provider':19}{'api':23}{'stream':8}" + "".join(f"{column:>11}" for column in columns)
    for row in sorted({row for _, row in total}):
        provider, api, is_stream = row
        counts = [f"{right[column, row]}/{total[column, row]}" if total[column, row] else "" for column in columns]
        yield f"{provider:19}{api:23}{'yes' if is_stream else 'no':8}" + "".join(f"{count:>11}" for count in counts)
