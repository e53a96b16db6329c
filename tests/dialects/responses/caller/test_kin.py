"""Kin: a provider's own words, untouched."""

import json
from typing import Any

import pytest

from shared.chat.collect import Answer, Choice, collect
from shared.chat.events import ChatEvent, Usage, Verbatim
from shared.chat.receipt import Cost, Done, Receipt
from shared.dialects.caller import About
from shared.dialects.responses import DIALECT
from shared.dialects.responses.caller import CALLER
from shared.errors import ProviderError, StreamTruncated

ABOUT = About("01K", 5, "openai", "gpt-5", kin=True)
DONE = Done(((0, "stop", None),), Usage(1, 2), Receipt("own", "f", "openai", "gpt-5", (), Cost(None)))
CREATED = {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "output": []}}
DELTA = {"type": "response.output_text.delta", "sequence_number": 1, "item_id": "msg_1", "delta": "a\u2028b", "new": {}}
ENDED = {
    "type": "response.completed",
    "sequence_number": 2,
    "response": {"id": "resp_1", "status": "completed", "output": []},
}


def chat() -> Any:
    return CALLER.read(b'{"model": "openai/gpt-5", "input": "hi", "stream": true}', {}).chat


def frame(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def relayed(sent: bytes) -> bytes:
    """What a caller hears of what a provider sent."""
    reader, speaker = DIALECT.stream(verbatim=True), CALLER.speaker(chat(), ABOUT)
    said = b""
    try:
        events: list[ChatEvent] = [*reader.feed(sent)]
        said = b"".join([speaker.say(event) for event in events])
        said += b"".join([speaker.say(event) for event in (*reader.close(), DONE)])
    except ProviderError as error:
        said += speaker.fail(error)
    return said


def test_a_stream_is_said_as_it_came() -> None:
    """Traps 79, 89."""
    sent = frame(CREATED) + frame(DELTA) + frame(ENDED)

    assert relayed(sent) == sent


def test_events_without_a_name_get_theirs() -> None:
    """Trap 89."""
    nameless = b"data: " + json.dumps(ENDED).encode() + b"\n\n"

    assert relayed(frame(CREATED) + nameless) == frame(CREATED) + frame(ENDED)


def test_lines_of_data_stay_lines() -> None:
    speaker = CALLER.speaker(chat(), ABOUT)

    assert speaker.say(Verbatim(b'{"type":\n"x"}', {"type": "x"}, "x")) == b'event: x\ndata: {"type":\ndata: "x"}\n\n'


@pytest.mark.parametrize(
    "last",
    [
        {
            "type": "response.failed",
            "sequence_number": 1,
            "response": {"error": {"code": "server_error", "message": "m"}},
        },
        {"type": "error", "sequence_number": 1, "code": "server_error", "message": "m", "param": None},
        {"type": "error", "sequence_number": 1, "error": {"type": "server_error", "code": None, "message": "m"}},
    ],
)
def test_a_provider_s_failure_is_said_in_its_own_words(last: dict[str, Any]) -> None:
    """Trap 26."""
    said = relayed(frame(CREATED) + frame(last))
    head, _, data = said.removeprefix(frame(CREATED)).partition(b"\ndata: ")

    assert head == f"event: {last['type']}".encode()
    assert json.loads(data) == last


def test_a_stream_that_was_cut_off_ends_with_an_error_of_ours() -> None:
    """Trap 12."""
    said = relayed(frame(CREATED) + frame(DELTA))
    last = json.loads(said.rpartition(b"data: ")[2])

    assert said.startswith(frame(CREATED) + frame(DELTA) + b"event: error\n")
    assert (last["type"], last["sequence_number"], last["error"]["code"]) == ("error", 2, "stream_truncated")


def test_after_its_end_nothing_is_said() -> None:
    speaker = CALLER.speaker(chat(), ABOUT)
    speaker.say(Verbatim(json.dumps(ENDED).encode(), ENDED, "response.completed"))

    assert speaker.fail(StreamTruncated("late")) == b""


def test_a_whole_body_is_said_as_it_came() -> None:
    body = b'{ "id": "resp_1", "output": [], "new": 1.50 }'
    answer = Answer(None, None, None, (Choice(0),), None, Verbatim(body, json.loads(body)))

    assert CALLER.answer(answer, DONE, chat(), ABOUT) == body


def test_without_a_body_of_its_own_an_answer_is_written() -> None:
    assert json.loads(CALLER.answer(collect([]), DONE, chat(), ABOUT))["object"] == "response"


def test_an_error_that_came_as_an_event_has_a_body_of_ours() -> None:
    error = ProviderError("m")
    error.verbatim = {"type": "response.failed", "response": {}}

    assert CALLER.describe(error, "01K")["error"]["message"] == "m"
    assert error.verbatim is not None


def test_an_error_s_own_body_is_said_as_it_came() -> None:
    error = ProviderError("m")
    error.verbatim = {"error": {"message": "theirs", "type": "t", "param": None, "code": "c"}}

    assert CALLER.describe(error, "01K") == error.verbatim
