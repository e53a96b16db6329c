"""A provider's key in a body, and what came of trying one."""

import json
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr

from shared.records.trial import Trial
from shared.secrets import ApiKey
from shared.web.schemas import Answer

_LONGEST_KEY = 8192
_FIRST_VISIBLE, _LAST_VISIBLE = 0x21, 0x7E


def _check_key(secret: SecretStr) -> SecretStr:
    """It goes into a header: visible ASCII only, without the white space that comes with pasting. A key file of JSON is kept as one such word."""
    text = secret.get_secret_value().strip()
    if text.startswith("{"):
        text = _in_one_word(text)
    if not text or not all(_FIRST_VISIBLE <= ord(character) <= _LAST_VISIBLE for character in text):
        raise ValueError("a key is one word of visible ASCII characters; paste it again")
    return SecretStr(text)


def _in_one_word(text: str) -> str:
    """The same JSON without white space; within its strings it is escaped."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(
            "a key that begins with `{` is a key file, but this is no whole JSON; paste it again"
        ) from None
    return json.dumps(said, separators=(",", ":")).replace(" ", r"\u0020").replace("\x7f", r"\u007f")


KeyText = Annotated[
    SecretStr,
    Field(min_length=1, max_length=_LONGEST_KEY, description="The provider's own key. It goes in and never comes out."),
    AfterValidator(_check_key),
]


def read_key(text: SecretStr | None) -> ApiKey | None:
    """The key that a body held, if it held one."""
    return ApiKey(text.get_secret_value()) if text else None


class KeyTrial(Answer):
    """What came of trying a key. `success` means that the provider would answer a chat now."""

    valid: bool = Field(description="The provider takes the key.")
    success: bool
    message: str
    latency_ms: int | None = Field(description="Milliseconds until the answer; null when nobody answered.")
    error: str | None = Field(description="A code when it did not succeed, as errors have it; else null.")

    @classmethod
    def of(cls, trial: Trial) -> Self:
        """As it is shown."""
        return cls(
            valid=trial.valid,
            success=trial.success,
            message=trial.message,
            latency_ms=trial.latency_ms,
            error=trial.error,
        )
