"""The provider's own words go through as they came; only what clients cannot read is mended."""

import json
from typing import Any

import pytest

from shared.chat.collect import collect
from shared.chat.events import Answered, TextDelta, Usage, Verbatim
from shared.chat.receipt import Cost, Done, Receipt
from shared.chat.request import ChatRequest, Original
from shared.dialects.caller import About, Speaker
from shared.dialects.openai import DIALECT
from shared.dialects.openai.caller import CALLER
from shared.errors import StreamStalled

ABOUT = About("01J", 1700000000, "openai", "gpt-x", kin=True)
DONE = Done(((0, "stop", "stop"),), Usage(), Receipt("own", "fp", "openai", "gpt-x", (), Cost(None)))
ENVELOPE = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x-1"}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    return {**ENVELOPE, "choices": [choice], **fields}


FIRST = chunk({"role": "assistant", "content": "", "refusal": None})


def speaker(**body: Any) -> Speaker:
    return CALLER.speaker(ChatRequest("gpt-x", (), stream=True, original=Original("openai", body)), ABOUT)


def say(*said: dict[str, Any], **body: Any) -> list[dict[str, Any]]:
    """What is said of those chunks, decoded."""
    speaking = speaker(**body)
    spoken = b"".join([speaking.say(Verbatim(json.dumps(one).encode(), one)) for one in said])
    return [json.loads(frame.removeprefix(b"data: ")) for frame in spoken.split(b"\n\n") if frame]


def calls(*pieces: dict[str, Any]) -> list[tuple[Any, Any]]:
    """The index and id with which each of those pieces is said."""
    said = say(FIRST, *[chunk({"tool_calls": [piece]}) for piece in pieces])[1:]
    return [(call["index"], call.get("id")) for one in said for call in one["choices"][0]["delta"]["tool_calls"]]


def test_bytes_go_through_untouched() -> None:
    speaking = speaker()
    odd = b'{"model" : "gpt-x-1","id":"chatcmpl-1","object":"chat.completion.chunk","created":1, "choices":[{"delta":{"role":"assistant","content":"\xe2\x80\xa8"},"index":0,"finish_reason":null}],"new":1}'

    assert speaking.say(Answered()) == b""
    assert speaking.say(TextDelta("x")) == b""
    assert speaking.say(Verbatim(odd, json.loads(odd))) == b"data: " + odd + b"\n\n"
    assert speaking.say(DONE) == b"data: [DONE]\n\n"


def test_data_of_several_lines_stays_so() -> None:
    """Trap 4."""
    said = json.dumps(FIRST, indent=1).encode()

    assert speaker().say(Verbatim(said, FIRST)) == b"data: " + said.replace(b"\n", b"\ndata: ") + b"\n\n"


def test_a_whole_stream_is_the_same_stream() -> None:
    """Trap 79 too."""
    pieces = [FIRST, chunk({"content": "a\u2028b"}), chunk({}, "stop"), {**chunk(), "choices": [], "usage": {"x": 1}}]
    theirs = b"".join([b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces]) + b"data: [DONE]\n\n"
    reader, speaking = DIALECT.stream(verbatim=True), speaker(stream_options={"include_usage": True})
    events = [*reader.feed(theirs), *reader.close()]

    assert b"".join([speaking.say(event) for event in [*events, DONE]]) == theirs


def test_the_usage_chunk_is_for_those_who_asked() -> None:
    """Traps 16, 80."""
    last = {**ENVELOPE, "choices": [], "usage": {"prompt_tokens": 1}}

    assert say(FIRST, last) == [FIRST]
    assert say(FIRST, last, stream_options={"include_usage": True}) == [FIRST, last]
    with_content = chunk({"content": "a"}, usage={"prompt_tokens": 1})
    assert say(FIRST, with_content) == [FIRST, with_content]


def test_azures_first_chunk_has_no_choices() -> None:
    """Trap 17."""
    filtered = {**ENVELOPE, "id": "", "model": "", "choices": [], "prompt_filter_results": [{}]}
    late = chunk()
    del late["choices"][0]["delta"]

    assert say(filtered, FIRST, late) == [filtered, FIRST, chunk()]


