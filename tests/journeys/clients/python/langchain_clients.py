"""LangChain: ChatOpenAI, ChatAnthropic, OpenAIEmbeddings."""

import asyncio
import base64
import json
from functools import cache
from typing import Any

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from tests.fakes.upstreams.files import PDF, PNG
from tests.fakes.upstreams.openai import vector
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, raised, same

check = Checks()


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"{city} 18°"


@cache
def _openai(at: At, model: str, **more: Any) -> ChatOpenAI:
    return ChatOpenAI(base_url=at.openai_url, api_key=at.key, model=model, max_retries=0, stream_usage=True, **more)


@cache
def _anthropic(at: At, model: str, **more: Any) -> ChatAnthropic:
    return ChatAnthropic(base_url=at.origin, api_key=at.key, model=model, max_retries=0, **more)


def models(at: At, role: str = "chat") -> list[Any]:
    """Both classes; straight, the one that the upstream understands."""
    found = []
    if not at.straight or at.provider == "openai":
        found.append(_openai(at, at.model(role)))
    if not at.straight or at.provider == "anthropic":
        found.append(_anthropic(at, at.model(role)))
    return found


def text_of(message: Any) -> str:
    content = message.content
    return (
        content
        if isinstance(content, str)
        else "".join(block.get("text", "") for block in content if block["type"] == "text")
    )


def whole(chunks: Any) -> AIMessageChunk:
    """The sum of the chunks, as LangChain sums them."""
    total: Any = None
    for chunk in chunks:
        total = chunk if total is None else total + chunk
    assert isinstance(total, AIMessageChunk)
    return total


@check
def invokes(at: At) -> None:
    for model in models(at):
        said = model.invoke([SystemMessage("Be brief."), HumanMessage("Hello")])
        same(text_of(said), GREETING)
        same(
            (
                said.usage_metadata["input_tokens"],
                said.usage_metadata["output_tokens"],
                said.usage_metadata["total_tokens"],
            ),
            (20, 8, 28),
        )


@check
def streams(at: At) -> None:
    for model in models(at):
        said = whole(model.stream("Hello"))
        same(text_of(said), GREETING)
        assert said.usage_metadata
        same(said.usage_metadata["total_tokens"], 28)


@check
async def batches_async(at: At) -> None:
    for model in models(at):
        same({text_of(said) for said in await model.abatch(["Hello", "Hi", "Good day"])}, {GREETING})
        same(text_of(whole([chunk async for chunk in model.astream("Hello")])), GREETING)


@check
def awkward_characters(at: At) -> None:
    """Trap 79."""
    for model in models(at):
        same(
            (text_of(model.invoke("scene:unicode")), text_of(whole(model.stream("scene:unicode")))), (AWKWARD, AWKWARD)
        )


@check
def a_system_crosses(at: At) -> None:
    for model in models(at):
        same(text_of(model.invoke([SystemMessage("Be brief."), HumanMessage("scene:system")])), "system: Be brief.")


@check
def settings_cross(at: At) -> None:
    found = []
    if not at.straight or at.provider == "openai":
        found.append(_openai(at, at.model(), temperature=0.5, max_tokens=321))
    if not at.straight or at.provider == "anthropic":
        found.append(_anthropic(at, at.model(), max_tokens=321))
    for model in found:
        same(json.loads(text_of(model.invoke("scene:echo")))["max_tokens"], 321)


@check
def stop_words(at: At) -> None:
    for model in models(at):
        same(text_of(model.invoke("scene:stop", stop=["END"])), "before")


@check
def tools_are_called(at: At) -> None:
    for model in models(at):
        able = model.bind_tools([get_weather])
        for said in (able.invoke("scene:tool"), whole(able.stream("scene:tool"))):
            same([(call["name"], call["args"]) for call in said.tool_calls], [("get_weather", {"city": "Paris"})])


@check
def parallel_calls_and_results(at: At) -> None:
    """Traps 82, 83."""
    for model in models(at):
        able = model.bind_tools([get_weather])
        for said in (able.invoke("scene:parallel"), whole(able.stream("scene:parallel"))):
            same([call["args"]["city"] for call in said.tool_calls], ["Paris", "Rome"])
            results = [get_weather.invoke(call) for call in said.tool_calls]
            heard = text_of(able.invoke([HumanMessage("scene:parallel"), said, *results[::-1]]))
            has(heard, 'get_weather({"city":"Paris"})=Paris 18°')
            has(heard, 'get_weather({"city":"Rome"})=Rome 18°')


