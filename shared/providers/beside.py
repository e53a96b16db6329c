"""What vendors do beside chats, where more than one does it alike or one differs from OpenAI's spelling (pages read 2026-11)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.dialects.exchanges import Kind
from shared.errors import UnsupportedParameter
from shared.providers.provider import Offer
from shared.providers.quirks import cannot, leave_out, rename

type Beside = Mapping[Kind, Offer]

_GPT_IMAGE: Final = re.compile(r"(chat)?gpt-image-", re.IGNORECASE)
_SIZE: Final = re.compile(r"(?P<width>[1-9]\d{0,4})x(?P<height>[1-9]\d{0,4})")


def sides(body: dict[str, Any]) -> dict[str, Any]:
    """Together has width and height apart, and says `base64`: https://docs.together.ai/reference/post-images-generations (2026-11)."""
    spelt = {name: value for name, value in body.items() if name != "size"}
    if body.get("response_format") == "b64_json":
        spelt["response_format"] = "base64"
    size = body.get("size")
    if size in {None, "auto"}:
        return spelt
    found = _SIZE.fullmatch(size)
    if found is None:
        raise UnsupportedParameter("`size` is width and height, for example 1024x768", parameter="size")
    return {**spelt, "width": int(found["width"]), "height": int(found["height"])}


def in_base64(body: dict[str, Any]) -> dict[str, Any]:
    """GPT image models answer in base64 alone, and refuse the field that says so: https://platform.openai.com/docs/api-reference/images/create.

    Clients that tell such models by their bare names (Vercel's) send it for `openai/gpt-image-1`.
    """
    wanted = body.get("response_format")
    if wanted is None or not _GPT_IMAGE.match(str(body.get("model"))):
        return body
    if wanted != "b64_json":
        raise UnsupportedParameter(
            "this model's pictures come as base64: ask for `b64_json`, or leave it out", parameter="response_format"
        )
    return {name: value for name, value in body.items() if name != "response_format"}


OF_OPENAIS: Final[Beside] = {"embeddings": Offer(), "images": Offer(quirks=(in_base64,)), "moderations": Offer()}
"""As OpenAI does; who lacks some of it says so itself."""
OF_OPENAI: Final[Beside] = {**OF_OPENAIS, "moderations": Offer(free=True), "counts": Offer("responses")}
"""What it takes for moderations, "The moderation endpoint is free to use": https://developers.openai.com/api/docs/guides/moderation (2026-05)."""
OF_ANTHROPIC: Final[Beside] = {"counts": Offer("anthropic")}
OF_GEMINI: Final[Beside] = {"embeddings": Offer("gemini"), "images": Offer("gemini"), "counts": Offer("gemini")}
OF_VERTEX: Final[Beside] = {
    "embeddings": Offer("gemini", file="vertex_embeddings"),
    "images": Offer("gemini"),
    "counts": Offer("gemini", file="vertex_counts"),
}
OF_COHERE: Final[Beside] = {"embeddings": Offer("cohere")}
OF_BEDROCK: Final[Beside] = {"counts": Offer("bedrock", models=("*anthropic.claude-*",))}
OF_MISTRAL: Final[Beside] = {
    "embeddings": Offer(quirks=(rename("dimensions", "output_dimension"), cannot("user"))),
    "moderations": Offer(),
}
"""https://docs.mistral.ai/api/endpoint/embeddings"""
OF_GROK: Final[Beside] = {"images": Offer(quirks=(cannot("quality", "size", "style"),))}
"""https://docs.x.ai/docs/guides/image-generations"""
OF_TOGETHER: Final[Beside] = {
    "embeddings": Offer(quirks=(leave_out("encoding_format"), cannot("dimensions", "user"))),
    "images": Offer(quirks=(sides, cannot("quality", "style", "user"))),
}
"""https://docs.together.ai/reference/embeddings-2"""
OF_FIREWORKS: Final[Beside] = {"embeddings": Offer(quirks=(leave_out("encoding_format"), cannot("user")))}
"""https://docs.fireworks.ai/api-reference/creates-an-embedding-vector-representing-the-input-text"""
EMBEDDINGS: Final[Beside] = {"embeddings": Offer()}
"""As OpenAI does, and nothing else."""
