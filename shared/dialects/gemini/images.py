"""Pictures from Gemini's picture models and from Imagen (pages read 2026-11).

https://ai.google.dev/gemini-api/docs/image-generation · https://ai.google.dev/gemini-api/docs/imagen
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.dialect import Written
from shared.dialects.exchanges import Ask, Exchange, Reply
from shared.dialects.exchanges.images import refuse_links, speak
from shared.dialects.gemini.answer import usage
from shared.dialects.gemini.path import path
from shared.dialects.gemini.read import read_object
from shared.dialects.lenient import find_count, find_text, record, records
from shared.errors import BadResponse, RequestRefused, UnsupportedParameter

_FAMILY: Final = "Gemini"
_IMAGEN: Final = "imagen-"
_RATIOS: Final[Mapping[str, str]] = {
    "1024x1024": "1:1",
    "832x1248": "2:3",
    "1248x832": "3:2",
    "864x1184": "3:4",
    "1184x864": "4:3",
    "896x1152": "4:5",
    "1152x896": "5:4",
    "768x1344": "9:16",
    "1344x768": "16:9",
    "1536x672": "21:9",
}
"""The exact sizes in which Gemini's picture models paint."""
_IMAGEN_RATIOS: Final[Mapping[str, str]] = {
    "1024x1024": "1:1",
    "896x1280": "3:4",
    "1280x896": "4:3",
    "768x1408": "9:16",
    "1408x768": "16:9",
}


def _write(ask: Ask) -> Written:
    refuse_links(ask, _FAMILY)
    return _imagen(ask) if _is_imagen(ask) else _gemini(ask)


def _is_imagen(ask: Ask) -> bool:
    return ask.model.removeprefix("models/").startswith(_IMAGEN)


def _gemini(ask: Ask) -> Written:
    if ask.body.get("n") not in {None, 1}:
        raise UnsupportedParameter(f"{_FAMILY} paints one picture at a time: leave `n` out", parameter="n")
    config: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    if ratio := _ratio(ask, _RATIOS):
        config["imageConfig"] = {"aspectRatio": ratio}
    said = [{"role": "user", "parts": [{"text": ask.body["prompt"]}]}]
    return Written(path(ask.model, "generateContent"), {"contents": said, "generationConfig": config})


def _imagen(ask: Ask) -> Written:
    parameters = {"sampleCount": ask.body.get("n") or 1}
    ratio = _ratio(ask, _IMAGEN_RATIOS)
    return Written(
        path(ask.model, "predict"),
        {
            "instances": [{"prompt": ask.body["prompt"]}],
            "parameters": {**parameters, "aspectRatio": ratio} if ratio else parameters,
        },
    )


def _ratio(ask: Ask, ratios: Mapping[str, str]) -> str | None:
    size = ask.body.get("size")
    if size in {None, "auto"}:
        return None
    if size not in ratios:
        raise UnsupportedParameter(
            f"this model does not paint in that `size`: it has {', '.join(ratios)}, or leave it out", parameter="size"
        )
    return ratios[size]


def _read(body: bytes, ask: Ask) -> Reply:
    answer = read_object(body)
    pictures = _predicted(answer) if _is_imagen(ask) else _generated(answer)
    if not pictures:
        raise _none(answer)
    used = record(answer.get("usageMetadata"))
    return speak(pictures, ask, told=_told(used), usage=usage(used))


def _predicted(answer: dict[str, Any]) -> list[tuple[str, str]]:
    entries = records(answer.get("predictions"))
    return [
        (data, find_text(entry.get("mimeType")) or "")
        for entry in entries
        if (data := find_text(entry.get("bytesBase64Encoded")))
    ]


def _generated(answer: dict[str, Any]) -> list[tuple[str, str]]:
    parts = [
        part
        for candidate in records(answer.get("candidates"))
        for part in records(record(candidate.get("content")).get("parts"))
        if part.get("thought") is not True
    ]
    found = [record(part.get("inlineData")) for part in parts]
    return [(data, find_text(blob.get("mimeType")) or "") for blob in found if (data := find_text(blob.get("data")))]


def _none(answer: dict[str, Any]) -> RequestRefused | BadResponse:
    """Why there is no picture: traps 45 and 47."""
    candidate = next(iter(records(answer.get("candidates"))), {})
    refused = record(answer.get("promptFeedback")).get("blockReason") or candidate.get("finishReason")
    filtered = next(
        (
            reason
            for entry in records(answer.get("predictions"))
            if (reason := find_text(entry.get("raiFilteredReason")))
        ),
        None,
    )
    if refused == "STOP":
        return RequestRefused(
            f"{_FAMILY} answered in words: name a `model` that paints, such as gemini-2.5-flash-image",
            details={"providerStatus": 200, "parameter": "model"},
        )
    if (reason := find_text(refused)) or filtered:
        return RequestRefused(
            f"{_FAMILY} painted no picture: {filtered or reason}",
            code="content_policy_violation",
            details={"providerStatus": 200},
        )
    return BadResponse("the provider answered without a picture")


def _told(said: dict[str, Any]) -> dict[str, Any] | None:
    asked, total = find_count(said.get("promptTokenCount")), find_count(said.get("totalTokenCount"))
    if asked is None or total is None:
        return None
    details = records(said.get("promptTokensDetails"))
    seen = {str(entry.get("modality")): find_count(entry.get("tokenCount")) or 0 for entry in details}
    pictures = seen.get("IMAGE", 0)
    return {
        "input_tokens": asked,
        "output_tokens": total - asked,
        "total_tokens": total,
        "input_tokens_details": {"text_tokens": asked - pictures, "image_tokens": pictures},
    }


EXCHANGE: Final = Exchange(_write, _read, frozenset({"model", "prompt", "n", "size", "response_format"}))
