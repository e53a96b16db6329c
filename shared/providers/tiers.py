"""In which tier of service an answer was made, as far as that changes its price. Pure.

The table knows some tiers of some models (batch, flex, priority, fast); of the others the price is unknown, never the usual one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.providers.provider import Provider

_USUAL: Final = frozenset({"", "auto", "default", "standard", "standard_only", "on_demand", "unspecified"})
"""What several vendors call what everybody gets who asks for nothing else."""

_TRAFFIC: Final[Mapping[str, str]] = {"ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority"}
"""Vertex names the quota that was used, `trafficType`; others than these are told by their own name.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#TrafficType (2026-11)
"""


@dataclass(frozen=True, slots=True)
class Tier:
    """`context` picks the table's variant of a price; empty for the usual price. `name` is the provider's own word."""

    name: str
    context: Mapping[str, str]


USUAL: Final = Tier("standard", {})


def tier(provider: Provider, raw: Mapping[str, Any], told: str | None) -> Tier:
    """The tier that the answer, or else its usage (`raw`), names; several cannot be."""
    name = _name(raw, told)
    if _is(raw, "speed", "fast"):
        return Tier("fast", {"speed": "fast"})
    if name.lower() in _USUAL or name in provider.tiers_at_usual_price:
        return USUAL
    if name == "batch":
        return Tier(name, {"processing": name})
    return Tier(name, {"service_tier": name})


def place(raw: Mapping[str, Any]) -> str | None:
    """A region that costs extra: Anthropic's `inference_geo`, 1.1 times the price in the US alone, which the table does not have.

    https://platform.claude.com/docs/en/build-with-claude/data-residency (2026-11)
    """
    geo = raw.get("inference_geo")
    return geo if isinstance(geo, str) and geo not in {"", "global", "not_available"} else None


def _name(raw: Mapping[str, Any], told: str | None) -> str:
    if told:
        return told
    for field in ("service_tier", "serviceTier"):
        if isinstance(name := raw.get(field), str):
            return name
    traffic = raw.get("trafficType")
    if not isinstance(traffic, str):
        return ""
    return _TRAFFIC.get(traffic, traffic.lower())


def _is(raw: Mapping[str, Any], field: str, value: str) -> bool:
    return raw.get(field) == value
