"""OpenAI's own client: chat completions."""

import asyncio
import base64
import json
from functools import cache
from typing import Any

import httpx
import openai
from openai import AsyncOpenAI, OpenAI, pydantic_function_tool
from pydantic import BaseModel

from tests.fakes.upstreams.files import PDF, PNG
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, raised, same

check = Checks()

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CLOCK: Any = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


class Team(BaseModel):
    """People and where they are: references, lists, choices."""

    lead: Person
    members: list[Person]
    country: str | None


class Branch(BaseModel):
    """Something that holds itself."""

    name: str
    branches: list["Branch"]


class GetWeather(BaseModel):
    """The weather of a city."""

    city: str


@cache
def client(at: At) -> OpenAI:
    return OpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0)


def ask(at: At, said: Any, **more: Any) -> Any:
    more = {"model": at.model(), **more}
    return client(at).chat.completions.create(messages=[{"role": "user", "content": said}], **more)


def gathered(stream: Any) -> tuple[str, list[dict[str, Any]], str | None]:
    """Text, calls and finish of a stream's first choice, as programs gather them."""
    text, calls, finish = "", {}, None
    for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                known = calls.setdefault(call.index, {"id": "", "name": "", "arguments": ""})
                known["id"] += call.id or ""
                known["name"] += (call.function and call.function.name) or ""
                known["arguments"] += (call.function and call.function.arguments) or ""
            finish = choice.finish_reason or finish
    return text, list(calls.values()), finish


# Words ----------------------------------------------------------------------------------------------------------------


@check
def answers(at: At) -> None:
    said = ask(at, "Hello")
    same(said.choices[0].message.content, GREETING)
    same((said.choices[0].finish_reason, said.choices[0].index, said.choices[0].message.role), ("stop", 0, "assistant"))
    same((said.usage.prompt_tokens, said.usage.completion_tokens, said.usage.total_tokens), (20, 8, 28))
    same(said.object, "chat.completion")
    assert said.id
    assert said.model
    assert said.created > 1_700_000_000


@check
def streams(at: At) -> None:
    chunks = list(ask(at, "Hello", stream=True))
    same("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), GREETING)
    same([chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1], "stop")
    same({chunk.choices[0].finish_reason for chunk in chunks if chunk.choices}, {None, "stop"})
    same({chunk.object for chunk in chunks}, {"chat.completion.chunk"})
    same(len({chunk.id for chunk in chunks}), 1)
    same(chunks[0].choices[0].delta.role, "assistant")
    assert not any(chunk.usage for chunk in chunks)
    assert len(chunks) > 5


@check
def streams_with_usage(at: At) -> None:
    """Trap 80."""
    chunks = list(ask(at, "Hello", stream=True, stream_options={"include_usage": True}))
    same(chunks[-1].choices, [])
    same(
        (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens, chunks[-1].usage.total_tokens), (20, 8, 28)
    )
    assert all(chunk.usage is None and chunk.choices for chunk in chunks[:-1])


@check
async def answers_and_streams_async(at: At) -> None:
    async with AsyncOpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0) as asking:
        messages: Any = [{"role": "user", "content": "Hello"}]
        said = await asking.chat.completions.create(model=at.model(), messages=messages)
        same(said.choices[0].message.content, GREETING)
        pieces = []
        async for chunk in await asking.chat.completions.create(model=at.model(), messages=messages, stream=True):
            pieces += [choice.delta.content or "" for choice in chunk.choices]
        same("".join(pieces), GREETING)


@check
async def many_at_once(at: At) -> None:
    async with AsyncOpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0) as asking:
        calls = [
            asking.chat.completions.create(model=at.model(), messages=[{"role": "user", "content": f"Hello {index}"}])
            for index in range(10)
        ]
        same({said.choices[0].message.content for said in await asyncio.gather(*calls)}, {GREETING})


@check
def awkward_characters(at: At) -> None:
    """Trap 79."""
    same(ask(at, "scene:unicode").choices[0].message.content, AWKWARD)
    same(gathered(ask(at, "scene:unicode", stream=True))[0], AWKWARD)


@check
def a_long_stream(at: At) -> None:
    same(gathered(ask(at, "scene:long", stream=True))[0], "".join(f"word{index} " for index in range(400)))


