"""Tries whether a feature crosses from a caller's API to a provider's: it changes what is sent, or is refused by name, or is told as left out."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from shared.chat.request import ChatRequest
from shared.dialects.caller import load_caller, own_name
from shared.errors import InvalidRequest
from shared.gateway.asking.inline import inline_media
from shared.gateway.asking.one_call import must_hold_back
from shared.gateway.asking.prepare import prepare
from shared.gateway.targets.destination import destination
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.config import ProviderConfig
from shared.settings import Settings
from tests.crossing.features import PLAIN, Feature
from tests.fakes.client import FakeAnswer, FakeClient

type Json = dict[str, Any]

CALLERS: Final[Mapping[str, str]] = {
    "openai": "Chat completions",
    "anthropic": "Messages",
    "responses": "Responses",
}
MODELS: Final[Mapping[str, tuple[str, str]]] = {
    "openai": ("openai", "gpt-5.1"),
    "responses": ("openai", "gpt-5-pro"),
    "anthropic": ("anthropic", "claude-sonnet-4-5"),
    "gemini": ("google", "gemini-2.5-flash"),
    "bedrock": ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    "cohere": ("cohere", "command-a-reasoning-08-2025"),
}
"""A dialect towards providers → a row that speaks it, and one of its models."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """`outcome` is crosses, told (left out, and the receipt says so), refused, or lost; `parameter` is the name in a refusal."""

    outcome: str
    parameter: str | None = None


def try_feature(feature: Feature, caller: str, dialect: str) -> Crossing | None:
    """None where the caller's API has no word for it."""
    if caller not in feature.said:
        return None
    needed = {**PLAIN[caller], **((feature.needs or {}).get(caller, {}))}
    target = _target(dialect)
    before = prepare(_read(needed, caller, target), target)
    try:
        asked = _fetched(_read({**needed, **feature.said[caller]}, caller, target), target)
        after = prepare(asked, target)
    except InvalidRequest as error:
        return Crossing("refused", own_name(error.parameter or "", load_caller(caller).names))
    if must_hold_back(asked, target.dialect):
        return Crossing("crosses")  # the gateway sees to it
    if after.dropped:
        return Crossing("told", ", ".join(after.dropped))
    return Crossing("lost" if after.outbound.body == before.outbound.body else "crosses")


def _fetched(request: ChatRequest, target: Target) -> ChatRequest:
    """What the gateway fetches for providers that do not is there by the time the request is written. Trap 51."""
    web = FakeClient(lambda _: FakeAnswer(200, b"a picture", {"content-type": "image/png"}))
    return asyncio.run(inline_media(request, target, web))


def _read(body: Json, caller: str, target: Target) -> ChatRequest:
    return replace(load_caller(caller).read(json.dumps(body).encode(), {}).chat, model=target.model)


def _target(dialect: str) -> Target:
    row, model = MODELS[dialect]
    provider = get_provider(row)
    config = ProviderConfig(owner="o", id="c", provider=row, created_at=0, updated_at=0)
    return Target(
        provider, config, model, load_dialect(dialect), destination(provider, None, Settings(home=Path("unused")))
    )
