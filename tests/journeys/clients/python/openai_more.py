"""OpenAI's own client: responses, embeddings, pictures, moderations."""

import base64
import json
import struct
from functools import cache
from typing import Any

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.fakes.upstreams.files import PDF, PNG
from tests.fakes.upstreams.openai import vector
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, raised, same

check = Checks()

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@cache
def client(at: At) -> OpenAI:
    return OpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0)


def ask(at: At, said: Any, **more: Any) -> Any:
    return client(at).responses.create(**{"model": at.model(), "input": said, "store": False, **more})


@check
def responds(at: At) -> None:
    said = ask(at, "Hello")
    same((said.output_text, said.status, said.object), (GREETING, "completed", "response"))
    same((said.usage.input_tokens, said.usage.output_tokens, said.usage.total_tokens), (20, 8, 28))
    assert said.id.startswith("resp_")


@check
def responds_in_a_stream(at: At) -> None:
    """Trap 89."""
    events = list(ask(at, "Hello", stream=True))
    same("".join(event.delta for event in events if event.type == "response.output_text.delta"), GREETING)
    same(
        (events[0].type, events[1].type, events[-1].type),
        ("response.created", "response.in_progress", "response.completed"),
    )
    same([event.sequence_number for event in events], list(range(len(events))))
    same(events[-1].response.output_text, GREETING)
    same(events[-1].response.usage.total_tokens, 28)


@check
def the_order_of_events(at: At) -> None:
    kinds = [event.type.removeprefix("response.") for event in ask(at, "Hello", stream=True)]
    once = [kind for index, kind in enumerate(kinds) if kinds[index - 1 : index] != [kind]]
    wanted = ["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.done",
              "content_part.done", "output_item.done", "completed"]  # fmt: skip
    same(once, wanted)


@check
def responds_with_awkward_characters(at: At) -> None:
    """Trap 79."""
    same(ask(at, "scene:unicode").output_text, AWKWARD)
    text = "".join(
        event.delta for event in ask(at, "scene:unicode", stream=True) if event.type == "response.output_text.delta"
    )
    same(text, AWKWARD)


@check
async def responds_async(at: At) -> None:
    asking = AsyncOpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0)
    async with asking, asking.responses.stream(model=at.model(), input="Hello") as stream:
        async for _ in stream:
            pass
        same((await stream.get_final_response()).output_text, GREETING)


@check
def instructions_and_settings_cross(at: At) -> None:
    said = ask(at, [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "scene:echo"}],
               instructions="Be brief.", temperature=0.5, top_p=0.75, max_output_tokens=321)  # fmt: skip
    told = json.loads(said.output_text)
    same((told["temperature"], told["top_p"], told["max_tokens"]), (0.5, 0.75, 321))
    has(told["system"], "Be brief.")
    has(told["system"], "Be kind.")


@check
def a_tool_is_called(at: At) -> None:
    call = ask(at, "scene:tool", tools=[WEATHER]).output[0]
    same(
        (call.type, call.name, json.loads(call.arguments), call.status),
        ("function_call", "get_weather", {"city": "Paris"}, "completed"),
    )


@check
def a_tool_call_is_streamed(at: At) -> None:
    events = list(ask(at, "scene:parallel", tools=[WEATHER], stream=True))
    done = [event.arguments for event in events if event.type == "response.function_call_arguments.done"]
    same([json.loads(arguments) for arguments in done], [{"city": "Paris"}, {"city": "Rome"}])
    pieces: dict[int, str] = {}
    for event in events:
        if event.type == "response.function_call_arguments.delta":
            pieces[event.output_index] = pieces.get(event.output_index, "") + event.delta
    same(list(pieces.values()), done)
    same(len(events[-1].response.output), 2)


@check
def results_are_heard(at: At) -> None:
    """Trap 82."""
    said = ask(at, "scene:parallel", tools=[WEATHER])
    turns: Any = [{"role": "user", "content": "scene:parallel"}, *said.output]
    for call in reversed(said.output):
        degrees = f"{json.loads(call.arguments)['city']} 18°"
        turns.append({"type": "function_call_output", "call_id": call.call_id, "output": degrees})
    heard = ask(at, turns, tools=[WEATHER]).output_text
    has(heard, 'get_weather({"city":"Paris"})=Paris 18°')
    has(heard, 'get_weather({"city":"Rome"})=Rome 18°')


@check
def earlier_answers_go_back(at: At) -> None:
    said = ask(at, "Hello")
    turns: Any = [{"role": "user", "content": "Hello"}, *[item.model_dump(exclude_none=True) for item in said.output]]
    same(ask(at, [*turns, {"role": "user", "content": "Hello again"}]).output_text, GREETING)


