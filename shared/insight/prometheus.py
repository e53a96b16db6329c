"""Counters as a page for Prometheus. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/ (2026-11): version 0.0.4. Labels are bounded: a provider of the catalogue, one of the models
that were used most, an outcome, an error code of ours, a kind of token, a policy and what it limits. No owner, no token id.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from shared.observability import BreakerOpened, Incident, LimitRefused, ProviderDistrusted, Unsettled
from shared.records.histogram import Histogram, up_to
from shared.records.usage import Counts, DayUsage, total

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
MOST_MODELS: Final = 100
"""Models that have a label of their own; the others are `other` together."""

_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250)
_DIRECTIONS: Final[Mapping[str, Callable[[Counts], int]]] = {
    "input": lambda counts: counts.input_tokens,
    "output": lambda counts: counts.output_tokens,
}
_KINDS: Final[Mapping[str, Callable[[Counts], int]]] = {
    "cached": lambda counts: counts.cached_tokens,
    "cache_write": lambda counts: counts.cache_write_tokens,
    "reasoning": lambda counts: counts.reasoning_tokens,
}
"""Apart, so that a sum over all tokens counts none twice: the first two are input, the last is output."""

type Labels = dict[str, str]
type Sample = tuple[str, Labels, int | float | Decimal]


def exposition(rows: Iterable[DayUsage], incidents: Mapping[Incident, int] | None = None) -> str:
    """All metrics of these counters, and of what one process noted where that is told."""
    by_model = _by_model(list(rows))
    return "".join([*_lines(by_model), *([] if incidents is None else _incidents(incidents))])


def _lines(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[str]:
    yield from _family("llm_requests_total", "counter", "Requests, by how they ended.", _requests(by_model))
    yield from _family(
        "llm_errors_total", "counter", "Requests that ended with an error, by its code.", _errors(by_model)
    )
    yield from _family("llm_tokens_total", "counter", "Tokens.", _tokens(by_model))
    kinds = "Tokens that are also among the others: cached and cache_write are input, reasoning is output."
    yield from _family("llm_token_kinds_total", "counter", kinds, _kinds(by_model))
    yield from _family("llm_cost_usd_total", "counter", "US dollars, of what has a known price.", _costs(by_model))
    yield from _family("llm_unpriced_requests_total", "counter", "Requests whose cost is unknown.", _unpriced(by_model))
    of = _by_provider(by_model)
    durations = _histograms("llm_request_duration_seconds", of, lambda each: (each.durations, each.duration_ms))
    yield from _family(
        "llm_request_duration_seconds", "histogram", "Until the last byte, of requests that went well.", durations
    )
    firsts = _histograms("llm_time_to_first_token_seconds", of, lambda each: (each.first_tokens, each.first_token_ms))
    yield from _family("llm_time_to_first_token_seconds", "histogram", "Until the first token, of streams.", firsts)


def _incidents(counted: Mapping[Incident, int]) -> Iterator[str]:
    opened: list[Sample] = []
    refused: list[Sample] = []
    unsettled: list[Sample] = []
    distrusted: list[Sample] = []
    for incident, count in counted.items():
        match incident:
            case BreakerOpened(provider):
                opened.append(("llm_breaker_open_total", {"provider": provider}, count))
            case LimitRefused(policy, scope):
                refused.append(("llm_limit_refusals_total", {"policy": policy, "scope": scope}, count))
            case Unsettled(state):
                unsettled.append(("llm_unsettled_total", {"state": state}, count))
            case ProviderDistrusted(provider, reason):
                distrusted.append(("llm_provider_distrusted_total", {"provider": provider, "reason": reason}, count))
    yield from _family("llm_breaker_open_total", "counter", "Providers that were left alone, how often.", opened)
    yield from _family("llm_limit_refusals_total", "counter", "Requests that a limit refused.", refused)
    late = "Ends of requests that the table did not take at their time."
    yield from _family("llm_unsettled_total", "counter", late, unsettled)
    shown = "Certificates that were refused, and reports of usage that cannot be."
    yield from _family("llm_provider_distrusted_total", "counter", shown, distrusted)


def _family(name: str, kind: str, means: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {means}\n# TYPE {name} {kind}\n"
    for sample, labels, value in samples:
        named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{sample}{{{named}}} {_number(value)}\n"


def _requests(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[Sample]:
    for (provider, model), counts in by_model.items():
        for outcome, count in sorted(counts.outcomes.items()):
            yield "llm_requests_total", {"provider": provider, "model": model, "outcome": outcome}, count


def _errors(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[Sample]:
    for provider, counts in _by_provider(by_model).items():
        for code, count in sorted(counts.errors.items()):
            yield "llm_errors_total", {"provider": provider, "code": code}, count


def _tokens(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[Sample]:
    for (provider, model), counts in by_model.items():
        for direction, count in _DIRECTIONS.items():
            yield "llm_tokens_total", {"provider": provider, "model": model, "direction": direction}, count(counts)


def _kinds(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[Sample]:
    for (provider, model), counts in by_model.items():
        for kind, count in _KINDS.items():
            yield "llm_token_kinds_total", {"provider": provider, "model": model, "kind": kind}, count(counts)


def _costs(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[Sample]:
    """None of what has no known price: a 0 would say that it is free (trap 67)."""
    for (provider, model), counts in by_model.items():
        if counts.cost_usd or not counts.unpriced:
            yield "llm_cost_usd_total", {"provider": provider, "model": model}, counts.cost_usd


def _unpriced(by_model: Mapping[tuple[str, str], Counts]) -> Iterator[Sample]:
    for (provider, model), counts in by_model.items():
        yield "llm_unpriced_requests_total", {"provider": provider, "model": model}, counts.unpriced


def _histograms(
    name: str, of: Mapping[str, Counts], read: Callable[[Counts], tuple[Histogram, int]]
) -> Iterator[Sample]:
    for provider, counts in of.items():
        histogram, milliseconds = read(counts)
        if not histogram:
            continue
        everything = sum(histogram.values())
        for edge in _SECONDS:
            yield f"{name}_bucket", {"provider": provider, "le": f"{edge:g}"}, up_to(histogram, edge * 1000)
        yield f"{name}_bucket", {"provider": provider, "le": "+Inf"}, everything
        yield f"{name}_sum", {"provider": provider}, milliseconds / 1000
        yield f"{name}_count", {"provider": provider}, everything


def _by_model(rows: Sequence[DayUsage]) -> dict[tuple[str, str], Counts]:
    """By provider and model, in order; those that are rarely used are `other`."""
    used = Counter[tuple[str, str]]()
    for row in rows:
        used[row.provider, row.model] += row.counts.requests
    shown = {pair for pair, _ in used.most_common(MOST_MODELS)}
    parts: dict[tuple[str, str], list[Counts]] = {}
    for row in rows:
        pair = row.provider, row.model
        parts.setdefault(pair if pair in shown else (row.provider, "other"), []).append(row.counts)
    return {pair: total(parts[pair]) for pair in sorted(parts)}


def _by_provider(by_model: Mapping[tuple[str, str], Counts]) -> dict[str, Counts]:
    parts: dict[str, list[Counts]] = {}
    for (provider, _), counts in by_model.items():
        parts.setdefault(provider, []).append(counts)
    return {provider: total(counts) for provider, counts in parts.items()}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float | Decimal) -> str:
    return f"{value:f}" if isinstance(value, Decimal) and value else str(value or 0)
