"""Data keys wrapped by AWS KMS: the home on AWS. The only file here that knows boto3, and it is imported with the first call.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html and its neighbours. What fails, and how: section Errors there.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.crypto.keys import DataKey, corrupt
from shared.errors import CredentialCorrupt, KeyServiceUnavailable

if TYPE_CHECKING:
    from botocore.client import BaseClient

_NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_PASSING = frozenset(
    {
        "DependencyTimeoutException",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_RETRY_AFTER = 1.0
_FIRST_SERVER_FAULT = 500


class KmsWrapper:
    """A KeyWrapper on one KMS key. Calls run in worker threads: one waits 2 s to connect and 3 s for an answer, twice at most."""

    def __init__(self, key_id: str, *, region: str | None = None) -> None:
        self._key_id = key_id
        self._region = region
        self._client: BaseClient | None = None
        self._opening = threading.Lock()

    async def generate(self, context: Mapping[str, str]) -> DataKey:
        """A fresh data key, wrapped under the context."""
        answer = await self._ask("generate_data_key", KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=context)
        return DataKey(plain=answer["Plaintext"], wrapped=answer["CiphertextBlob"])

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The plain data key. Naming the key makes KMS refuse what another key wrapped."""
        answer = await self._ask("decrypt", KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext=context)
        plain: bytes = answer["Plaintext"]
        return plain

    async def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The same data key under the newest key material; it does not leave KMS."""
        answer = await self._ask(
            "re_encrypt",
            CiphertextBlob=wrapped,
            SourceKeyId=self._key_id,
            SourceEncryptionContext=context,
            DestinationKeyId=self._key_id,
            DestinationEncryptionContext=context,
        )
        rewrapped: bytes = answer["CiphertextBlob"]
        return rewrapped

    async def _ask(self, operation: str, **parameters: object) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask_here, operation, parameters)

    def _ask_here(self, operation: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy, and the other home lives without

        try:
            ask: Callable[..., dict[str, Any]] = getattr(self._opened(), operation)
            return ask(**parameters)
        except ClientError as error:
            raise _explain(error.response) from error
        except BotoCoreError as error:
            raise _unavailable(_RETRY_AFTER) from error

    def _opened(self) -> "BaseClient":
        with self._opening:
            if self._client is None:
                self._client = _open(self._region)
            return self._client


def _open(region: str | None) -> "BaseClient":
    import boto3  # noqa: PLC0415 - heavy, and the other home lives without
    from botocore.config import Config  # noqa: PLC0415 - the same

    config = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    client: BaseClient = boto3.client("kms", region_name=region, config=config)
    return client


def _explain(response: Mapping[str, Any]) -> CredentialCorrupt | KeyServiceUnavailable:
    """faults.md's KMS rows: throttled and 5xx pass by themselves; denied, disabled and the like wait for the operator."""
    code = response.get("Error", {}).get("Code", "")
    if code in _NOT_OURS:
        return corrupt()
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _unavailable(_RETRY_AFTER if code in _PASSING or status >= _FIRST_SERVER_FAULT else None)


def _unavailable(retry_after: float | None) -> KeyServiceUnavailable:
    """`retry_after` in seconds, when waiting may help."""
    remedy = "Try again shortly." if retry_after else "Its operator must let us use the key again."
    return KeyServiceUnavailable(f"The key service does not open keys now. {remedy}", retry_after=retry_after)
