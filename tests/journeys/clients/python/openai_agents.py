"""OpenAI's Agents SDK, over responses and over chat completions."""

from functools import cache
from typing import Any

import openai
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from openai.types.shared import Reasoning
from pydantic import BaseModel

from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, same

check = Checks()
set_tracing_disabled(disabled=True)
QUIET = RunConfig(tracing_disabled=True)


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"{city} 18°"


@function_tool
def get_time() -> str:
    """The time."""
    return "noon"


@cache
def _asking(at: At) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0)


def models(at: At, role: str = "chat") -> list[Any]:
    return [
        kind(model=at.model(role), openai_client=_asking(at))
        for kind in (OpenAIResponsesModel, OpenAIChatCompletionsModel)
    ]


async def run(model: Any, said: Any, **more: Any) -> Any:
    return await Runner.run(Agent(name="A", instructions="Be brief.", model=model, **more), said, run_config=QUIET)


@check
async def runs(at: At) -> None:
    for model in models(at):
        same((await run(model, "Hello")).final_output, GREETING)


@check
async def instructions_cross(at: At) -> None:
    for model in models(at):
        same((await run(model, "scene:system")).final_output, "system: Be brief.")


@check
async def awkward_characters(at: At) -> None:
    """Trap 79."""
    for model in models(at):
        same((await run(model, "scene:unicode")).final_output, AWKWARD)


@check
async def tools_are_called(at: At) -> None:
    """Traps 82, 83."""
    for model in models(at):
        said = (await run(model, "scene:parallel", tools=[get_weather])).final_output
        has(said, 'get_weather({"city":"Paris"})=Paris 18°')
        has(said, 'get_weather({"city":"Rome"})=Rome 18°')


@check
async def a_tool_without_arguments(at: At) -> None:
    """Trap 38."""
    for model in models(at):
        same((await run(model, "scene:noargs", tools=[get_time])).final_output, "heard get_time({})=noon")


@check
async def runs_in_a_stream(at: At) -> None:
    for model in models(at):
        streamed = Runner.run_streamed(
            Agent(name="A", model=model, tools=[get_weather]), "scene:tool", run_config=QUIET
        )
        text = ""
        async for event in streamed.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                text += event.data.delta
        same((text, streamed.final_output), ('heard get_weather({"city":"Paris"})=Paris 18°',) * 2)


@check
async def structure(at: At) -> None:
    for model in models(at):
        same((await run(model, "Who?", output_type=Person)).final_output, Person(name="Ada", age=36))


@check
async def handoffs(at: At) -> None:
    for model in models(at):
        other = Agent(name="Other", model=model)
        said = await run(model, "scene:tool", handoffs=[other])
        same(said.last_agent.name, "Other")


@check
async def thinks_with_tools(at: At) -> None:
    """Traps 48, 52, 61."""
    for model in models(at, "thinking"):
        settings = ModelSettings(
            reasoning=Reasoning(effort="low"), response_include=["reasoning.encrypted_content"], store=False
        )
        said = await run(model, "scene:tool", tools=[get_weather], model_settings=settings)
        same(said.final_output, 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
async def a_signed_call_goes_back(at: At) -> None:
    """Trap 48."""
    if at.provider == "google":
        for model in models(at, "signed"):
            said = await run(model, "scene:tool", tools=[get_weather])
            same(said.final_output, 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
async def a_conversation_goes_on(at: At) -> None:
    for model in models(at):
        first = await run(model, "scene:tool", tools=[get_weather])
        turns = [*first.to_input_list(), {"role": "user", "content": "Hello"}]
        same((await run(model, turns, tools=[get_weather])).final_output, GREETING)


@check
async def failures(at: At) -> None:
    for model in models(at):
        for scene, expected in (
            ("error-429", openai.RateLimitError),
            ("error-500", openai.InternalServerError),
            ("error-context", openai.BadRequestError),
        ):
            try:
                await run(model, f"scene:{scene}")
            except expected:
                continue
            raise AssertionError(f"{scene} was no failure")


if __name__ == "__main__":
    check.run()
