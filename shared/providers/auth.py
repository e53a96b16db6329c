"""How a vendor wants to see the key: always in a header, never in the URL (trap 50)."""

from collections.abc import Callable, Mapping

from shared.secrets import ApiKey

type Auth = Callable[[ApiKey], Mapping[str, str]]


def bearer(key: ApiKey) -> Mapping[str, str]:
    """`Authorization: Bearer`, RFC 6750."""
    return {"authorization": f"Bearer {key.reveal()}"}


def x_api_key(key: ApiKey) -> Mapping[str, str]:
    """Anthropic's, with the version that every request names: https://platform.claude.com/docs/en/api/overview (2026-11)."""
    return {"x-api-key": key.reveal(), "anthropic-version": "2023-06-01"}


def x_goog_api_key(key: ApiKey) -> Mapping[str, str]:
    """Google's: https://ai.google.dev/gemini-api/docs/api-key (2026-11)."""
    return {"x-goog-api-key": key.reveal()}