@check
def a_conversation_of_another_provider(at: At) -> None:
    """Trap 41."""
    call: Any = {"name": "get_weather", "args": {"city": "Paris"}, "id": "toolu_01AbC", "type": "tool_call"}
    turns = [
        HumanMessage("scene:tool"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("18°", tool_call_id="toolu_01AbC"),
    ]
    for model in models(at):
        same(text_of(model.bind_tools([get_weather]).invoke(turns)), 'heard get_weather({"city":"Paris"})=18°')


@check
def a_tool_is_forced(at: At) -> None:
    for model in models(at):
        same(model.bind_tools([get_weather], tool_choice="any").invoke("Hello").tool_calls[0]["name"], "get_weather")
        same(
            model.bind_tools([get_weather], tool_choice="get_weather").invoke("Hello").tool_calls[0]["name"],
            "get_weather",
        )


@check
def structure(at: At) -> None:
    for model in models(at):
        same(model.with_structured_output(Person).invoke("Who?"), Person(name="Ada", age=36))


@check
def structure_by_each_method(at: At) -> None:
    for model in models(at):
        for method in ("function_calling", "json_schema"):
            same(model.with_structured_output(Person, method=method).invoke("Who?"), Person(name="Ada", age=36))


@check
def structure_with_the_raw_answer(at: At) -> None:
    for model in models(at):
        said = model.with_structured_output(Person, include_raw=True).invoke("Who?")
        same((said["parsed"], said["parsing_error"]), (Person(name="Ada", age=36), None))


@check
def pictures(at: At) -> None:
    data = base64.b64encode(PNG).decode()
    for part in (
        {"type": "image", "base64": data, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
    ):
        for model in models(at):
            said = model.invoke([HumanMessage([{"type": "text", "text": "scene:look"}, part])])
            same(text_of(said), f"I see image/png {len(PNG)} bytes")


@check
def papers(at: At) -> None:
    part = {
        "type": "file",
        "base64": base64.b64encode(PDF).decode(),
        "mime_type": "application/pdf",
        "filename": "paper.pdf",
    }
    for model in models(at):
        said = model.invoke([HumanMessage([{"type": "text", "text": "scene:look"}, part])])
        same(text_of(said), f"I see application/pdf {len(PDF)} bytes")


@check
def thinks(at: At) -> None:
    if not at.straight or at.provider == "openai":
        same(text_of(_openai(at, at.model("thinking"), reasoning_effort="low").invoke("Hello")), GREETING)
    if not at.straight or at.provider == "anthropic":
        thinking = ChatAnthropic(base_url=at.origin, api_key=at.key, model=at.model("thinking"), max_retries=0, max_tokens=4000,
                                 thinking={"type": "enabled", "budget_tokens": 1024})  # fmt: skip
        able = thinking.bind_tools([get_weather])
        said = able.invoke("scene:tool")
        heard = able.invoke([HumanMessage("scene:tool"), said, *[get_weather.invoke(call) for call in said.tool_calls]])
        same(text_of(heard), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def thinks_in_a_stream(at: At) -> None:
    if not at.straight or at.provider == "anthropic":
        thinking = ChatAnthropic(base_url=at.origin, api_key=at.key, model=at.model("thinking"), max_retries=0, max_tokens=4000,
                                 thinking={"type": "enabled", "budget_tokens": 1024})  # fmt: skip
        able = thinking.bind_tools([get_weather])
        said = whole(able.stream("scene:tool"))
        heard = able.invoke([HumanMessage("scene:tool"), said, *[get_weather.invoke(call) for call in said.tool_calls]])
        same(text_of(heard), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def a_signed_call_goes_back(at: At) -> None:
    """Trap 48: LangChain keeps id, name and arguments of a call."""
    if at.provider == "google":
        for model in models(at, "signed"):
            able = model.bind_tools([get_weather])
            said = able.invoke("scene:tool")
            heard = able.invoke(
                [HumanMessage("scene:tool"), said, *[get_weather.invoke(call) for call in said.tool_calls]]
            )
            same(text_of(heard), 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
def responses(at: At) -> None:
    if at.straight and at.provider != "openai":
        return
    model = ChatOpenAI(
        base_url=at.openai_url, api_key=at.key, model=at.model(), max_retries=0, use_responses_api=True, store=False
    )
    same(text_of(model.invoke("Hello")), GREETING)
    same(text_of(whole(model.stream("Hello"))), GREETING)
    able = model.bind_tools([get_weather])
    said = able.invoke("scene:tool")
    heard = able.invoke([HumanMessage("scene:tool"), said, *[get_weather.invoke(call) for call in said.tool_calls]])
    same(text_of(heard), 'heard get_weather({"city":"Paris"})=Paris 18°')
    same(model.with_structured_output(Person).invoke("Who?"), Person(name="Ada", age=36))


@check
def vectors(at: At) -> None:
    if at.provider == "anthropic":
        return
    found = OpenAIEmbeddings(
        base_url=at.openai_url, api_key=at.key, model=at.model("embedding"), check_embedding_ctx_length=False
    )
    same(found.embed_documents(["one", "two"]), [vector("one", 12), vector("two", 12)])


@check
def failures(at: At) -> None:
    throttled, missing = (
        (openai.RateLimitError, anthropic.RateLimitError),
        (openai.NotFoundError, anthropic.NotFoundError),
    )
    for model in models(at):
        same(
            raised(throttled, lambda model=model: model.invoke("scene:error-429")).response.headers["retry-after"], "7"
        )
        raised(throttled, lambda model=model: list(model.stream("scene:error-429")))
    name = "no-such-model" if at.straight else f"{at.provider}/no-such-model"
    if not at.straight or at.provider == "openai":
        raised(missing, lambda: _openai(at, name).invoke("Hello"))
    if not at.straight or at.provider == "anthropic":
        raised(missing, lambda: _anthropic(at, name).invoke("Hello"))


@check
async def a_stream_may_be_left(at: At) -> None:
    for model in models(at):
        async for _ in model.astream("scene:long"):
            break
        await asyncio.sleep(0)
        same(text_of(await model.ainvoke("Hello")), GREETING)


if __name__ == "__main__":
    check.run()
