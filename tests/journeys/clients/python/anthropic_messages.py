"""Anthropic's own client: messages, tools, thinking, counting, models."""

import base64
import json
from functools import cache
from typing import Any

import anthropic
import httpx
from anthropic import Anthropic, AsyncAnthropic, beta_tool
from pydantic import BaseModel

from tests.fakes.upstreams.files import PDF, PNG
from tests.fakes.upstreams.scenes import REDACTED, SIGNATURE
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, raised, same

check = Checks()

WEATHER: Any = {
    "name": "get_weather",
    "description": "The weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK: Any = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}
THINK: Any = {"type": "enabled", "budget_tokens": 1024}


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@cache
def client(at: At) -> Anthropic:
    return Anthropic(base_url=at.origin, api_key=at.key, max_retries=0)


def wish(at: At, said: Any, **more: Any) -> dict[str, Any]:
    messages = said if isinstance(said, list) and said and "role" in said[0] else [{"role": "user", "content": said}]
    return {"model": at.model(), "max_tokens": 500, "messages": messages, **more}


def ask(at: At, said: Any, **more: Any) -> Any:
    return client(at).messages.create(**wish(at, said, **more))


def final(at: At, said: Any, **more: Any) -> Any:
    """The message of a stream."""
    with client(at).messages.stream(**wish(at, said, **more)) as stream:
        return stream.get_final_message()


# Words ----------------------------------------------------------------------------------------------------------------


@check
def answers(at: At) -> None:
    said = ask(at, "Hello")
    same((said.type, said.role, said.stop_reason, said.stop_sequence), ("message", "assistant", "end_turn", None))
    same([(block.type, block.text) for block in said.content], [("text", GREETING)])
    same((said.usage.input_tokens, said.usage.output_tokens), (20, 8))
    assert said.id.startswith("msg_")
    assert said.model


@check
def streams(at: At) -> None:
    with client(at).messages.stream(**wish(at, "Hello")) as stream:
        same("".join(stream.text_stream), GREETING)
        done = stream.get_final_message()
    same((done.stop_reason, done.usage.input_tokens, done.usage.output_tokens), ("end_turn", 20, 8))


@check
def the_order_of_events(at: At) -> None:
    kinds = [event.type for event in ask(at, "Hello", stream=True) if event.type != "ping"]
    once = [kind for index, kind in enumerate(kinds) if kinds[index - 1 : index] != [kind]]
    wanted = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    same(once, wanted)


@check
def the_events_themselves(at: At) -> None:
    events = [event for event in ask(at, "Hello", stream=True) if event.type != "ping"]
    begun = events[0].message
    same((begun.content, begun.stop_reason, begun.role), ([], None, "assistant"))
    same(events[1].index, 0)
    same(events[-2].delta.stop_reason, "end_turn")
    same(events[-2].usage.output_tokens, 8)


@check
async def answers_and_streams_async(at: At) -> None:
    async with AsyncAnthropic(base_url=at.origin, api_key=at.key, max_retries=0) as asking:
        same((await asking.messages.create(**wish(at, "Hello"))).content[0].text, GREETING)
        async with asking.messages.stream(**wish(at, "Hello")) as stream:
            same(await stream.get_final_text(), GREETING)


@check
def a_bearer_token_will_do(at: At) -> None:
    if not at.straight:
        bearer = Anthropic(base_url=at.origin, auth_token=at.key, api_key=None, max_retries=0)
        same(bearer.messages.create(**wish(at, "Hello")).content[0].text, GREETING)


@check
def awkward_characters(at: At) -> None:
    """Trap 79."""
    same(ask(at, "scene:unicode").content[0].text, AWKWARD)
    same(final(at, "scene:unicode").content[0].text, AWKWARD)


@check
def a_system_of_text_or_blocks(at: At) -> None:
    same(ask(at, "scene:system", system="Be brief.").content[0].text, "system: Be brief.")
    blocks: Any = [
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "Be kind."},
    ]
    said = ask(at, "scene:system", system=blocks).content[0].text
    has(said, "Be brief.")
    has(said, "Be kind.")