def test_what_stands_around_the_choices_is_filled_consistently() -> None:
    """Trap 23."""
    bare = {"choices": FIRST["choices"]}
    minted = {"id": "chatcmpl-01J", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-x"}

    assert say(bare, bare) == [{**bare, **minted}] * 2
    assert say(FIRST, {**bare, "id": None}) == [FIRST, FIRST]


def test_somebody_speaks_first() -> None:
    """Trap 18."""
    said = say(chunk({"content": "a"}), chunk({"content": "b"}))

    assert [one["choices"][0]["delta"] for one in said] == [{"role": "assistant", "content": "a"}, {"content": "b"}]


def test_every_choice_has_an_index_a_delta_and_a_reason_to_be() -> None:
    """Traps 17, 80."""
    bare = {**ENVELOPE, "choices": [{}, {"index": None, "delta": None}]}
    (said,) = say(bare)

    assert [choice["index"] for choice in said["choices"]] == [0, 1]
    assert all(choice["delta"] == {"role": "assistant"} for choice in said["choices"])
    assert all(choice["finish_reason"] is None for choice in said["choices"])


def _piece(index: int | None, id_: str | None = None, name: str | None = None, arguments: str = "") -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    fields = {"index": index, "id": id_, "type": "function" if id_ else None, "function": function}
    return {key: value for key, value in fields.items() if value is not None}


def test_good_indices_stay() -> None:
    assert calls(_piece(1, "a", "f"), _piece(1, arguments="{"), _piece(2, "b", "g"), _piece(1, arguments="}")) == [
        (1, "a"),
        (1, None),
        (2, "b"),
        (1, None),
    ]


def test_pieces_without_an_index() -> None:
    """Trap 35."""
    assert calls(_piece(None, "a", "f"), _piece(None, arguments="{}"), _piece(None, "b", "g")) == [
        (0, "a"),
        (0, None),
        (1, "b"),
    ]


def test_parallel_calls_at_index_0() -> None:
    """Traps 36, 83."""
    assert calls(_piece(0, "a", "f", "{}"), _piece(0, "b", "g", "{"), _piece(0, arguments="}")) == [
        (0, "a"),
        (1, "b"),
        (1, None),
    ]


def test_interleaved_calls_are_told_apart_by_their_ids() -> None:
    """Trap 37."""
    assert calls(
        _piece(0, "a", "f"), _piece(0, "b", "g"), _piece(0, "a", arguments="1"), _piece(5, "b", arguments="2")
    ) == [(0, "a"), (1, "b"), (0, "a"), (1, "b")]


def test_a_call_without_an_id_can_be_answered() -> None:
    """Trap 41."""
    assert calls(_piece(0, None, "f")) == [(0, "call_01J00")]


@pytest.mark.parametrize("odd", [None, "x", 7, {"choices": "x"}, {"choices": [None, 3]}, {"choices": [{"delta": 3}]}])
def test_odd_chunks_are_passed_on(odd: Any) -> None:
    said = odd if isinstance(odd, dict) else {"choices": odd}

    assert len(say(said)) == 1


def test_a_failure_is_the_last_thing() -> None:
    assert speaker().fail(StreamStalled("silence")).startswith(b'data: {"error":{"message":"silence"')


def whole(body: bytes) -> bytes:
    answer = collect([*DIALECT.read(body), Verbatim(body, json.loads(body))])
    return CALLER.answer(answer, DONE, ChatRequest("gpt-x", (), original=Original("openai", {})), ABOUT)


def test_a_whole_answer_goes_through_untouched() -> None:
    body = b'{ "id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"system_fingerprint":"fp" }'

    assert whole(body) == body


def test_a_whole_answer_is_mended_alike() -> None:
    """Traps 23, 41."""
    call = {"function": {"name": "f", "arguments": "{}"}}
    said = json.loads(whole(json.dumps({"choices": [{"message": {"tool_calls": [call]}}]}).encode()))

    assert (said["id"], said["object"], said["created"], said["model"]) == (
        "chatcmpl-01J",
        "chat.completion",
        1700000000,
        "gpt-x",
    )
    assert said["choices"][0]["index"] == 0
    assert said["choices"][0]["message"]["role"] == "assistant"
    assert said["choices"][0]["message"]["tool_calls"] == [{**call, "id": "call_01J00"}]