@check
def tool_choice_crosses(at: At) -> None:
    same(ask(at, "Hello", tools=[WEATHER], tool_choice="required").output[0].name, "get_weather")
    same(
        ask(at, "Hello", tools=[WEATHER], tool_choice={"type": "function", "name": "get_weather"}).output[0].name,
        "get_weather",
    )
    same(ask(at, "scene:tool", tools=[WEATHER], tool_choice="none").output_text, GREETING)


@check
def a_schema_is_parsed(at: At) -> None:
    said = client(at).responses.parse(model=at.model(), input="Who?", text_format=Person)
    same(said.output_parsed, Person(name="Ada", age=36))


@check
def a_schema_is_streamed(at: At) -> None:
    with client(at).responses.stream(model=at.model(), input="Who?", text_format=Person) as stream:
        for _ in stream:
            pass
        same(stream.get_final_response().output_parsed, Person(name="Ada", age=36))


@check
def refusals_name_parameters_as_responses_does(at: At) -> None:
    if at.provider != "openai":
        error = raised(openai.BadRequestError, lambda: ask(at, "Hello", text={"verbosity": "low"}))
        same((error.param, error.code), ("text.verbosity", "unsupported_parameter"))


@check
def a_picture_and_a_paper(at: At) -> None:
    picture = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    paper = f"data:application/pdf;base64,{base64.b64encode(PDF).decode()}"
    parts: Any = [
        {"type": "input_text", "text": "scene:look"},
        {"type": "input_image", "image_url": picture, "detail": "auto"},
        {"type": "input_file", "filename": "paper.pdf", "file_data": paper},
    ]
    same(
        ask(at, [{"role": "user", "content": parts}]).output_text,
        f"I see image/png {len(PNG)} bytes; application/pdf {len(PDF)} bytes",
    )