@check
def settings_cross(at: At) -> None:
    warm = {"temperature": 0.5}  # which this client no longer has a name for, and the API still takes
    told = json.loads(
        ask(at, "scene:echo", extra_body=warm, stop_sequences=["END", "STOP"], max_tokens=321).content[0].text
    )
    same((told["temperature"], told["stop"], told["max_tokens"]), (0.5, ["END", "STOP"], 321))
    same(json.loads(ask(at, "scene:echo", extra_body={"top_p": 0.75}).content[0].text)["top_p"], 0.75)


@check
def top_k_crosses_or_is_refused(at: At) -> None:
    if at.provider == "openai":
        has(raised(anthropic.BadRequestError, lambda: ask(at, "Hello", extra_body={"top_k": 5})).message, "top_k")
    else:
        same(json.loads(ask(at, "scene:echo", extra_body={"top_k": 5}).content[0].text)["top_k"], 5)


@check
def labels_hurt_nobody(at: At) -> None:
    same(ask(at, "Hello", metadata={"user_id": "u-1"}).content[0].text, GREETING)


@check
def a_stop_sequence_stops(at: At) -> None:
    said = ask(at, "scene:stop", stop_sequences=["END"])
    same(said.content[0].text, "before")
    assert said.stop_reason in (("stop_sequence",) if at.provider == "anthropic" else ("stop_sequence", "end_turn"))
    same(final(at, "scene:stop", stop_sequences=["END"]).content[0].text, "before")


@check
def a_length_ends(at: At) -> None:
    same((ask(at, "scene:length").stop_reason, final(at, "scene:length").stop_reason), ("max_tokens", "max_tokens"))


@check
def nothing_but_a_length_is_no_error(at: At) -> None:
    same(
        (ask(at, "scene:empty-length").stop_reason, final(at, "scene:empty-length").stop_reason),
        ("max_tokens", "max_tokens"),
    )


@check
def a_refusal_is_told(at: At) -> None:
    same((ask(at, "scene:refusal").stop_reason, final(at, "scene:refusal").stop_reason), ("refusal", "refusal"))


@check
def cached_tokens(at: At) -> None:
    """Trap 65."""
    for usage in (ask(at, "scene:cached").usage, final(at, "scene:cached").usage):
        same((usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens), (4, 16, 8))


@check
def cache_points_hurt_nobody(at: At) -> None:
    """Trap 56."""
    point = {"cache_control": {"type": "ephemeral"}}
    said = ask(at, [{"role": "user", "content": [{"type": "text", "text": "Hello", **point}]}], tools=[{**WEATHER, **point}],
               system=[{"type": "text", "text": "Be brief.", **point}])  # fmt: skip
    same(said.content[0].text, GREETING)


@check
def too_many_cache_points(at: At) -> None:
    """Trap 56."""
    blocks = [{"type": "text", "text": f"Hello {index}", "cache_control": {"type": "ephemeral"}} for index in range(5)]
    if at.provider == "anthropic":
        raised(anthropic.BadRequestError, lambda: ask(at, [{"role": "user", "content": blocks}]))


# Tools ----------------------------------------------------------------------------------------------------------------


@check
def a_tool_is_called(at: At) -> None:
    said = ask(at, "scene:tool", tools=[WEATHER])
    same((said.stop_reason, [(block.type, block.name, block.input) for block in said.content]),
         ("tool_use", [("tool_use", "get_weather", {"city": "Paris"})]))  # fmt: skip
    assert said.content[0].id


@check
def a_tool_call_is_streamed(at: At) -> None:
    with client(at).messages.stream(**wish(at, "scene:tool", tools=[WEATHER])) as stream:
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        done: Any = stream.get_final_message()
    same(json.loads("".join(pieces)), {"city": "Paris"})
    same((done.content[0].input, done.stop_reason), ({"city": "Paris"}, "tool_use"))


@check
def text_before_a_call(at: At) -> None:
    """Trap 44."""
    for said in (ask(at, "scene:text-and-tool", tools=[WEATHER]), final(at, "scene:text-and-tool", tools=[WEATHER])):
        same([block.type for block in said.content], ["text", "tool_use"])
        same((said.content[0].text, said.content[1].input), ("Let me look.", {"city": "Paris"}))


