"""The JSON protocols of AWS (1.0 and 1.1): one POST an operation, named in a header, signed by us.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html (2026-11). boto3 speaks them too, but takes 400 ms to load
and a thread for each call; here an operation is a coroutine over connections that are kept.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.aws.operation import NoAnswer, Refused
from shared.aws.own_identity import OwnIdentity
from shared.aws.signature import sign
from shared.egress.exchange import Client, Inbound, Outbound, Timeouts
from shared.errors import AddressRefused, ProviderError
from shared.wire.json import read_lenient, write

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of an answer. A page of DynamoDB is 1 MB, which JSON and base64 swell."""
_OK: Final = 200
_OUTDATED: Final = frozenset({"ExpiredTokenException", "ExpiredToken"})
_CODE: Final = re.compile(r"(?:[^#]*#)?([A-Za-z0-9._-]{1,100})")


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is spoken to. `name` stands in the signature and its host, `target` before the operation; times are patience, in seconds."""

    name: str
    target: str
    version: str
    timeouts: Timeouts


DYNAMODB: Final = Service(
    "dynamodb", "DynamoDB_20120810", "1.0", Timeouts(connect=1.0, first_byte=1.0, idle=1.0, total=5.0)
)
"""Answers within milliseconds; whoever waits for a second asks again."""
KMS: Final = Service("kms", "TrentService", "1.1", Timeouts(connect=1.0, first_byte=2.0, idle=1.0, total=4.0))
COGNITO: Final = Service(
    "cognito-idp",
    "AWSCognitoIdentityProviderService",
    "1.1",
    Timeouts(connect=1.0, first_byte=5.0, idle=2.0, total=8.0),
)
"""Slow on purpose where it checks a password."""
SQS: Final = Service("sqs", "AmazonSQS", "1.0", Timeouts(connect=0.5, first_byte=0.5, idle=0.5, total=0.8))
"""Asked by who has two seconds left, and twice."""


class JsonService:
    """The transport `Ask` to one service at one place. It asks once: whether to ask again is its engine's to say."""

    def __init__(
        self,
        service: Service,
        url: str,
        region: str,
        *,
        client: Client,
        identity: OwnIdentity,
        now: Callable[[], float],
    ) -> None:
        self._service = service
        self._url = url
        self._region = region
        self._client = client
        self._identity = identity
        self._now = now

    async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer. Only where AWS says that our credentials are over is it asked once more, with new ones."""
        try:
            return await self._ask(operation, payload)
        except Refused as refused:
            if refused.code not in _OUTDATED:
                raise
        self._identity.forget()
        return await self._ask(operation, payload)

    async def close(self) -> None:
        """Close what is open; another operation opens it anew."""
        await self._client.close()

    async def _ask(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        question = Outbound("POST", self._url, self._headers(operation), write(payload))
        credentials = await self._identity.credentials()
        shown = sign(question, credentials, self._service.name, self._region, self._now())
        signed = Outbound(question.method, question.url, {**question.headers, **shown}, question.body)
        try:
            async with self._client.send(signed, self._service.timeouts) as inbound:
                return _read(inbound, await inbound.read(LARGEST))
        except (ProviderError, AddressRefused) as error:
            raise NoAnswer(f"{self._service.name} {operation}: {error.code}") from error

    def _headers(self, operation: str) -> dict[str, str]:
        return {
            "content-type": f"application/x-amz-json-{self._service.version}",
            "x-amz-target": f"{self._service.target}.{operation}",
        }


def _read(inbound: Inbound, body: bytes) -> dict[str, Any]:
    """The answer; some operations have an empty one."""
    said = _record(body)
    if inbound.status == _OK:
        if said is None:
            raise NoAnswer("the answer is no JSON object")
        return said
    said = said or {}
    message = said.get("message") or said.get("Message") or ""
    raise Refused(_code(inbound.headers, said), str(message), status=inbound.status, item=said.get("Item"))


def _record(body: bytes) -> dict[str, Any] | None:
    try:
        said = read_lenient(body) if body else {}
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _code(headers: Mapping[str, str], said: Mapping[str, Any]) -> str:
    """The name of an error, which stands in the body or a header, with a namespace before it or a link behind."""
    found = _CODE.match(str(said.get("__type") or headers.get("x-amzn-errortype") or ""))
    return found[1] if found else ""
