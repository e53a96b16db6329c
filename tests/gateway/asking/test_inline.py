"""Files by URL, for providers that fetch none. Trap 51."""

from types import SimpleNamespace
from typing import cast

import pytest

from shared.chat.request import ChatRequest, Media, Message, Text, ToolCall, ToolResult
from shared.errors import AddressRefused, InvalidRequest
from shared.gateway.asking.inline import MOST, inline_media
from shared.gateway.targets.target import Target
from tests.fakes.client import FakeAnswer, FakeClient

PICTURE = Media("image", url="https://pictures.example/a.png")
ROW = SimpleNamespace(fetches=frozenset())
GEMINI = cast("Target", SimpleNamespace(provider=ROW, dialect=SimpleNamespace(fetches=frozenset())))
OPENAI = cast("Target", SimpleNamespace(provider=ROW, dialect=SimpleNamespace(fetches=frozenset({"image", "video"}))))


def asking(*media: Media) -> ChatRequest:
    return ChatRequest("m", (Message("user", (Text("look"), *media)),))


def serving(body: bytes = b"hi", content_type: str = "image/png", status: int = 200) -> FakeClient:
    return FakeClient(lambda _: FakeAnswer(status, body, {"content-type": content_type}))


async def test_the_bytes_take_the_place_of_the_url() -> None:
    client = serving()
    inlined = await inline_media(asking(PICTURE, PICTURE), GEMINI, client)

    assert inlined.messages[0].parts[1:] == (Media("image", "image/png", "aGk="),) * 2
    assert [asked.url for asked in client.asked] == [PICTURE.url]


async def test_also_within_a_tool_result() -> None:
    result = Message("tool", (ToolResult("c1", (PICTURE,)),))
    request = ChatRequest("m", (Message("assistant", (ToolCall("c1", "f"),)), result))
    inlined = await inline_media(request, GEMINI, serving())

    assert inlined.messages[1].parts == (ToolResult("c1", (Media("image", "image/png", "aGk="),)),)


async def test_nothing_is_fetched_for_a_provider_that_fetches_itself() -> None:
    client = serving()
    request = asking(PICTURE)

    assert await inline_media(request, OPENAI, client) is request
    assert client.asked == []


@pytest.mark.parametrize("url", ["https://youtu.be/abc", "https://www.youtube.com/watch?v=abc", "gs://bucket/film.mp4"])
async def test_what_the_provider_reads_by_name_stays(url: str) -> None:
    request = asking(Media("video", url=url))

    assert await inline_media(request, GEMINI, serving()) is request


@pytest.mark.parametrize(
    "client",
    [
        FakeClient(lambda _: AddressRefused("private")),
        serving(status=404),
        serving(b""),
        serving(content_type="nonsense"),
    ],
)
async def test_one_message_whatever_went_wrong(client: FakeClient) -> None:
    """Threat E8: nothing can be scanned with it."""
    with pytest.raises(InvalidRequest, match="could not be fetched") as caught:
        await inline_media(asking(PICTURE), GEMINI, client)

    assert caught.value.parameter == "messages"


async def test_there_is_a_bound() -> None:
    many = [Media("image", url=f"https://pictures.example/{number}.png") for number in range(MOST + 1)]
    with pytest.raises(InvalidRequest, match="too many"):
        await inline_media(asking(*many), GEMINI, serving())