@check
def parallel_calls(at: At) -> None:
    """Traps 36, 37, 83: one after the other, in one chunk, and interleaved."""
    for scene in ("parallel", "one-chunk", "interleaved"):
        for said in (ask(at, f"scene:{scene}", tools=[WEATHER]), final(at, f"scene:{scene}", tools=[WEATHER])):
            same([block.input for block in said.content], [{"city": "Paris"}, {"city": "Rome"}])
            same(len({block.id for block in said.content}), 2)


@check
def blocks_do_not_overlap(at: At) -> None:
    """However a provider mixes its calls, one block ends before the next begins."""
    opened: list[int] = []
    for event in ask(at, "scene:interleaved", tools=[WEATHER], stream=True):
        match event.type:
            case "content_block_start":
                assert not opened
                opened.append(event.index)
            case "content_block_delta":
                same(opened, [event.index])
            case "content_block_stop":
                same(opened, [event.index])
                opened.clear()


@check
def parallel_calls_can_be_forbidden(at: At) -> None:
    """Trap 87: also where the provider has no word for it."""
    more = {"tools": [WEATHER], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    same((len(ask(at, "scene:parallel", **more).content), len(final(at, "scene:parallel", **more).content)), (1, 1))


def _heard(at: At, scene: str, **more: Any) -> str:
    """Ask, call the tools, tell their results the other way round."""
    more = {"tools": [WEATHER], **more}
    said = ask(at, f"scene:{scene}", **more)
    calls = [block for block in said.content if block.type == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.input['city']} 18°"} for call in calls
    ]
    turns = [
        {"role": "user", "content": f"scene:{scene}"},
        {"role": "assistant", "content": said.content},
        {"role": "user", "content": results[::-1]},
    ]
    return "".join(block.text for block in ask(at, turns, **more).content if block.type == "text")


@check
def results_are_heard(at: At) -> None:
    same(_heard(at, "tool"), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def results_out_of_order_reach_their_calls(at: At) -> None:
    """Trap 82."""
    said = _heard(at, "parallel")
    has(said, 'get_weather({"city":"Paris"})=Paris 18°')
    has(said, 'get_weather({"city":"Rome"})=Rome 18°')


@check
def results_in_blocks_and_errors(at: At) -> None:
    turns = [
        {"role": "user", "content": "scene:tool"},
        {"role": "assistant", "content": [{"type": "text", "text": "Hm."}, {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True, "content": [{"type": "text", "text": "no clock"}]},
            {"type": "text", "text": "What now?"},
        ]},
    ]  # fmt: skip
    has(ask(at, turns, tools=[CLOCK]).content[0].text, "no clock")


@check
def a_picture_as_a_result(at: At) -> None:
    shown = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()},
    }
    turns = [
        {"role": "user", "content": "scene:tool"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "noon"}, shown]}
            ],
        },
    ]
    has(ask(at, turns, tools=[CLOCK]).content[0].text, "noon")


@check
def a_call_without_arguments(at: At) -> None:
    """Trap 38."""
    for said in (ask(at, "scene:noargs", tools=[CLOCK]), final(at, "scene:noargs", tools=[CLOCK])):
        same((said.content[0].name, said.content[0].input), ("get_time", {}))


