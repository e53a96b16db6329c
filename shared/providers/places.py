"""Where a vendor has what its dialect names another path for: a request as the dialect wrote it, and where and how this vendor takes it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from shared.dialects.dialect import Written

type Place = Callable[[Written], Written]

_VERTEX_CLAUDE: Final = "vertex-2023-10-16"


def as_written(written: Written) -> Written:
    """Where the dialect says."""
    return written


def under(folder: str) -> Place:
    """Everything lies in that folder; a base URL may name it, or a beginning of it, already."""

    def put(written: Written) -> Written:
        return replace(written, path=folder + written.path)

    return put


def vertex(written: Written) -> Written:
    """Google Cloud has the version of the API in front of the project, so in the base URL.

    https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference (2026-11)
    """
    return replace(written, path=written.path.removeprefix("/v1beta"))


def vertex_claude(written: Written) -> Written:
    """Google Cloud has the model in the path and Anthropic's version in the body.

    https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai (2026-11)
    """
    body = {"anthropic_version": _VERTEX_CLAUDE, **written.body}
    if written.path.endswith("/count_tokens"):
        return replace(written, path="/models/count-tokens:rawPredict", body=body)
    model = quote(str(body.pop("model")), safe="@")
    method = "streamRawPredict" if body.get("stream") else "rawPredict"
    return replace(written, path=f"/models/{model}:{method}", body=body)
