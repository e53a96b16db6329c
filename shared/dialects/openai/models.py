"""The list of models, with what each vendor of this family adds to `id` (pages read 2026-11).

OpenRouter https://openrouter.ai/docs/api-reference/list-available-models · Mistral https://docs.mistral.ai/api/endpoint/models ·
Groq https://console.groq.com/docs/api-reference#models · Together https://docs.together.ai/reference/models-1 ·
Fireworks https://docs.fireworks.ai · Moonshot https://platform.moonshot.ai/docs/api/models ·
Hugging Face https://huggingface.co/docs/inference-providers/hub-api ·
vLLM https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from shared.dialects.lenient import find_count, find_text, record, records
from shared.dialects.listed import SENSES, Ability, Facts, ListedModel, Modalities
from shared.errors import BadResponse
from shared.wire.json import read_lenient

_WINDOWS: Final = ("context_window", "context_length", "max_context_length", "max_model_len")
_LARGEST: Final = ("max_completion_tokens", "max_output_tokens")
_FLAGS: Final[Mapping[str, Ability]] = {
    "completion_chat": "chat",
    "function_calling": "tools",
    "vision": "vision",
    "audio": "audio",
    "reasoning": "reasoning",
    "supports_chat": "chat",
    "supports_tools": "tools",
    "supports_image_input": "vision",
    "supports_image_in": "vision",
    "supports_video_in": "video",
    "supports_reasoning": "reasoning",
}
_PARAMETERS: Final[Mapping[str, Ability]] = {
    "tools": "tools",
    "response_format": "json",
    "structured_outputs": "schema",
    "reasoning": "reasoning",
}
"""A list of them is whole, so what is not in it cannot be had."""
_TYPES: Final[Mapping[str, Mapping[Ability, bool]]] = {
    "chat": {"chat": True},
    "embedding": {"chat": False, "embeddings": True},
    **{name: {"chat": False} for name in ("image", "audio", "video", "rerank", "moderation", "transcribe")},
}
_OF_HOSTS: Final[Mapping[str, Ability]] = {"supports_tools": "tools", "supports_structured_output": "schema"}


def read_models(body: bytes) -> list[ListedModel]:
    """`{"data": [{"id"}]}`, or the bare list that some give (Together, GitHub). Raises BadResponse."""
    try:
        listed = read_lenient(body)
    except ValueError:
        listed = None
    if isinstance(listed, dict):
        listed = listed.get("data") if isinstance(listed.get("data"), list) else listed.get("models")
    if not isinstance(listed, list):
        raise BadResponse("the provider answered with something that is no list of models; check its base URL")
    named = [(find_text(entry.get("id")) or find_text(entry.get("name")), entry) for entry in records(listed)]
    return [_model(name, entry) for name, entry in named if name]


def _model(name: str, entry: dict[str, Any]) -> ListedModel:
    shown = find_text(entry.get("display_name")) or find_text(entry.get("name"))
    return ListedModel(name, None if shown == name else shown, _facts(entry), find_count(entry.get("created")))


def _facts(entry: dict[str, Any]) -> Facts:
    hosts = [host for host in records(entry.get("providers")) if host.get("status", "live") == "live"]
    said = {**_flags(entry), **_parameters(entry), **_type(entry), **_hosts(hosts)}
    return Facts.told(
        said,
        context_window=_first(_WINDOWS, entry) or _least(hosts),
        largest_output=_first(_LARGEST, entry, record(entry.get("top_provider"))),
        modalities=_modalities(entry, said),
    )


def _flags(entry: dict[str, Any]) -> dict[Ability, bool]:
    places = (entry, record(entry.get("capabilities")))
    return {
        ability: yes for place in places for flag, ability in _FLAGS.items() if isinstance(yes := place.get(flag), bool)
    }


def _parameters(entry: dict[str, Any]) -> dict[Ability, bool]:
    taken = entry.get("supported_parameters")
    return {ability: name in taken for name, ability in _PARAMETERS.items()} if isinstance(taken, list) else {}


def _type(entry: dict[str, Any]) -> Mapping[Ability, bool]:
    return _TYPES.get(find_text(entry.get("type")) or "", {})


def _hosts(hosts: list[dict[str, Any]]) -> dict[Ability, bool]:
    """Hugging Face chooses the host, so only what all of them say can be told."""
    said = {ability: {host.get(flag) for host in hosts} for flag, ability in _OF_HOSTS.items()}
    return {ability: True in answers for ability, answers in said.items() if answers in ({True}, {False})}


def _least(hosts: list[dict[str, Any]]) -> int | None:
    windows = [find_count(host.get("context_length")) for host in hosts]
    return min((window for window in windows if window), default=None) if all(windows) else None


def _modalities(entry: dict[str, Any], said: Mapping[Ability, bool]) -> Modalities | None:
    for place in (record(entry.get("architecture")), entry):
        if told := Modalities.find(_words(place.get("input_modalities")), _words(place.get("output_modalities"))):
            return told
    if said.get("chat") and "vision" in said:
        return Modalities.find(["text", *(sense for sense, ability in SENSES.items() if said.get(ability))], ["text"])
    return None


def _words(value: Any) -> Iterator[str]:
    return (word for word in value if isinstance(word, str)) if isinstance(value, list) else iter(())


def _first(names: Iterable[str], *places: dict[str, Any]) -> int | None:
    counts = (find_count(place.get(name)) for place in places for name in names)
    return next((count for count in counts if count and count > 0), None)