@check
def a_signed_call_goes_back_signed(at: At) -> None:
    """Trap 48."""
    if at.provider == "google":
        same(_heard(at, "tool", model=at.model("signed")), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def tool_choice_crosses(at: At) -> None:
    same(ask(at, "Hello", tools=[WEATHER], tool_choice={"type": "any"}).content[0].name, "get_weather")
    named = {"type": "tool", "name": "get_time"}
    same(ask(at, "Hello", tools=[WEATHER, CLOCK], tool_choice=named).content[0].name, "get_time")
    same(ask(at, "scene:tool", tools=[WEATHER], tool_choice={"type": "none"}).content[0].text, GREETING)


@check
def the_tool_runner_runs(at: At) -> None:
    """Trap 88: of its own accord it asks for a thread that the server holds; refused, it sends the conversation."""

    @beta_tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"{city} 18°"

    runner = client(at).beta.messages.tool_runner(**wish(at, "scene:tool", tools=[get_weather]))
    done: Any = runner.until_done()
    same(done.content[0].text, 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def a_thread_is_refused(at: At) -> None:
    """Trap 88."""
    if not at.straight:
        error = raised(
            anthropic.BadRequestError,
            lambda: client(at).beta.messages.create(**wish(at, "Hello", thread={"type": "create"})),
        )
        same(error.body["error"]["details"]["error_code"], "thread_unsupported_request")


# Structure ------------------------------------------------------------------------------------------------------------


@check
def a_schema_is_parsed(at: At) -> None:
    said = client(at).messages.parse(**wish(at, "Who?", output_format=Person))
    same(said.parsed_output, Person(name="Ada", age=36))


@check
def a_schema_is_streamed(at: At) -> None:
    with client(at).messages.stream(**wish(at, "Who?", output_format=Person)) as stream:
        same(stream.get_final_message().parsed_output, Person(name="Ada", age=36))


# What is shown --------------------------------------------------------------------------------------------------------


def _inline(kind: str, data: bytes) -> dict[str, Any]:
    return {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}


@check
def a_picture_inline(at: At) -> None:
    blocks = [{"type": "image", "source": _inline("image/png", PNG)}, {"type": "text", "text": "scene:look"}]
    same(ask(at, blocks).content[0].text, f"I see image/png {len(PNG)} bytes")


@check
def a_picture_by_url(at: At) -> None:
    """Trap 51."""
    url = f"{at.files}/picture.png"
    said = ask(at, [{"type": "image", "source": {"type": "url", "url": url}}, {"type": "text", "text": "scene:look"}])
    shown = f"image/png {len(PNG)} bytes" if at.provider == "google" else f"image at {url}"
    same(said.content[0].text, f"I see {shown}")


@check
def a_paper(at: At) -> None:
    blocks = [
        {"type": "document", "source": _inline("application/pdf", PDF), "title": "A paper", "context": "An old one"},
        {"type": "text", "text": "scene:look"},
    ]
    same(ask(at, blocks).content[0].text, f"I see application/pdf {len(PDF)} bytes")


@check
def a_paper_by_url(at: At) -> None:
    blocks = [
        {"type": "document", "source": {"type": "url", "url": f"{at.files}/paper.pdf"}},
        {"type": "text", "text": "scene:look"},
    ]
    said = ask(at, blocks).content[0].text
    has(said, "paper.pdf" if at.provider == "anthropic" else f"application/pdf {len(PDF)} bytes")


@check
def a_paper_of_plain_text(at: At) -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "scene:look at this"}
    assert ask(at, [{"type": "document", "source": source}, {"type": "text", "text": "Hello"}]).content[0].text


# Thinking -------------------------------------------------------------------------------------------------------------


def think(at: At, said: Any, **more: Any) -> Any:
    return ask(at, said, **{"model": at.model("thinking"), "thinking": THINK, "max_tokens": 4000, **more})


@check
def thinks(at: At) -> None:
    said = think(at, "Hello")
    same(said.content[-1].text, GREETING)
    if at.provider != "openai":
        same([block.type for block in said.content], ["thinking", "text"])
        same(said.content[0].thinking, "Let me think…")
    if at.provider == "anthropic":
        same(said.content[0].signature, SIGNATURE)


@check
def thinks_in_a_stream(at: At) -> None:
    with client(at).messages.stream(
        **wish(at, "Hello", model=at.model("thinking"), thinking=THINK, max_tokens=4000)
    ) as stream:
        kinds = {event.delta.type for event in stream if event.type == "content_block_delta"}
        done: Any = stream.get_final_message()
    same(done.content[-1].text, GREETING)
    if at.provider != "openai":
        same(done.content[0].thinking, "Let me think…")
        assert "thinking_delta" in kinds
    if at.provider == "anthropic":
        same(done.content[0].signature, SIGNATURE)
        assert "signature_delta" in kinds


@check
def thinking_goes_back_byte_exact(at: At) -> None:
    """Trap 52."""
    more = {"model": at.model("thinking"), "thinking": THINK, "max_tokens": 4000}
    same(_heard(at, "tool", **more), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def redacted_thinking_goes_back_byte_exact(at: At) -> None:
    """Trap 52."""
    if at.provider != "anthropic":
        return
    said = think(at, "scene:redacted")
    same(said.content[0].data, REDACTED)
    same(
        final(at, "scene:redacted", model=at.model("thinking"), thinking=THINK, max_tokens=4000).content[0].data,
        REDACTED,
    )
    turns = [
        {"role": "user", "content": "scene:redacted"},
        {"role": "assistant", "content": said.content},
        {"role": "user", "content": "Hello"},
    ]
    same(think(at, turns).content[-1].text, GREETING)


@check
def thinking_of_another_provider_is_left_out(at: At) -> None:
    """A conversation that began at another provider goes on here."""
    if at.provider == "anthropic":
        return
    turns = [
        {"role": "user", "content": "Hello"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE},
                {"type": "text", "text": "Hi"},
            ],
        },
        {"role": "user", "content": "Hello"},
    ]
    same(think(at, turns).content[-1].text, GREETING)