@check
def a_picture_by_url(at: At) -> None:
    url = f"{at.files}/picture.png"
    parts: Any = [
        {"type": "input_text", "text": "scene:look"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]
    shown = f"image/png {len(PNG)} bytes" if at.provider == "google" else f"image at {url}"
    same(ask(at, [{"role": "user", "content": parts}]).output_text, f"I see {shown}")


@check
def thinking_is_told_and_goes_back(at: At) -> None:
    """Traps 52, 61."""
    model = at.model("thinking")
    wish: Any = {
        "model": model,
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "tools": [WEATHER],
    }
    said = ask(at, "scene:tool", **wish)
    same([item.type for item in said.output], ["reasoning", "function_call"])
    same(said.output[0].summary[0].text, "Let me think…")
    turns: Any = [{"role": "user", "content": "scene:tool"}, *said.output]
    turns.append({"type": "function_call_output", "call_id": said.output[1].call_id, "output": "18°"})
    same(ask(at, turns, **wish).output_text, 'heard get_weather({"city":"Paris"})=18°')


@check
def thinking_is_streamed(at: At) -> None:
    events = list(
        ask(at, "Hello", model=at.model("thinking"), reasoning={"effort": "low", "summary": "auto"}, stream=True)
    )
    same(
        "".join(event.delta for event in events if event.type == "response.reasoning_summary_text.delta"),
        "Let me think…",
    )
    same(events[-1].response.output_text, GREETING)


@check
def a_length_is_incomplete(at: At) -> None:
    said = ask(at, "scene:length")
    same((said.status, said.incomplete_details.reason), ("incomplete", "max_output_tokens"))
    same(list(ask(at, "scene:length", stream=True))[-1].type, "response.incomplete")


@check
def a_refusal(at: At) -> None:
    said = ask(at, "scene:refusal")
    if at.provider == "openai":
        same(said.output[0].content[0].refusal, "I cannot help with that.")
    else:
        assert said.status == "incomplete" or said.output[0].content[0].type == "refusal", said


@check
def threads_are_refused(at: At) -> None:
    error = raised(openai.BadRequestError, lambda: ask(at, "Hello", previous_response_id="resp_1"))
    has(error.message, "revious")
    if not at.straight:
        same(error.param, "previous_response_id")


@check
def failures_are_told(at: At) -> None:
    error = raised(openai.RateLimitError, lambda: ask(at, "scene:error-429"))
    same(error.response.headers["retry-after"], "7")
    raised(openai.InternalServerError, lambda: ask(at, "scene:error-500"))
    refused = raised(openai.APIStatusError, lambda: ask(at, "scene:error-401"))
    same(refused.status_code, 401 if at.straight else 424)
    same(raised(openai.BadRequestError, lambda: ask(at, "scene:error-context")).code, "context_length_exceeded")


@check
def failures_before_a_stream_have_their_status(at: At) -> None:
    """Trap 86."""
    same(raised(openai.RateLimitError, lambda: list(ask(at, "scene:error-429", stream=True))).status_code, 429)


@check
def an_error_inside_a_stream(at: At) -> None:
    def read() -> None:
        for event in ask(at, "scene:error-stream", stream=True):
            if event.type in ("error", "response.failed"):
                raise openai.OpenAIError(str(event))

    has(raised(openai.OpenAIError, read), "on the way")


@check
def an_empty_input(at: At) -> None:
    raised(openai.BadRequestError, lambda: ask(at, []))


@check
def an_orphan_result(at: At) -> None:
    raised(openai.BadRequestError, lambda: ask(at, [
        {"role": "user", "content": "Hello"}, {"type": "function_call_output", "call_id": "call_x", "output": "18"}]))  # fmt: skip


@check
def an_unknown_model(at: At) -> None:
    model = "no-such-model" if at.straight else f"{at.provider}/no-such-model"
    same(raised(openai.NotFoundError, lambda: ask(at, "Hello", model=model)).code, "model_not_found")


@check
def raw_headers(at: At) -> None:
    raw = client(at).responses.with_raw_response.create(model=at.model(), input="Hello")
    same(raw.parse().output_text, GREETING)
    assert raw.parse()._request_id
    if not at.straight:
        same(raw.headers["x-realmultillm-provider"], at.provider)


# Vectors, pictures, verdicts ------------------------------------------------------------------------------------------


def embed(at: At, said: Any, **more: Any) -> Any:
    return client(at).embeddings.create(model=at.model("embedding"), input=said, **more)


def _cannot_embed(at: At) -> bool:
    if at.provider == "anthropic":
        error = raised((openai.BadRequestError, openai.NotFoundError), lambda: embed(at, "Hello"))
        assert error.message
    return at.provider == "anthropic"


@check
def a_vector(at: At) -> None:
    """Trap 62: the client asks for base64 of its own accord."""
    if not _cannot_embed(at):
        said = embed(at, "Hello")
        same(said.data[0].embedding, vector("Hello", 12))
        same((said.object, said.data[0].object, said.data[0].index), ("list", "embedding", 0))


@check
def vectors_as_numbers(at: At) -> None:
    if not _cannot_embed(at):
        said = embed(at, ["one", "two"], encoding_format="float")
        same([each.embedding for each in said.data], [vector("one", 12), vector("two", 12)])
        same([each.index for each in said.data], [0, 1])


@check
def vectors_as_base64(at: At) -> None:
    if not _cannot_embed(at):
        said = embed(at, "Hello", encoding_format="base64").data[0].embedding
        same(list(struct.unpack(f"<{12}f", base64.b64decode(said))), vector("Hello", 12))


@check
def vectors_of_a_size(at: At) -> None:
    if not _cannot_embed(at):
        same(len(embed(at, "Hello", dimensions=5).data[0].embedding), 5)


@check
def a_vector_of_nothing(at: At) -> None:
    if not _cannot_embed(at):
        raised(openai.BadRequestError, lambda: embed(at, ""))


@check
def a_picture_is_made(at: At) -> None:
    model = "gpt-image-1" if at.provider == "openai" else at.bare()
    model = model if at.straight else f"{at.provider}/{model}"
    if at.provider == "openai":
        said = client(at).images.generate(model=model, prompt="A cat", n=1, size="1024x1024")
        pictures: Any = said.data
        same(base64.b64decode(pictures[0].b64_json), PNG)
    else:
        error = raised(
            (openai.BadRequestError, openai.NotFoundError),
            lambda: client(at).images.generate(model=model, prompt="A cat"),
        )
        assert error.message


@check
def a_text_is_judged(at: At) -> None:
    model = "omni-moderation-latest" if at.straight else f"{at.provider}/omni-moderation-latest"
    if at.provider == "openai":
        said = client(at).moderations.create(model=model, input=["I will kill you", "Hello"])
        same([each.flagged for each in said.results], [True, False])
        assert said.results[0].categories.violence
    else:
        raised(
            (openai.BadRequestError, openai.NotFoundError),
            lambda: client(at).moderations.create(model=model, input="Hello"),
        )


if __name__ == "__main__":
    check.run()