@check
def system_and_developer_are_merged(at: At) -> None:
    """Trap 58."""
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "scene:"}, {"type": "text", "text": "system"}]},
    ]
    said = client(at).chat.completions.create(model=at.model(), messages=messages).choices[0].message.content
    has(said, "Be brief.")
    has(said, "Be kind.")


@check
def earlier_turns_cross(at: At) -> None:
    messages: Any = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello, who are you?"},
        {"role": "user", "content": "I am Ada."},
        {"role": "user", "content": "Hello"},
    ]
    same(client(at).chat.completions.create(model=at.model(), messages=messages).choices[0].message.content, GREETING)


@check
def settings_cross(at: At) -> None:
    said = ask(at, "scene:echo", temperature=0.5, top_p=0.75, max_tokens=321, stop=["END", "STOP"])
    told = json.loads(said.choices[0].message.content)
    same((told["temperature"], told["top_p"], told["max_tokens"], told["stop"]), (0.5, 0.75, 321, ["END", "STOP"]))


@check
def max_completion_tokens_crosses(at: At) -> None:
    told = json.loads(ask(at, "scene:echo", max_completion_tokens=321).choices[0].message.content)
    same(told["max_tokens"], 321)


@check
def a_seed_crosses_or_is_refused(at: At) -> None:
    if at.provider == "anthropic":
        error = raised(openai.BadRequestError, lambda: ask(at, "scene:echo", seed=7))
        same((error.param, error.type), ("seed", "invalid_request_error"))
    else:
        same(json.loads(ask(at, "scene:echo", seed=7).choices[0].message.content)["seed"], 7)


@check
def penalties_cross_or_are_refused(at: At) -> None:
    if at.provider == "anthropic":
        same(
            raised(openai.BadRequestError, lambda: ask(at, "scene:echo", presence_penalty=0.5)).param,
            "presence_penalty",
        )
    else:
        told = json.loads(
            ask(at, "scene:echo", presence_penalty=0.5, frequency_penalty=0.25).choices[0].message.content
        )
        same((told["presence_penalty"], told["frequency_penalty"]), (0.5, 0.25))


@check
def a_logit_bias_crosses_or_is_refused(at: At) -> None:
    if at.provider == "openai":
        same(
            json.loads(ask(at, "scene:echo", logit_bias={"50256": -100}).choices[0].message.content)["logit_bias"],
            {"50256": -100},
        )
    else:
        same(raised(openai.BadRequestError, lambda: ask(at, "Hello", logit_bias={"50256": -100})).param, "logit_bias")


@check
def labels_hurt_nobody(at: At) -> None:
    same(ask(at, "Hello", user="u-1", metadata={"a": "b"}, store=False).choices[0].message.content, GREETING)


@check
def a_stop_sequence_stops(at: At) -> None:
    said = ask(at, "scene:stop", stop="END").choices[0]
    same((said.message.content, said.finish_reason), ("before", "stop"))
    same(gathered(ask(at, "scene:stop", stop=["END"], stream=True))[::2], ("before", "stop"))


@check
def a_length_ends(at: At) -> None:
    said = ask(at, "scene:length", max_tokens=4).choices[0]
    same((said.message.content, said.finish_reason), ("It is a long story", "length"))
    same(gathered(ask(at, "scene:length", stream=True))[2], "length")


@check
def nothing_but_a_length_is_no_error(at: At) -> None:
    """Trap 60."""
    said = ask(at, "scene:empty-length").choices[0]
    same((said.message.content or "", said.finish_reason), ("", "length"))


@check
def a_refusal_is_told(at: At) -> None:
    """Traps 25, 45."""
    choice = ask(at, "scene:refusal").choices[0]
    if at.provider == "openai":
        same(
            (choice.message.refusal, choice.message.content, choice.finish_reason),
            ("I cannot help with that.", None, "stop"),
        )
    else:
        same(choice.finish_reason, "content_filter")


@check
def a_refusal_is_streamed(at: At) -> None:
    chunks = [chunk.choices[0] for chunk in ask(at, "scene:refusal", stream=True) if chunk.choices]
    same(chunks[-1].finish_reason, "stop" if at.provider == "openai" else "content_filter")
    if at.provider == "openai":
        same("".join(chunk.delta.refusal or "" for chunk in chunks), "I cannot help with that.")