@check
def an_effort_crosses(at: At) -> None:
    if not at.straight or at.provider == "anthropic":
        said = ask(at, "Hello", model=at.model("thinking"), output_config={"effort": "low"})
        same(said.content[-1].text, GREETING)


@check
def adaptive_thinking(at: At) -> None:
    same(think(at, "Hello", thinking={"type": "adaptive"}).content[-1].text, GREETING)


@check
def thinking_may_be_off(at: At) -> None:
    said = think(at, "Hello", thinking={"type": "disabled"})
    same([(block.type, block.text) for block in said.content], [("text", GREETING)])


@check
def a_budget_beyond_all_tokens_is_refused(at: At) -> None:
    """Trap 54."""
    if at.provider == "anthropic":
        wide = {"type": "enabled", "budget_tokens": 4000}
        raised(anthropic.BadRequestError, lambda: think(at, "Hello", thinking=wide, max_tokens=2000))


# Failures -------------------------------------------------------------------------------------------------------------


def _refused(at: At, scene: str, expected: type[anthropic.APIStatusError], status: int, kind: str) -> Any:
    """Plain and streamed alike. Trap 86."""
    plain = raised(expected, lambda: ask(at, f"scene:{scene}"))
    streamed = raised(expected, lambda: ask(at, f"scene:{scene}", stream=True))
    same((plain.status_code, streamed.status_code), (status, status))
    same((plain.body["type"], plain.body["error"]["type"]), ("error", kind))
    return plain


@check
def error_400(at: At) -> None:
    has(
        _refused(at, "error-400", anthropic.BadRequestError, 400, "invalid_request_error").message,
        "reasons of the upstream",
    )


@check
def error_401(at: At) -> None:
    said = (401, "authentication_error") if at.straight else (424, "invalid_request_error")
    _refused(at, "error-401", anthropic.APIStatusError, *said)


@check
def error_403(at: At) -> None:
    said = (403, "permission_error") if at.straight else (424, "invalid_request_error")
    _refused(at, "error-403", anthropic.APIStatusError, *said)


@check
def error_429(at: At) -> None:
    """Traps 31, 86."""
    error = _refused(at, "error-429", anthropic.RateLimitError, 429, "rate_limit_error")
    same(error.response.headers["retry-after"], "7")


@check
def error_500(at: At) -> None:
    _refused(at, "error-500", anthropic.InternalServerError, 500 if at.straight else 502, "api_error")


@check
def error_529(at: At) -> None:
    if at.provider == "anthropic":
        _refused(at, "error-529", anthropic.InternalServerError, 529 if at.straight else 503, "overloaded_error")


@check
def a_context_too_long(at: At) -> None:
    """Trap 85."""
    _refused(at, "error-context", anthropic.BadRequestError, 400, "invalid_request_error")


