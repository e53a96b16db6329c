"""DynamoDB for tests: moto in this process, one call at a time (moto over-admits under threads), and a transport that fails when told to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from shared.storage.dynamodb import Send
from shared.storage.dynamodb_boto3 import Boto3Send

REGION = "eu-west-1"


class OneAtATime:
    """Passes calls on, never two at once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = asyncio.Lock()

    async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            return await self._send(operation, payload)

    async def close(self) -> None:
        """The transport below is shared by the tests of a file."""


class Faulty:
    """Raises what is planned, call by call; a `lost` fault is raised after the call was carried out. Then passes calls on."""

    def __init__(self, send: Send, *faults: Exception | None, lost: bool = False) -> None:
        self._send = send
        self._faults = list(faults)
        self._lost = lost
        self.calls = 0

    async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None and not self._lost:
            raise fault
        answer = await self._send(operation, payload)
        if fault is not None:
            raise fault
        return answer

    async def close(self) -> None:
        """Nothing of its own."""


@contextmanager
def moto_dynamodb() -> Iterator[Boto3Send]:
    """A transport to moto; credentials and endpoints of the environment are back when it ends."""
    with mock_aws():
        send = Boto3Send(region=REGION)
        yield send
        asyncio.run(send.close())


def create_table(name: str) -> None:
    """The one table, as the stack makes it."""
    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
