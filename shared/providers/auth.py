"""How a vendor wants to see the key: always in a header, never in the URL (trap 50)."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from shared.secrets import ApiKey

type Auth = Callable[[ApiKey], Mapping[str, str]]

_JWT: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


def bearer(key: ApiKey) -> Mapping[str, str]:
    """`Authorization: Bearer`, RFC 6750."""
    return {"authorization": f"Bearer {key.reveal()}"}


def x_api_key(key: ApiKey) -> Mapping[str, str]:
    """Anthropic's, with the version that every request names: https://platform.claude.com/docs/en/api/overview (2026-11)."""
    return {"x-api-key": key.reveal(), "anthropic-version": "2023-06-01"}


def x_goog_api_key(key: ApiKey) -> Mapping[str, str]:
    """Google's: https://ai.google.dev/gemini-api/docs/api-key (2026-11)."""
    return {"x-goog-api-key": key.reveal()}


def azure_key(key: ApiKey) -> Mapping[str, str]:
    """A key of the resource, or a token of Entra ID, which is a JWT: https://learn.microsoft.com/azure/ai-foundry/openai/reference (2026-11)."""
    return bearer(key) if _JWT.fullmatch(key.reveal()) else {"api-key": key.reveal()}