@check
def an_unknown_model(at: At) -> None:
    """Trap 85."""
    model = "no-such-model" if at.straight else f"{at.provider}/no-such-model"
    error = raised(anthropic.NotFoundError, lambda: ask(at, "Hello", model=model))
    same(error.body["error"]["type"], "not_found_error")


@check
def a_wrong_credential(at: At) -> None:
    asking = Anthropic(base_url=at.origin, api_key="sk-ant-wrong", max_retries=0)
    error = raised(anthropic.AuthenticationError, lambda: asking.messages.create(**wish(at, "Hello")))
    same(error.body["error"]["type"], "authentication_error")


@check
def wrong_requests(at: At) -> None:
    """Trap 85."""
    orphan = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_x", "content": "18"}]}]
    for messages in (
        [],
        orphan,
        [{"role": "bot", "content": "x"}],
        [{"role": "user", "content": [{"type": "no-such-block"}]}],
    ):
        broken = {**wish(at, "Hello"), "messages": messages}
        error = raised(anthropic.BadRequestError, lambda broken=broken: client(at).messages.create(**broken))
        same(error.body["error"]["type"], "invalid_request_error")


@check
def max_tokens_is_needed(at: At) -> None:
    body = {name: value for name, value in wish(at, "Hello").items() if name != "max_tokens"}
    headers = {"x-api-key": at.key, "anthropic-version": "2023-06-01"}
    answer = httpx.post(f"{at.origin}/v1/messages", json=body, headers=headers)
    same((answer.status_code, answer.json()["error"]["type"]), (400, "invalid_request_error"))
    has(answer.json()["error"]["message"], "max_tokens")


@check
def an_error_inside_a_stream(at: At) -> None:
    """Traps 26, 29, 33."""
    error = raised(anthropic.APIStatusError, lambda: list(ask(at, "scene:error-stream", stream=True)))
    has(error.message, "on the way")


@check
def a_stream_that_is_cut(at: At) -> None:
    """Trap 12."""
    raised(Exception, lambda: list(ask(at, "scene:cut", stream=True)))


# What programs do besides ---------------------------------------------------------------------------------------------


@check
def request_ids(at: At) -> None:
    assert ask(at, "Hello")._request_id
    assert raised(anthropic.RateLimitError, lambda: ask(at, "scene:error-429")).request_id


@check
def raw_headers(at: At) -> None:
    raw = client(at).messages.with_raw_response.create(**wish(at, "Hello"))
    same(raw.parse().content[0].text, GREETING)
    assert raw.headers["request-id"]
    if not at.straight:
        same((raw.headers["x-realmultillm-provider"], raw.headers["x-realmultillm-model"]), (at.provider, at.bare()))


@check
def a_stream_may_be_left(at: At) -> None:
    with client(at).messages.stream(**wish(at, "scene:long")) as stream:
        next(iter(stream.text_stream))
    same(ask(at, "Hello").content[0].text, GREETING)


@check
def a_slow_answer(at: At) -> None:
    hasty = client(at).with_options(timeout=0.4)
    raised(anthropic.APITimeoutError, lambda: hasty.messages.create(**wish(at, "scene:slow")))
    same(final(at, "scene:slow").content[0].text, GREETING)


@check
def a_bare_model_name(at: At) -> None:
    same(ask(at, "Hello", model=at.bare()).content[0].text, GREETING)


@check
def betas_cross(at: At) -> None:
    said: Any = client(at).beta.messages.create(**wish(at, "Hello", betas=["context-1m-2025-08-07"]))
    same(said.content[0].text, GREETING)


@check
def tokens_are_counted(at: At) -> None:
    counted = client(at).messages.count_tokens(
        model=at.model(), messages=[{"role": "user", "content": "Hello"}], tools=[WEATHER]
    )
    assert counted.input_tokens > 0
    if at.provider == "anthropic":
        same(counted.input_tokens, 120)


@check
def counting_what_is_wrong(at: At) -> None:
    raised(anthropic.BadRequestError, lambda: client(at).messages.count_tokens(model=at.model(), messages=[]))


@check
def models_are_listed(at: At) -> None:
    assert at.model() in [model.id for model in client(at).models.list(limit=1000)]


if __name__ == "__main__":
    check.run()
