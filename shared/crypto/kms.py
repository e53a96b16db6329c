"""Data keys wrapped by AWS KMS: the home on AWS.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html and its neighbours (2026-11). What fails, and how: section Errors there.
The encryption context is the whole binding, by name; IAM lets a role use the key for the purposes alone that it needs it for (threat K7).
"""

import asyncio
import random
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from shared.aws.operation import Ask, NoAnswer, Refused
from shared.crypto.keys import DataKey, corrupt
from shared.errors import CredentialCorrupt, KeyServiceUnavailable

_NOT_OURS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_PASSING: Final = frozenset(
    {"DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException", "ServiceUnavailableException"}
)
_LARGEST_WRAPPED: Final = 6144
"""Bytes that KMS takes; an empty or a larger one is none of ours, and would be called a malformed request."""
_LONGEST_WAIT: Final = 0.1
"""Seconds before the second attempt, at most."""
_RETRY_AFTER: Final = 1.0


class KmsWrapper:
    """A KeyWrapper on one KMS key, named by its ARN. What may pass is asked twice: all three operations harm nothing when done again."""

    def __init__(self, key: str, ask: Ask, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._key = key
        self._ask = ask
        self._sleep = sleep

    async def generate(self, context: Mapping[str, str]) -> DataKey:
        """A fresh data key, wrapped under the context."""
        wanted = {"KeyId": self._key, "KeySpec": "AES_256", "EncryptionContext": dict(context)}
        answer = await self._answer("GenerateDataKey", wanted)
        return DataKey(plain=_bytes(answer, "Plaintext"), wrapped=_bytes(answer, "CiphertextBlob"))

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The plain data key. Naming the key makes KMS refuse what another key wrapped."""
        _check(wrapped)
        wanted = {"KeyId": self._key, "CiphertextBlob": wrapped, "EncryptionContext": dict(context)}
        return _bytes(await self._answer("Decrypt", wanted), "Plaintext")

    async def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The same data key under the newest key material; it does not leave KMS."""
        _check(wrapped)
        wanted = {
            "CiphertextBlob": wrapped,
            "SourceKeyId": self._key,
            "SourceEncryptionContext": dict(context),
            "DestinationKeyId": self._key,
            "DestinationEncryptionContext": dict(context),
        }
        return _bytes(await self._answer("ReEncrypt", wanted), "CiphertextBlob")

    async def _answer(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._ask(operation, payload)
        except (Refused, NoAnswer) as fault:
            if not _may_pass(fault):
                raise _explain(fault) from fault
        await self._sleep(random.uniform(0, _LONGEST_WAIT))  # noqa: S311 - jitter
        try:
            return await self._ask(operation, payload)
        except (Refused, NoAnswer) as fault:
            raise _explain(fault) from fault


def _check(wrapped: bytes) -> None:
    if not 0 < len(wrapped) <= _LARGEST_WRAPPED:
        raise corrupt()


def _bytes(answer: Mapping[str, Any], name: str) -> bytes:
    try:
        return b64decode(answer[name], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise _unavailable(_RETRY_AFTER) from error


def _may_pass(fault: Refused | NoAnswer) -> bool:
    return isinstance(fault, NoAnswer) or fault.may_pass or fault.code in _PASSING


def _explain(fault: Refused | NoAnswer) -> CredentialCorrupt | KeyServiceUnavailable:
    """faults.md, its KMS rows: throttled and 5xx pass by themselves; denied, disabled and the like wait for the operator."""
    if isinstance(fault, Refused) and fault.code in _NOT_OURS:
        return corrupt()
    return _unavailable(_RETRY_AFTER if _may_pass(fault) else None)


def _unavailable(retry_after: float | None) -> KeyServiceUnavailable:
    """`retry_after` in seconds, when waiting may help."""
    remedy = "Try again shortly." if retry_after else "Its operator must let us use the key again."
    return KeyServiceUnavailable(f"The key service does not open keys now. {remedy}", retry_after=retry_after)
