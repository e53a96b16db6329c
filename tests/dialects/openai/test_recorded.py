"""Every recorded chat of every OpenAI-like provider, read as its official client read it."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.chat.collect import Answer, Choice, Collector
from shared.chat.events import Usage
from shared.dialects.openai import DIALECT
from shared.errors import (
    CredentialRejected,
    ProviderBilling,
    ProviderError,
    ProviderFailed,
    ProviderOverloaded,
    ProviderTimeout,
    RequestRefused,
    Throttled,
)

PROVIDERS = [
    *["azure", "cerebras", "deepseek", "fireworks", "groq", "huggingface", "mistral"],
    *["ollama", "openai", "openai-compatible", "openrouter", "together", "xai"],
]
CLASSES: dict[str, type[ProviderError]] = {
    "authentication": CredentialRejected,
    "billing": ProviderBilling,
    "permission": CredentialRejected,
    "not_found": RequestRefused,
    "invalid_request": RequestRefused,
    "request_too_large": RequestRefused,
    "conflict": RequestRefused,
    "timeout": ProviderTimeout,
    "rate_limit": Throttled,
    "overloaded": ProviderOverloaded,
    "server_error": ProviderFailed,
    "in_stream": ProviderError,
}


def recorded(folder: Path, provider: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    lines = (folder / f"{provider}.jsonl").read_text("utf-8").splitlines()
    expected = (folder / f"{provider}.expected.jsonl").read_text("utf-8").splitlines()
    for line, wanted in zip(lines, expected, strict=True):
        exchange = json.loads(line)
        if exchange["api"] == "chat":
            yield exchange, json.loads(wanted)


def cuts(body: bytes, chunking: str) -> list[bytes]:
    if chunking == "whole":
        return [body]
    if chunking == "bytes:1":
        return [body[at : at + 1] for at in range(len(body))]
    dice, pieces, at = random.Random(len(body)), [], 0
    while at < len(body):
        size = dice.randint(1, 700)
        pieces.append(body[at : at + size])
        at += size
    return pieces


def play(exchange: dict[str, Any], chunking: str) -> tuple[Answer, ProviderError | None]:
    response, collector = exchange["response"], Collector()
    body = (response.get("body_text") or "").encode()
    if response["status"] != 200:
        return collector.answer(), DIALECT.explain(response["status"], response["headers"], body)
    try:
        if not response["is_stream"]:
            hear(collector, DIALECT.read(body))
        else:
            reader = DIALECT.stream()
            for piece in cuts(body, chunking):
                hear(collector, reader.feed(piece))
            hear(collector, reader.close())
    except ProviderError as error:
        return collector.answer(), error
    return collector.answer(), None


def hear(collector: Collector, events: Sequence[Any]) -> None:
    for event in events:
        collector.add(event)


def calls(choice: Choice) -> list[tuple[str | None, str, Any]]:
    return [(call.id or None, call.name, parsed(call.arguments)) for call in choice.tool_calls]


def parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def expected_calls(wanted: dict[str, Any]) -> list[tuple[str | None, str, Any]]:
    return [
        (call["id"], call["name"], call["arguments"] if call["arguments"] is not None else call["arguments_raw"])
        for call in wanted["tool_calls"]
    ]


def counted(usage: Usage | None) -> dict[str, int | None] | None:
    if usage is None:
        return None
    return {
        "input": usage.input,
        "output": usage.output,
        "cached": usage.cached or 0,
        "cache_write": usage.cache_write or 0,
        "reasoning": usage.reasoning,
        "total": usage.total,
    }


def differences(answer: Answer, error: ProviderError | None, wanted: dict[str, Any]) -> Iterator[str]:
    if (error is None) != (wanted["error"] is None) or not isinstance(
        error, CLASSES[wanted["error"]["class"]] if wanted["error"] else type(None)
    ):
        yield f"error {error!r}, wanted {wanted['error']}"
    if wanted["error"] and not wanted["error"]["in_stream"]:
        said = wanted["error"]["message"] or ""
        if error is not None and not said.startswith("[") and said not in error.message:
            yield f"message {error.message!r}, wanted {said!r}"  # a list of FastAPI's we make into words, without its `input`
        return
    for choice, choice_wanted in zip(answer.choices, [wanted, *wanted.get("more_choices", [])], strict=True):
        yield from choice_differences(choice, choice_wanted)
    if counted(answer.usage) != wanted["usage"]:
        yield f"usage {counted(answer.usage)}, wanted {wanted['usage']}"
    if wanted["model"] and answer.model != wanted["model"]:
        yield f"model {answer.model}, wanted {wanted['model']}"


def choice_differences(choice: Choice, wanted: dict[str, Any]) -> Iterator[str]:
    pairs = {
        "text": (choice.text, choice.text if wanted["text"] is None else wanted["text"]),
        "reasoning": (choice.reasoning, wanted["reasoning"]),
        "refusal": (choice.refusal, wanted.get("refusal") or ""),
        "tool_calls": (calls(choice), expected_calls(wanted)),
        "finish": (
            choice.finish and choice.finish.reason,
            wanted["finish_reason"] or ("other" if wanted["finish_reason_raw"] else None),
        ),
        "raw": (choice.finish and choice.finish.raw, wanted["finish_reason_raw"]),
    }
    yield from (f"{name} {said!r}, wanted {want!r}" for name, (said, want) in pairs.items() if said != want)


@pytest.mark.vectors
@pytest.mark.parametrize("chunking", ["whole", "bytes:1", "random"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_recorded_chat_reads_as_the_official_client_read_it(
    provider: str, chunking: str, shared_material: Path
) -> None:
    """Traps 9, 11, 16 to 20, 24, 25, 27, 35 to 38, 40, 60, 66, 79, 80, 83."""
    exchanges = list(recorded(shared_material / "provider-traffic", provider))
    if chunking != "whole":
        exchanges = [each for each in exchanges if each[0]["response"]["is_stream"]]

    wrong = {
        exchange["id"]: found
        for exchange, wanted in exchanges
        if (found := list(differences(*play(exchange, chunking), wanted)))
    }

    assert wrong == {}
