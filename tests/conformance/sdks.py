"""The vendors' own SDKs as callers: the same question straight at the replay server and through the gateway, and what the SDK made of each answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tests.conformance.corpus import Exchange

type Json = dict[str, Any]

HELLO = {"role": "user", "content": "hello"}
HELD_BY_SERVERS = ("previous_response_id", "conversation", "store")
_BARE: Mapping[str, Json] = {
    "chat": {"messages": [HELLO]},
    "messages": {"messages": [HELLO], "max_tokens": 64},
    "responses": {"input": "hello"},
}
"""The shortest request of each API."""


@dataclass(slots=True)
class Said:
    """What an SDK handed to its caller: the objects as they were filled, and the exception that ended them."""

    objects: list[Json] = field(default_factory=list)
    failure: str | None = None
    """The exception's class and status."""
    error: Any = None
    """The body of the error."""


def body_of(exchange: Exchange, api: str) -> Json:
    """The recorded request where it is one of this API, else a hello. A failure does not depend on it."""
    recorded = exchange.request if api == exchange.api and not exchange.failed else None
    if not isinstance(recorded, Mapping) or left_out(exchange):
        usage = {"stream_options": {"include_usage": True}} if api == "chat" and exchange.is_stream else {}
        return {**_BARE[api], **usage, **({"stream": True} if exchange.is_stream else {})}
    return {**recorded, "stream": True} if exchange.is_stream else {k: v for k, v in recorded.items() if k != "stream"}


def left_out(exchange: Exchange) -> list[str]:
    """What we refuse by design, for we keep nothing: threads that a server holds. Without them the request means nothing, so it is a hello."""
    asked = exchange.request if isinstance(exchange.request, Mapping) else {}
    return [f"a whole request ({name})" for name in HELD_BY_SERVERS if asked.get(name)]


_APIS: Mapping[str, tuple[str, str, str, str, str, str]] = {
    "chat": (
        "openai",
        "AsyncOpenAI",
        "/chat/completions",
        "openai.types.chat",
        "ChatCompletion",
        "ChatCompletionChunk",
    ),
    "messages": ("anthropic", "AsyncAnthropic", "/v1/messages", "anthropic.types", "Message", "RawMessageStreamEvent"),
    "responses": ("openai", "AsyncOpenAI", "/responses", "openai.types.responses", "Response", "ResponseStreamEvent"),
}
"""The SDK, its client, and the path and types of each API."""


class Sdk:
    """One vendor's client, for one API."""

    def __init__(self, api: str, base: str, token: str) -> None:
        vendor, client, path, types, whole, event = _APIS[api]
        sdk: Any = import_module(vendor)  # only this run has the vendors' SDKs
        kinds: Any = import_module(types)
        self._client = getattr(sdk, client)(base_url=base, api_key=token, max_retries=0, timeout=120)
        self._errors: type[Exception] = sdk.APIError
        self._path = path
        self._kind = getattr(kinds, whole)
        self._stream = sdk.AsyncStream[getattr(kinds, event)]

    async def ask(self, body: Json) -> Said:
        """Post it, and hear all of the answer."""
        said, stream = Said(), bool(body.get("stream"))
        try:
            answer = await self._client.post(
                self._path, cast_to=self._kind, body=body, stream=stream, stream_cls=self._stream
            )
            if stream:
                async for event in answer:
                    said.objects.append(_filled(event))
            else:
                said.objects.append(_filled(answer))
        except self._errors as error:
            said.failure = f"{type(error).__name__} {getattr(error, 'status_code', '')}".strip()
            said.error = getattr(error, "body", None)
        except (ValueError, TypeError, AttributeError, RuntimeError) as error:  # the SDK's own, over an odd body
            said.failure = f"{type(error).__name__}: {error}"
        return said

    async def close(self) -> None:
        """Its connections."""
        await self._client.close()


def _filled(answer: Any) -> Json:
    dumped: Json = (
        answer.model_dump(mode="json", exclude_unset=True, warnings=False)
        if hasattr(answer, "model_dump")
        else {"text": answer}
    )
    return dumped


def gateway_base(url: str, api: str) -> str:
    """Where that SDK finds the chats of the gateway that is there."""
    return url if api == "messages" else f"{url}/v1"
