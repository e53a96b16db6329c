"""The recordings of a folder, and which of our providers each one is asked of."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHAT_APIS = (
    "chat",
    "responses",
    "messages",
    "generateContent",
    "streamGenerateContent",
    "converse",
    "converseStream",
    "cohere_chat_v2",
)
_VALIDATORS = {"custom-anthropic": "anthropic", "vertex": "google-vertex", "vertex-anthropic": "google-vertex"}
_OPENAI_VALIDATORS = {"grok": "xai", "custom": "openai-compatible"}


@dataclass(frozen=True, slots=True)
class Way:
    """How an exchange is asked for: our provider's id, where it lies on the replay server, and whether each config names that."""

    provider: str
    path: str
    is_custom: bool = False


ROWS: Mapping[tuple[str, str], Way] = {
    ("openai", "chat"): Way("openai", "/openai/v1"),
    ("anthropic", "messages"): Way("anthropic", "/anthropic"),
    ("google", "gemini"): Way("google", "/google/v1beta"),
    ("google-vertex", "gemini"): Way("vertex", "/google-vertex/v1/projects/p/locations/global/publishers/google"),
    ("google-vertex", "messages"): Way(
        "vertex-anthropic", "/google-vertex/v1/projects/p/locations/global/publishers/anthropic"
    ),
    ("openrouter", "chat"): Way("openrouter", "/openrouter/api/v1"),
    ("huggingface", "chat"): Way("huggingface", "/huggingface/v1"),
    ("xai", "chat"): Way("grok", "/xai/v1"),
    ("github", "chat"): Way("github", "/github"),
    ("azure", "chat"): Way("azure", "/azure"),
    ("mistral", "chat"): Way("mistral", "/mistral/v1"),
    ("groq", "chat"): Way("groq", "/groq/openai/v1"),
    ("deepseek", "chat"): Way("deepseek", "/deepseek"),
    ("together", "chat"): Way("together", "/together/v1"),
    ("fireworks", "chat"): Way("fireworks", "/fireworks/inference/v1"),
    ("cerebras", "chat"): Way("cerebras", "/cerebras/v1"),
    ("perplexity", "chat"): Way("perplexity", "/perplexity"),
    ("moonshot", "chat"): Way("moonshot", "/moonshot/v1"),
    ("cohere", "cohere_chat_v2"): Way("cohere", "/cohere"),
    ("ollama", "chat"): Way("ollama", "/ollama/v1"),
    ("bedrock", "converse"): Way("bedrock", "/bedrock"),
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded exchange with what is expected of it."""

    id: str
    provider: str
    vendor: str
    api: str
    model: str
    is_stream: bool
    failed: bool
    request: Any
    expected: Mapping[str, Any]

    @property
    def way(self) -> Way:
        """The row that speaks to this provider; a vendor without one is a custom URL."""
        family = "gemini" if self.api.endswith("enerateContent") else self.api.removesuffix("Stream")
        known = ROWS.get((self.provider, family))
        if known:
            return known
        match family:
            case "messages":
                return Way("custom-anthropic", f"/{self.vendor}", is_custom=True)
            case "responses":
                return Way("custom-responses", f"/{self.vendor}/v1", is_custom=True)
            case "gemini":
                return ROWS["google", "gemini"]
            case _:
                return Way("custom", f"/{self.vendor}/v1", is_custom=True)

    @property
    def written_for(self) -> tuple[str, str]:
        """Whose request types our request must keep to: provider and api, as validate_request.py names them."""
        asked = self.way.provider
        match self.api:
            case "messages" | "cohere_chat_v2":
                return _VALIDATORS.get(asked, asked), self.api
            case "responses":
                return "openai", "responses"
            case "chat":
                return _OPENAI_VALIDATORS.get(asked, asked), "chat"
            case "converse" | "converseStream":
                return "bedrock", self.api
            case api:
                return _VALIDATORS.get(asked, asked), api


def read_corpus(folder: Path) -> list[Exchange]:
    """Every chat exchange of the folder that has an expectation. Raises FileNotFoundError when there is none."""
    found = [exchange for file in sorted(folder.glob("*.expected.jsonl")) for exchange in _read(folder, file)]
    if not found:
        raise FileNotFoundError(f"{folder} holds no recorded chats: <provider>.jsonl with <provider>.expected.jsonl")
    return found


def _read(folder: Path, expectations: Path) -> Iterator[Exchange]:
    expected = {line["id"]: line for line in _lines(expectations)}
    recorded = folder / f"{expectations.name.removesuffix('.expected.jsonl')}.jsonl"
    for line in _lines(recorded):
        if line["api"] in CHAT_APIS and line["id"] in expected:
            yield _exchange(line, expected[line["id"]])


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _exchange(line: Mapping[str, Any], expected: Mapping[str, Any]) -> Exchange:
    response = line["response"]
    failed = response["status"] >= 400
    asked_stream = "stream" in line.get("features", ()) or line["api"] in ("streamGenerateContent", "converseStream")
    return Exchange(
        id=line["id"],
        provider=line["provider"],
        vendor=line.get("vendor") or line["provider"],
        api=line["api"],
        model=line.get("model") or "test-model",
        is_stream=bool(response["is_stream"]) or (failed and asked_stream),
        failed=failed,
        request=line["request"].get("json"),
        expected=expected,
    )
