"""What is sent: a caller's own body between kin, a translation otherwise, and what the provider cannot do by name or told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.chat.request import ChatRequest, KinOnly, Message, Original, Reasoning, Text, ToolCall, ToolResult
from shared.dialects.signed import mark
from shared.errors import UnsupportedParameter
from shared.gateway.asking.prepare import is_kin, prepare
from shared.gateway.targets.destination import destination
from shared.gateway.targets.plan import with_settings
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.config import ChatSettings, ProviderConfig
from shared.settings import Settings

BODY = {
    "model": "openai/gpt-4o",
    "messages": [{"role": "user", "content": "Hi", "new": 1}],
    "from_the_future": {"a": [1]},
}
REQUEST = ChatRequest(
    "gpt-4o",
    (Message("user", (Text("Hi"),)),),
    original=Original("openai", BODY),
    kin_only=(KinOnly("from_the_future"), KinOnly("prompt_cache_key", harmless=True)),
)


def target(provider: str, model: str = "gpt-4o") -> Target:
    row = get_provider(provider)
    config = ProviderConfig(owner="o", id="c", provider=provider, created_at=0, updated_at=0)
    return Target(row, config, model, load_dialect(row.dialect), destination(row, None, Settings(home=Path("unused"))))


def sent(request: ChatRequest, provider: str) -> Any:
    return json.loads(prepare(request, target(provider)).outbound.body)


def test_between_kin_the_callers_body_goes_out_as_it_came() -> None:
    """Promise 4."""
    assert is_kin(REQUEST, target("openai"))
    assert sent(REQUEST, "openai") == {**BODY, "model": "gpt-4o"}
    assert BODY["model"] == "openai/gpt-4o"


def test_a_stream_between_kin_also_asks_for_its_usage() -> None:
    """Trap 16: without it nothing can be settled."""
    body = {**BODY, "stream": True, "stream_options": {"include_obfuscation": False}}
    request = replace(REQUEST, stream=True, original=Original("openai", body))

    assert sent(request, "openai")["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_what_the_owner_set_fills_what_the_body_left_open() -> None:
    settings = ChatSettings(temperature=0.5, max_tokens=9, system_prompt="Rhyme.")
    said = {**BODY, "temperature": 0.1}
    request = with_settings(replace(REQUEST, temperature=0.1, original=Original("openai", said)), settings)

    body = sent(request, "openai")

    assert (body["temperature"], body["max_completion_tokens"]) == (0.1, 9)
    assert body["messages"] == [{"role": "system", "content": "Rhyme."}, *BODY["messages"]]


def test_headers_that_kin_have_to_see_go_along() -> None:
    body = {"model": "c", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
    original = Original("anthropic", body, {"anthropic-beta": "files-api"})
    request = replace(REQUEST, model="c", original=original, kin_only=())

    headers = prepare(request, target("anthropic", "c")).outbound.headers

    assert (headers["anthropic-beta"], headers["anthropic-version"]) == ("files-api", "2023-06-01")


def test_what_only_kin_understand_is_refused_by_name_or_told() -> None:
    """Traps 81, 87: nothing is dropped in silence."""
    with pytest.raises(UnsupportedParameter) as caught:
        prepare(REQUEST, target("anthropic"))
    assert caught.value.parameter == "from_the_future"

    assert prepare(replace(REQUEST, drop=True), target("anthropic")).dropped == ("from_the_future", "prompt_cache_key")
    assert prepare(replace(REQUEST, kin_only=REQUEST.kin_only[1:]), target("anthropic")).dropped == (
        "prompt_cache_key",
    )


@pytest.mark.parametrize(("provider", "stays"), [("anthropic", "temperature"), ("groq", "temperature")])
def test_what_a_provider_cannot_do_is_left_out_when_the_caller_says_so(provider: str, stays: str) -> None:
    """Trap 81. Groq is kin: its row refuses `n`, and the caller's own body goes without it."""
    body = {**BODY, "n": 2, "temperature": 0.5}
    request = replace(REQUEST, n=2, temperature=0.5, original=Original("openai", body), kin_only=())
    with pytest.raises(UnsupportedParameter):
        prepare(request, target(provider))

    prepared = prepare(replace(request, drop=True), target(provider))

    assert prepared.dropped == ("options.n",)
    told = json.loads(prepared.outbound.body)
    assert "n" not in told
    assert told[stays] == 0.5


def test_proofs_of_thinking_go_to_nobody_but_their_maker() -> None:
    """Traps 48, 52, 61."""
    signed = ToolCall("a", "f", signature=mark("google", "c2ln"))
    foreign = Reasoning("Hm", mark("anthropic", "EqQB"))
    turn = Message("assistant", (foreign, signed))
    request = ChatRequest(
        "gemini-3-pro", (Message("user", (Text("Hi"),)), turn, Message("tool", (ToolResult("a", ()),)))
    )

    theirs = sent(request, "google")["contents"][1]["parts"]

    assert [part.get("thoughtSignature") for part in theirs] == [None, "c2ln"]
    assert b"rml1" not in prepare(request, target("openai")).outbound.body


def test_a_budget_is_an_effort_to_those_who_count_no_tokens() -> None:
    """Trap 87: one without an effort beside it is refused."""
    request = replace(REQUEST, reasoning_budget=2000, reasoning_effort="low", original=None, kin_only=())

    prepared = prepare(request, target("openai"))

    assert json.loads(prepared.outbound.body)["reasoning_effort"] == "low"
    assert prepared.dropped == ("options.reasoningBudget",)
    with pytest.raises(UnsupportedParameter):
        prepare(replace(request, reasoning_effort=None), target("openai"))


def test_openrouter_is_told_a_budget_or_an_effort() -> None:
    request = replace(REQUEST, reasoning_budget=2000, reasoning_effort="low", original=None, kin_only=())

    assert sent(request, "openrouter")["reasoning"] == {"max_tokens": 2000}


def test_a_length_beyond_all_that_the_model_can_say_is_that() -> None:
    """Trap 55: Anthropic's clients have to name one, and think of a Claude's."""
    far = replace(REQUEST, max_tokens=1_000_000, kin_only=(), original=Original("anthropic", {}))

    assert sent(far, "openai")["max_completion_tokens"] == target("openai").largest_output
    assert sent(replace(far, max_tokens=9), "openai")["max_completion_tokens"] == 9
    assert sent(replace(far, original=None), "openai")["max_completion_tokens"] == 1_000_000
