"""The page for Prometheus, as its own parser reads it."""

from datetime import date
from decimal import Decimal
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from shared.insight.prometheus import MOST_MODELS, exposition
from shared.observability import BreakerOpened, Incident, LimitRefused, ProviderDistrusted, Unsettled
from shared.records.histogram import bucket, merged
from shared.records.usage import Counts, DayUsage

DAY = date(2026, 11, 27)


def used(model: str = "gpt-4o", provider: str = "openai", **counts: Any) -> DayUsage:
    return DayUsage(day=DAY, provider=provider, model=model, token_id="t", counts=Counts(**counts))


def samples(page: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def sample(page: str, name: str, **labels: str) -> float:
    return samples(page)[name, frozenset(labels.items())]


def test_the_official_parser_reads_every_name_that_was_promised() -> None:
    families = {family.name: family.type for family in text_string_to_metric_families(exposition([]))}

    assert families == {
        "llm_requests": "counter",
        "llm_errors": "counter",
        "llm_tokens": "counter",
        "llm_token_kinds": "counter",
        "llm_cost_usd": "counter",
        "llm_unpriced_requests": "counter",
        "llm_request_duration_seconds": "histogram",
        "llm_time_to_first_token_seconds": "histogram",
    }


def test_what_befell_is_counted_where_it_is_told() -> None:
    counted: dict[Incident, int] = {
        BreakerOpened("openai"): 2,
        LimitRefused("budget", "token"): 3,
        Unsettled("waiting"): 4,
    }
    page = exposition(
        [], {**counted, ProviderDistrusted("openai", "certificate"): 5, ProviderDistrusted("openai", "usage"): 6}
    )

    assert sample(page, "llm_breaker_open_total", provider="openai") == 2
    assert sample(page, "llm_limit_refusals_total", policy="budget", scope="token") == 3
    assert sample(page, "llm_unsettled_total", state="waiting") == 4
    assert sample(page, "llm_provider_distrusted_total", provider="openai", reason="certificate") == 5
    assert sample(page, "llm_provider_distrusted_total", provider="openai", reason="usage") == 6
    assert "llm_breaker_open_total" not in exposition([])


def test_counts_are_added_over_days_and_tokens() -> None:
    page = exposition(
        [
            used(requests=3, outcomes={"done": 2, "error": 1}, errors={"throttled": 1}, cost_usd=Decimal("0.1")),
            used(
                requests=1, outcomes={"done": 1}, input_tokens=7, cached_tokens=5, cost_usd=Decimal("0.2"), unpriced=1
            ),
        ]
    )

    model = {"provider": "openai", "model": "gpt-4o"}
    assert sample(page, "llm_requests_total", outcome="done", **model) == 3
    assert sample(page, "llm_errors_total", provider="openai", code="throttled") == 1
    assert sample(page, "llm_tokens_total", direction="input", **model) == 7
    assert sample(page, "llm_token_kinds_total", kind="cached", **model) == 5
    assert sample(page, "llm_cost_usd_total", **model) == 0.3
    assert sample(page, "llm_unpriced_requests_total", **model) == 1


def test_a_histogram_is_one_as_prometheus_has_them() -> None:
    values = [80, 100, 101, 999, 1000, 700_000]
    durations = merged([{bucket(value): 1} for value in values])
    page = exposition([used(requests=6, durations=durations, duration_ms=sum(values))])

    within = {
        edge: sample(page, "llm_request_duration_seconds_bucket", provider="openai", le=edge)
        for edge in ("0.1", "0.25", "1", "250", "+Inf")
    }
    assert within == {"0.1": 2, "0.25": 3, "1": 5, "250": 5, "+Inf": 6}
    assert sample(page, "llm_request_duration_seconds_count", provider="openai") == 6
    assert sample(page, "llm_request_duration_seconds_sum", provider="openai") == 702.28


def test_a_name_cannot_break_out_of_its_label() -> None:
    """Threat H8: a model's name is the caller's."""
    name = 'a"} 1\nllm_requests_total{model="b\\'
    page = exposition([used(model=name, requests=1, outcomes={"done": 1})])

    assert sample(page, "llm_requests_total", provider="openai", model=name, outcome="done") == 1
    assert len([key for key in samples(page) if key[0] == "llm_requests_total"]) == 1


def test_rare_models_share_a_label() -> None:
    """Threat I10: names that a caller makes up do not fill somebody's Prometheus."""
    rows = [
        used(model=f"m{number}", requests=1 + (number < 3), outcomes={"done": 1}) for number in range(MOST_MODELS + 50)
    ]
    page = exposition(rows)

    models = {dict(labels)["model"] for name, labels in samples(page) if name == "llm_requests_total"}
    assert len(models) == MOST_MODELS + 1
    assert {"m0", "m1", "m2", "other"} <= models
    assert sample(page, "llm_requests_total", provider="openai", model="other", outcome="done") == 50


def test_no_owner_and_no_token_is_named() -> None:
    """Threat I3."""
    page = exposition([used(requests=1, outcomes={"done": 1}, durations={30: 1}, first_tokens={20: 1})])

    names = {name for _, labels in samples(page) for name, _ in labels}
    assert names <= {"provider", "model", "outcome", "code", "direction", "kind", "le"}


def test_what_has_no_known_price_has_no_cost() -> None:
    """Trap 67: a 0 would say that it is free."""
    page = exposition([used(requests=2, outcomes={"done": 2}, unpriced=2)])

    assert "llm_cost_usd_total{" not in page
    assert 'llm_unpriced_requests_total{provider="openai",model="gpt-4o"} 2' in page
    assert "llm_cost_usd_total{" in exposition([used(requests=1, outcomes={"error": 1}, cost_usd=Decimal("0.00"))])
