"""What is refused before anything is spent."""

import pytest

from shared.chat.check import LARGEST_SCHEMA, MOST_MEDIA, check_request, check_schema
from shared.chat.request import ChatRequest, Media, Message, Text, ToolCall, ToolResult
from shared.errors import InvalidRequest

PICTURE = Media("image", "image/png", "AA==")


def pictures(said: int, resulted: int) -> ChatRequest:
    return ChatRequest(
        "m",
        (
            Message("user", (Text("look"), *[PICTURE] * said)),
            Message("assistant", (ToolCall("a", "f", "{}"),)),
            Message("tool", (ToolResult("a", (PICTURE,) * resulted),)),
        ),
    )


def test_pictures_are_counted_wherever_they_are() -> None:
    """Threat H5."""
    check_request(pictures(MOST_MEDIA - 7, 7))

    with pytest.raises(InvalidRequest, match="501 pictures") as refused:
        check_request(pictures(MOST_MEDIA - 7, 8))
    assert refused.value.parameter == "messages"


def test_a_schema_has_a_largest_size() -> None:
    """Threat H5."""
    around = len('{"description":""}')
    check_schema(None, "schema")
    check_schema({"description": "x" * (LARGEST_SCHEMA - around)}, "schema")

    with pytest.raises(InvalidRequest, match="at most 65536") as refused:
        check_schema({"description": "x" * (LARGEST_SCHEMA - around + 1)}, "schema")
    assert refused.value.parameter == "schema"