@check
def two_choices(at: At) -> None:
    """Trap 81."""
    if at.provider == "anthropic":
        same(raised(openai.BadRequestError, lambda: ask(at, "Hello", n=2)).param, "n")
    else:
        choices = ask(at, "Hello", n=2).choices
        same([(choice.index, choice.message.content) for choice in choices], [(0, GREETING), (1, GREETING)])


@check
def two_choices_streamed(at: At) -> None:
    if at.provider == "anthropic":
        same(raised(openai.BadRequestError, lambda: list(ask(at, "Hello", n=2, stream=True))).param, "n")
        return
    texts = {0: "", 1: ""}
    for chunk in ask(at, "Hello", n=2, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    same(texts, {0: GREETING, 1: GREETING})


@check
def two_choices_dropped_when_asked(at: At) -> None:
    if at.straight:
        return
    drop = {"x-realmultillm-drop-params": "true"}
    raw = client(at).chat.completions.with_raw_response.create(
        model=at.model(), messages=[{"role": "user", "content": "Hello"}], n=2, extra_headers=drop
    )
    same(len(raw.parse().choices), 1 if at.provider == "anthropic" else 2)
    same(raw.headers.get("x-realmultillm-dropped"), "n" if at.provider == "anthropic" else None)


@check
def logprobs(at: At) -> None:
    if at.provider == "anthropic":
        same(raised(openai.BadRequestError, lambda: ask(at, "Hello", logprobs=True, top_logprobs=2)).param, "logprobs")
        return
    likely = ask(at, "Hello", logprobs=True, top_logprobs=2).choices[0].logprobs.content
    same("".join(token.token for token in likely), GREETING)
    same((likely[0].logprob, len(likely[0].top_logprobs)), (-0.25, 2))


@check
def cached_tokens(at: At) -> None:
    """Trap 65."""
    usage = ask(at, "scene:cached").usage
    same((usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.total_tokens), (20, 16, 28))


# Tools ----------------------------------------------------------------------------------------------------------------


@check
def a_tool_is_called(at: At) -> None:
    choice = ask(at, "scene:tool", tools=[WEATHER]).choices[0]
    call = choice.message.tool_calls[0]
    same((choice.finish_reason, call.type, call.function.name), ("tool_calls", "function", "get_weather"))
    same(json.loads(call.function.arguments), {"city": "Paris"})
    assert call.id
    same(choice.message.content, None)


@check
def a_tool_call_is_streamed(at: At) -> None:
    text, calls, finish = gathered(ask(at, "scene:tool", tools=[WEATHER], stream=True))
    same(
        (text, finish, [(call["name"], json.loads(call["arguments"])) for call in calls]),
        ("", "tool_calls", [("get_weather", {"city": "Paris"})]),
    )
    assert calls[0]["id"]


@check
def text_before_a_call(at: At) -> None:
    """Trap 44."""
    message = ask(at, "scene:text-and-tool", tools=[WEATHER]).choices[0].message
    same((message.content, len(message.tool_calls)), ("Let me look.", 1))
    text, calls, _ = gathered(ask(at, "scene:text-and-tool", tools=[WEATHER], stream=True))
    same((text, len(calls)), ("Let me look.", 1))


def _two(at: At, scene: str) -> None:
    wanted = [{"city": "Paris"}, {"city": "Rome"}]
    calls = ask(at, f"scene:{scene}", tools=[WEATHER]).choices[0].message.tool_calls
    same([json.loads(call.function.arguments) for call in calls], wanted)
    same(len({call.id for call in calls}), 2)
    _, streamed, finish = gathered(ask(at, f"scene:{scene}", tools=[WEATHER], stream=True))
    same(([json.loads(call["arguments"]) for call in streamed], finish), (wanted, "tool_calls"))
    same(len({call["id"] for call in streamed}), 2)


@check
def parallel_calls(at: At) -> None:
    _two(at, "parallel")


@check
def parallel_calls_in_one_chunk(at: At) -> None:
    """Trap 83."""
    _two(at, "one-chunk")


@check
def parallel_calls_interleaved(at: At) -> None:
    """Trap 37."""
    _two(at, "interleaved")


@check
def parallel_calls_can_be_forbidden(at: At) -> None:
    """Trap 87: also where the provider has no word for it."""
    more = {"tools": [WEATHER], "parallel_tool_calls": False}
    same(len(ask(at, "scene:parallel", **more).choices[0].message.tool_calls), 1)
    same(len(gathered(ask(at, "scene:parallel", stream=True, **more))[1]), 1)


def _answered(at: At, scene: str, results: Any, **more: Any) -> str:
    """Ask, call the tools, tell their results: what is said then."""
    model, tools = more.pop("model", at.model()), [WEATHER, CLOCK]
    messages: Any = [{"role": "user", "content": f"scene:{scene}"}]
    told = client(at).chat.completions.create(model=model, messages=messages, tools=tools, **more).choices[0].message
    messages.append(told)
    messages += results(told.tool_calls)
    said = client(at).chat.completions.create(model=model, messages=messages, tools=tools, **more)
    return str(said.choices[0].message.content)


def _degrees(calls: Any) -> list[dict[str, Any]]:
    return [
        {"role": "tool", "tool_call_id": call.id, "content": f"{json.loads(call.function.arguments)['city']} 18°"}
        for call in calls
    ]


@check
def results_are_heard(at: At) -> None:
    same(_answered(at, "tool", _degrees), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def results_out_of_order_reach_their_calls(at: At) -> None:
    """Trap 82."""
    said = _answered(at, "parallel", lambda calls: _degrees(calls)[::-1])
    has(said, 'get_weather({"city":"Paris"})=Paris 18°')
    has(said, 'get_weather({"city":"Rome"})=Rome 18°')


@check
def results_of_json_are_heard(at: At) -> None:
    """Trap 42."""
    result = json.dumps({"$ref": "#/x", "list": [1, None], "degrees": 18})
    said = _answered(at, "tool", lambda calls: [{"role": "tool", "tool_call_id": calls[0].id, "content": result}])
    has(said, "degrees")


@check
def results_in_parts_are_heard(at: At) -> None:
    parts = [{"type": "text", "text": "It is "}, {"type": "text", "text": "18°"}]
    has(
        _answered(at, "tool", lambda calls: [{"role": "tool", "tool_call_id": calls[0].id, "content": parts}]),
        "It is 18°",
    )


@check
def a_call_without_arguments(at: At) -> None:
    """Trap 38."""
    said = ask(at, "scene:noargs", tools=[CLOCK]).choices[0].message.tool_calls[0]
    same(json.loads(said.function.arguments), {})
    _, calls, _ = gathered(ask(at, "scene:noargs", tools=[CLOCK], stream=True))
    same(json.loads(calls[0]["arguments"] or "{}"), {})


@check
def a_call_of_nothing_is_answered(at: At) -> None:
    messages: Any = [
        {"role": "user", "content": "scene:tool"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": ""}}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
    ]
    said = client(at).chat.completions.create(model=at.model(), messages=messages, tools=[CLOCK])
    same(said.choices[0].message.content, "heard get_time({})=noon")


@check
def ids_of_others_cross(at: At) -> None:
    """Trap 41: a conversation that began at another provider goes on here."""
    odd = "call.of/another:provider|1"
    messages: Any = [
        {"role": "user", "content": "scene:tool"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": odd, "type": "function", "function": {"name": "get_time", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": odd, "content": "noon"},
    ]
    said = client(at).chat.completions.create(model=at.model(), messages=messages, tools=[CLOCK])
    same(said.choices[0].message.content, "heard get_time({})=noon")


@check
def a_signed_call_goes_back_signed(at: At) -> None:
    """Trap 48."""
    if at.provider == "google":
        same(_answered(at, "tool", _degrees, model=at.model("signed")), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def a_streamed_signed_call_goes_back_by_its_id_alone(at: At) -> None:
    """Trap 48: most clients keep nothing of a call but id, name and arguments."""
    if at.provider != "google":
        return
    model = at.model("signed")
    _, calls, _ = gathered(ask(at, "scene:parallel", tools=[WEATHER], stream=True, model=model))
    kept = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls
    ]
    messages: Any = [
        {"role": "user", "content": "scene:parallel"},
        {"role": "assistant", "tool_calls": kept},
        *[{"role": "tool", "tool_call_id": call["id"], "content": "18°"} for call in calls],
    ]
    has(
        client(at).chat.completions.create(model=model, messages=messages, tools=[WEATHER]).choices[0].message.content,
        "Rome",
    )


@check
def tool_choice_required(at: At) -> None:
    said = ask(at, "Hello", tools=[WEATHER], tool_choice="required").choices[0]
    same(said.message.tool_calls[0].function.name, "get_weather")


@check
def tool_choice_by_name(at: At) -> None:
    choice = {"type": "function", "function": {"name": "get_time"}}
    said = ask(at, "Hello", tools=[WEATHER, CLOCK], tool_choice=choice).choices[0]
    same(said.message.tool_calls[0].function.name, "get_time")


@check
def tool_choice_none(at: At) -> None:
    same(ask(at, "scene:tool", tools=[WEATHER], tool_choice="none").choices[0].message.content, GREETING)


@check
def a_strict_tool(at: At) -> None:
    tool: Any = pydantic_function_tool(GetWeather, name="get_weather")
    said = client(at).chat.completions.parse(
        model=at.model(), messages=[{"role": "user", "content": "scene:tool"}], tools=[tool]
    )
    calls: Any = said.choices[0].message.tool_calls
    same(calls[0].function.parsed_arguments, GetWeather(city="Paris"))


@check
def a_tool_with_a_rich_schema(at: At) -> None:
    """Trap 49: references, choices, lists, formats, bounds."""
    parameters = Team.model_json_schema()
    parameters["properties"]["when"] = {"type": "string", "format": "date-time", "default": None}
    parameters["properties"]["size"] = {"type": "integer", "exclusiveMinimum": 0, "enum": [1, 2]}
    parameters["additionalProperties"] = False
    parameters["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    tool = {"type": "function", "function": {"name": "make_team", "parameters": parameters}}
    said = ask(at, "scene:tool", tools=[tool]).choices[0].message.tool_calls[0]
    same(json.loads(said.function.arguments)["lead"], {"name": "Ada", "age": 36})


@check
def the_stream_helper_gathers_calls(at: At) -> None:
    with client(at).chat.completions.stream(
        model=at.model(),
        messages=[{"role": "user", "content": "scene:parallel"}],
        tools=[pydantic_function_tool(GetWeather)],
    ) as stream:
        kinds = [event.type for event in stream]
        done = stream.get_final_completion()
    assert "tool_calls.function.arguments.done" in kinds
    same(
        [call.function.parsed_arguments for call in done.choices[0].message.tool_calls or []],
        [GetWeather(city="Paris"), GetWeather(city="Rome")],
    )


# Structure ------------------------------------------------------------------------------------------------------------


@check
def a_schema_is_parsed(at: At) -> None:
    said = client(at).chat.completions.parse(
        model=at.model(), messages=[{"role": "user", "content": "Who?"}], response_format=Person
    )
    same(said.choices[0].message.parsed, Person(name="Ada", age=36))


@check
def a_nested_schema_is_parsed(at: At) -> None:
    said = client(at).chat.completions.parse(
        model=at.model(), messages=[{"role": "user", "content": "Who?"}], response_format=Team
    )
    parsed = said.choices[0].message.parsed
    assert parsed
    same((parsed.lead.name, [one.name for one in parsed.members], parsed.country), ("Ada", ["Ada", "Alan"], "France"))


@check
def a_schema_that_holds_itself_is_parsed(at: At) -> None:
    """Trap 49."""
    said = client(at).chat.completions.parse(
        model=at.model(), messages=[{"role": "user", "content": "Who?"}], response_format=Branch
    )
    same(said.choices[0].message.parsed, Branch(name="Ada", branches=[]))


@check
def a_temperature_beyond_the_providers_scale(at: At) -> None:
    """Trap 81."""
    if at.provider == "anthropic":
        same(raised(openai.BadRequestError, lambda: ask(at, "Hello", temperature=1.5)).param, "temperature")
    else:
        same(json.loads(ask(at, "scene:echo", temperature=1.5).choices[0].message.content)["temperature"], 1.5)


@check
def queries_and_headers_of_the_sdk_hurt_nobody(at: At) -> None:
    asking = OpenAI(
        base_url=at.openai_url, api_key=at.key, max_retries=0, organization="org-1", project="proj_1",
        default_query={"api-version": "2026-01-01"}, default_headers={"Idempotency-Key": f"k-{at.provider}"},
    )  # fmt: skip
    said = asking.chat.completions.create(model=at.model(), messages=[{"role": "user", "content": "Hello"}])
    same(said.choices[0].message.content, GREETING)


@check
def what_is_not_here_is_no_missing_model(at: At) -> None:
    if not at.straight:
        error = raised(openai.NotFoundError, client(at).files.list)
        same((error.type, error.code), ("invalid_request_error", "not_found"))


@check
def a_schema_is_streamed(at: At) -> None:
    with client(at).chat.completions.stream(
        model=at.model(), messages=[{"role": "user", "content": "Who?"}], response_format=Person
    ) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        done = stream.get_final_completion()
    same(done.choices[0].message.parsed, Person(name="Ada", age=36))
    same(json.loads("".join(deltas)), {"name": "Ada", "age": 36})


@check
def any_json(at: At) -> None:
    """Where a provider has no switch for it, the model is told in words."""
    said = ask(at, "Some JSON", response_format={"type": "json_object"}).choices[0].message.content
    same(type(json.loads(said)), dict)


@check
def plain_text_may_be_asked_for(at: At) -> None:
    same(ask(at, "Hello", response_format={"type": "text"}).choices[0].message.content, GREETING)


# What is shown --------------------------------------------------------------------------------------------------------


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@check
def a_picture_inline(at: At) -> None:
    parts = [
        {"type": "text", "text": "scene:look"},
        {"type": "image_url", "image_url": {"url": _data_url("image/png", PNG)}},
    ]
    same(ask(at, parts).choices[0].message.content, f"I see image/png {len(PNG)} bytes")


@check
def a_picture_by_url(at: At) -> None:
    """Trap 51."""
    url = f"{at.files}/picture.png"
    said = ask(at, [{"type": "text", "text": "scene:look"}, {"type": "image_url", "image_url": {"url": url}}])
    shown = f"image/png {len(PNG)} bytes" if at.provider == "google" else f"image at {url}"
    same(said.choices[0].message.content, f"I see {shown}")


@check
def two_pictures_and_their_detail(at: At) -> None:
    picture = {"type": "image_url", "image_url": {"url": _data_url("image/png", PNG), "detail": "auto"}}
    said = ask(at, [picture, {"type": "text", "text": "scene:look"}, picture])
    has(said.choices[0].message.content, "; image/png")


@check
def a_paper(at: At) -> None:
    parts = [
        {"type": "text", "text": "scene:look"},
        {"type": "file", "file": {"filename": "paper.pdf", "file_data": _data_url("application/pdf", PDF)}},
    ]
    same(ask(at, parts).choices[0].message.content, f"I see application/pdf {len(PDF)} bytes")


@check
def a_sound(at: At) -> None:
    sound = base64.b64encode(b"RIFF\x24\x00\x00\x00WAVEfmt ").decode()
    parts = [
        {"type": "text", "text": "scene:look"},
        {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
    ]
    if at.provider == "anthropic":
        has(raised(openai.BadRequestError, lambda: ask(at, parts)).message, "audio")
    else:
        same(ask(at, parts).choices[0].message.content, "I see audio/wav 16 bytes")


@check
def data_that_is_no_base64_is_refused(at: At) -> None:
    parts = [
        {"type": "text", "text": "scene:look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}},
    ]
    raised(openai.BadRequestError, lambda: ask(at, parts))


# Thinking -------------------------------------------------------------------------------------------------------------


@check
def an_effort_crosses(at: At) -> None:
    said = ask(at, "Hello", model=at.model("thinking"), reasoning_effort="low")
    same(said.choices[0].message.content, GREETING)
    if at.provider != "openai":
        same(said.choices[0].message.reasoning_content, "Let me think…")
    if at.provider != "anthropic":
        same(said.usage.completion_tokens_details.reasoning_tokens, 3)
    same((said.usage.completion_tokens, said.usage.total_tokens), (8, 28))


@check
def an_effort_is_streamed(at: At) -> None:
    thought, text = "", ""
    for chunk in ask(at, "Hello", model=at.model("thinking"), reasoning_effort="high", stream=True):
        for choice in chunk.choices:
            thought += getattr(choice.delta, "reasoning_content", None) or ""
            text += choice.delta.content or ""
    same((thought, text), ("" if at.provider == "openai" else "Let me think…", GREETING))


@check
def thinking_with_tools_goes_on(at: At) -> None:
    """Traps 52, 84: whether or not the client gives the thinking back."""
    model = at.model("thinking")
    heard = 'heard get_weather({"city":"Paris"})=Paris 18°'
    same(_answered(at, "tool", _degrees, model=model, reasoning_effort="low"), heard)
    messages: Any = [
        {"role": "user", "content": "scene:tool"},
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Paris 18°"},
    ]
    said = client(at).chat.completions.create(model=model, messages=messages, tools=[WEATHER], reasoning_effort="low")
    same(said.choices[0].message.content, heard)


@check
def thinking_with_a_forced_tool(at: At) -> None:
    """Anthropic refuses that, so somebody has to say so or think less."""
    if at.provider == "anthropic":
        try:
            said = ask(
                at, "Hello", model=at.model("thinking"), reasoning_effort="low", tools=[WEATHER], tool_choice="required"
            )
        except openai.BadRequestError as error:
            has(error.message, "tool")
        else:
            same(said.choices[0].message.tool_calls[0].function.name, "get_weather")
    else:
        said = ask(
            at, "Hello", model=at.model("thinking"), reasoning_effort="low", tools=[WEATHER], tool_choice="required"
        )
        same(said.choices[0].message.tool_calls[0].function.name, "get_weather")


# Failures -------------------------------------------------------------------------------------------------------------


def _refused(at: At, scene: str, expected: type[openai.APIStatusError], status: int) -> Any:
    """Plain and streamed alike. Trap 86."""
    streamed = raised(expected, lambda: list(ask(at, f"scene:{scene}", stream=True)))
    plain = raised(expected, lambda: ask(at, f"scene:{scene}"))
    same((plain.status_code, streamed.status_code), (status, status))
    assert isinstance(plain.body, dict)
    assert plain.message
    return plain


@check
def error_400(at: At) -> None:
    error = _refused(at, "error-400", openai.BadRequestError, 400)
    has(error.message, "invalid for reasons of the upstream")


@check
def error_401(at: At) -> None:
    _refused(at, "error-401", openai.APIStatusError, 401 if at.straight else 424)


@check
def error_403(at: At) -> None:
    _refused(at, "error-403", openai.APIStatusError, 403 if at.straight else 424)


@check
def error_429(at: At) -> None:
    """Traps 31, 86."""
    error = _refused(at, "error-429", openai.RateLimitError, 429)
    if at.provider != "google" or not at.straight:
        same(error.response.headers["retry-after"], "7")
    has(error.message, "Slow down")


@check
def error_500(at: At) -> None:
    _refused(at, "error-500", openai.InternalServerError, 500 if at.straight else 502)


@check
def error_503(at: At) -> None:
    _refused(at, "error-503", openai.InternalServerError, 503)


@check
def error_529(at: At) -> None:
    if at.provider == "anthropic":
        error = raised(openai.InternalServerError, lambda: ask(at, "scene:error-529"))
        assert error.status_code in (503, 529), error.status_code


@check
def a_context_too_long(at: At) -> None:
    """Trap 85."""
    same(_refused(at, "error-context", openai.BadRequestError, 400).code, "context_length_exceeded")


@check
def an_unknown_model(at: At) -> None:
    """Trap 85."""
    model = "no-such-model" if at.straight else f"{at.provider}/no-such-model"
    error = raised(openai.NotFoundError, lambda: ask(at, "Hello", model=model))
    same(error.code, "model_not_found")
    raised(openai.NotFoundError, lambda: list(ask(at, "Hello", model=model, stream=True)))


@check
def a_wrong_credential(at: At) -> None:
    asking = OpenAI(base_url=at.openai_url, api_key="sk-wrong", max_retries=0)
    messages: Any = [{"role": "user", "content": "Hello"}]
    error = raised(
        openai.AuthenticationError, lambda: asking.chat.completions.create(model=at.model(), messages=messages)
    )
    same(error.code, "invalid_api_key")
    raised(openai.AuthenticationError, asking.models.list)


@check
def no_messages(at: At) -> None:
    """Trap 85."""
    error = raised(openai.BadRequestError, lambda: client(at).chat.completions.create(model=at.model(), messages=[]))
    has(error.message, "messages")


@check
def an_orphan_result(at: At) -> None:
    """Trap 85."""
    messages: Any = [{"role": "user", "content": "Hello"}, {"role": "tool", "tool_call_id": "call_x", "content": "18"}]
    raised(openai.BadRequestError, lambda: client(at).chat.completions.create(model=at.model(), messages=messages))


@check
def an_unanswered_call(at: At) -> None:
    messages: Any = [
        {"role": "user", "content": "Hello"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}],
        },
        {"role": "user", "content": "And?"},
    ]
    raised(openai.BadRequestError, lambda: client(at).chat.completions.create(model=at.model(), messages=messages))


@check
def a_wrong_type(at: At) -> None:
    error = raised(openai.BadRequestError, lambda: ask(at, "Hello", temperature="hot"))
    same(error.type, "invalid_request_error")
    has(error.message, "temperature")


@check
def an_error_inside_a_stream(at: At) -> None:
    """Traps 26, 33."""
    stream = ask(at, "scene:error-stream", stream=True)
    text: list[str] = []

    def read() -> None:
        text.extend(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

    has(raised(openai.APIError, read).message, "on the way")


@check
def a_stream_that_is_cut(at: At) -> None:
    """Trap 12."""
    raised((openai.APIError, httpx.HTTPError, Exception), lambda: gathered(ask(at, "scene:cut", stream=True)))


# What programs do besides ---------------------------------------------------------------------------------------------


@check
def request_ids(at: At) -> None:
    same(bool(ask(at, "Hello")._request_id), not (at.straight and at.provider != "openai"))
    assert raised(openai.RateLimitError, lambda: ask(at, "scene:error-429")).request_id


@check
def raw_headers(at: At) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    raw = client(at).chat.completions.with_raw_response.create(model=at.model(), messages=messages)
    same(raw.parse().choices[0].message.content, GREETING)
    if not at.straight:
        same((raw.headers["x-realmultillm-provider"], raw.headers["x-realmultillm-model"]), (at.provider, at.bare()))
        assert raw.headers["x-realmultillm-request-id"]
        same(raw.headers["x-realmultillm-attempts"], "1")


@check
def raw_headers_of_a_stream(at: At) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    with client(at).chat.completions.with_streaming_response.create(
        model=at.model(), messages=messages, stream=True
    ) as raw:
        has(raw.headers["content-type"], "text/event-stream")
        lines = [line for line in raw.iter_lines() if line]
    same(lines[-1], "data: [DONE]")


@check
def a_stream_may_be_left(at: At) -> None:
    stream = ask(at, "scene:long", stream=True)
    next(iter(stream))
    stream.close()
    same(ask(at, "Hello").choices[0].message.content, GREETING)


@check
def a_slow_answer_runs_out_of_time(at: At) -> None:
    raised(openai.APITimeoutError, lambda: client(at).with_options(timeout=0.4).chat.completions.create(
        model=at.model(), messages=[{"role": "user", "content": "scene:slow"}]))  # fmt: skip


@check
def a_slow_answer_is_waited_for(at: At) -> None:
    same(gathered(ask(at, "scene:slow", stream=True))[0], GREETING)


@check
def retries_are_the_clients(at: At) -> None:
    again = client(at).with_options(max_retries=1)
    error = raised(openai.InternalServerError, lambda: again.chat.completions.create(
        model=at.model(), messages=[{"role": "user", "content": "scene:error-500"}]))  # fmt: skip
    same(error.status_code, 500 if at.straight else 502)


@check
def a_bare_model_name(at: At) -> None:
    same(ask(at, "Hello", model=at.bare()).choices[0].message.content, GREETING)


@check
def extra_fields_of_the_sdk(at: At) -> None:
    """What programs send that asks for what happens anyway."""
    said = ask(
        at,
        "Hello",
        n=1,
        logprobs=False,
        stop=None,
        tool_choice=openai.NOT_GIVEN,
        modalities=["text"],
        service_tier="auto",
    )
    same(said.choices[0].message.content, GREETING)


@check
def an_unknown_field_is_refused(at: At) -> None:
    raised(openai.BadRequestError, lambda: ask(at, "Hello", extra_body={"no_such_field": {"a": 1}}))


@check
def models_are_listed(at: At) -> None:
    listed = {model.id for model in client(at).models.list()}
    assert at.model() in listed, sorted(listed)[:20]


@check
def a_model_is_described(at: At) -> None:
    found = client(at).models.retrieve(at.model())
    same((found.id, found.object), (at.model(), "model"))
    raised(openai.NotFoundError, lambda: client(at).models.retrieve("no-such-model"))


if __name__ == "__main__":
    check.run()
