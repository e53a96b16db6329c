"""DynamoDB's transport over boto3, in threads of its own. Loading boto3 takes 400 ms, so it waits for the first that is made."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.storage.dynamodb import NoAnswer, Refused

_AT_ONCE = 16


class Boto3Send:
    """The transport `Send`. Region and credentials are boto3's own business; `endpoint_url` is for emulators.

    `timeout`: seconds for a connection, and for an answer; DynamoDB takes milliseconds.
    boto3 itself makes no second attempt: the table knows which operations may be repeated.
    """

    def __init__(self, *, region: str | None = None, endpoint_url: str | None = None, timeout: float = 1.0) -> None:
        import boto3  # noqa: PLC0415 - heavy: only the home that needs it loads it
        from botocore.config import Config  # noqa: PLC0415 - the same

        config = Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            max_pool_connections=_AT_ONCE,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        client = boto3.client("dynamodb", region_name=region, endpoint_url=endpoint_url, config=config)
        self._client = client
        self._operations = {
            "GetItem": client.get_item,
            "PutItem": client.put_item,
            "UpdateItem": client.update_item,
            "DeleteItem": client.delete_item,
            "Query": client.query,
        }
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="dynamodb")

    async def __call__(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer of one attempt."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, operation, payload)

    async def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown(wait=False)
        self._client.close()

    def _ask(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded by now

        try:
            answer: dict[str, Any] = self._operations[operation](**payload)
        except ClientError as error:
            raise _refused(error.response) from error
        except BotoCoreError as error:
            raise NoAnswer(type(error).__name__) from error
        return answer


def _refused(response: Any) -> Refused:
    error = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Refused(error.get("Code", ""), error.get("Message", ""), status=status, item=response.get("Item"))
