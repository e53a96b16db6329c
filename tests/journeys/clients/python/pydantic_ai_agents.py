"""pydantic-ai: agents over OpenAI's chat, OpenAI's responses and Anthropic's messages."""

from functools import cache
from typing import Any

from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, ImageUrl, ModelHTTPError, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tests.fakes.upstreams.files import PDF, PNG
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, same

check = Checks()


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@cache
def models(at: At, role: str = "chat") -> list[Any]:
    """Each way to reach a model; straight, those that the upstream understands."""
    found: list[Any] = []
    if not at.straight or at.provider == "openai":
        asking = AsyncOpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0)
        provider = OpenAIProvider(openai_client=asking)
        found += [
            OpenAIChatModel(at.model(role), provider=provider),
            OpenAIResponsesModel(at.model(role), provider=provider),
        ]
    if not at.straight or at.provider == "anthropic":
        from anthropic import AsyncAnthropic  # noqa: PLC0415 - takes long to load

        talking = AsyncAnthropic(base_url=at.origin, api_key=at.key, max_retries=0)
        found.append(AnthropicModel(at.model(role), provider=AnthropicProvider(anthropic_client=talking)))
    return found


def weather_agent(model: Any, **more: Any) -> Agent[None, str]:
    agent = Agent(model, **more)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"{city} 18°"

    return agent


@check
async def runs(at: At) -> None:
    for model in models(at):
        said = await Agent(model, instructions="Be brief.").run("Hello")
        same(said.output, GREETING)
        same((said.usage.input_tokens, said.usage.output_tokens), (20, 8))


@check
async def runs_in_a_stream(at: At) -> None:
    for model in models(at):
        async with Agent(model).run_stream("Hello") as stream:
            pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
        same("".join(pieces), GREETING)
        assert len(pieces) > 1
        same(stream.usage.output_tokens, 8)


@check
async def awkward_characters(at: At) -> None:
    """Trap 79."""
    for model in models(at):
        same((await Agent(model).run("scene:unicode")).output, AWKWARD)


@check
async def instructions_cross(at: At) -> None:
    for model in models(at):
        same((await Agent(model, instructions="Be brief.").run("scene:system")).output, "system: Be brief.")


@check
async def tools_are_called(at: At) -> None:
    for model in models(at):
        same((await weather_agent(model).run("scene:tool")).output, 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
async def parallel_calls(at: At) -> None:
    """Traps 82, 83."""
    for model in models(at):
        said = (await weather_agent(model).run("scene:parallel")).output
        has(said, 'get_weather({"city":"Paris"})=Paris 18°')
        has(said, 'get_weather({"city":"Rome"})=Rome 18°')


@check
async def tools_in_a_stream(at: At) -> None:
    for model in models(at):
        async with weather_agent(model).run_stream("scene:parallel") as stream:
            has(await stream.get_output(), 'get_weather({"city":"Rome"})=Rome 18°')


@check
async def structure_by_tool(at: At) -> None:
    for model in models(at):
        same((await Agent(model, output_type=ToolOutput(Person)).run("Who?")).output, Person(name="Ada", age=36))


@check
async def structure_by_schema(at: At) -> None:
    for model in models(at):
        if not isinstance(model, AnthropicModel):  # which asks the model's name whether it may
            same((await Agent(model, output_type=NativeOutput(Person)).run("Who?")).output, Person(name="Ada", age=36))


@check
async def structure_in_a_stream(at: At) -> None:
    for model in models(at):
        async with Agent(model, output_type=Person).run_stream("Who?") as stream:
            same(await stream.get_output(), Person(name="Ada", age=36))


@check
async def pictures_and_papers(at: At) -> None:
    for model in models(at):
        shown = [BinaryContent(PNG, media_type="image/png"), BinaryContent(PDF, media_type="application/pdf")]
        said = (await Agent(model).run(["scene:look", *shown])).output
        same(said, f"I see image/png {len(PNG)} bytes; application/pdf {len(PDF)} bytes")


@check
async def pictures_by_url(at: At) -> None:
    """Trap 51."""
    url = f"{at.files}/picture.png"
    for model in models(at):
        said = (await Agent(model).run(["scene:look", ImageUrl(url)])).output
        has(said, f"image/png {len(PNG)} bytes" if at.provider == "google" else url)


@check
async def thinks_with_tools(at: At) -> None:
    """Traps 48, 52."""
    heard = 'heard get_weather({"city":"Paris"})=Paris 18°'
    for model in models(at, "thinking"):
        if isinstance(model, AnthropicModel):
            settings: Any = {"anthropic_thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4000}
        else:
            settings = {"openai_reasoning_effort": "low"}
        agent = weather_agent(model, model_settings=settings)
        same((await agent.run("scene:tool")).output, heard)
        async with agent.run_stream("scene:tool") as stream:
            same(await stream.get_output(), heard)


@check
async def a_signed_call_goes_back(at: At) -> None:
    """Trap 48."""
    if at.provider == "google":
        for model in models(at, "signed"):
            same((await weather_agent(model).run("scene:tool")).output, 'heard get_weather({"city":"Paris"})=Paris 18°')


@check
async def a_conversation_goes_on(at: At) -> None:
    for model in models(at):
        first = await weather_agent(model).run("scene:tool")
        same((await weather_agent(model).run("Hello", message_history=first.all_messages())).output, GREETING)


@check
async def a_conversation_changes_models(at: At) -> None:
    """Traps 41, 61: what one API family said goes on in another."""
    kinds = models(at)
    for index, model in enumerate(kinds):
        first = await weather_agent(kinds[index - 1]).run("scene:parallel")
        same((await weather_agent(model).run("Hello", message_history=first.all_messages())).output, GREETING)


@check
async def settings_cross(at: At) -> None:
    for model in models(at):
        said = await Agent(model, model_settings={"max_tokens": 321}).run("scene:echo")
        has(said.output, '"max_tokens": 321')


@check
async def failures(at: At) -> None:
    for model in models(at):
        for scene, status in (
            ("error-429", 429),
            ("error-400", 400),
            ("error-500", 500 if at.straight else 502),
            ("error-context", 400),
        ):
            try:
                await Agent(model).run(f"scene:{scene}")
            except ModelHTTPError as error:
                same(error.status_code, status)
            else:
                raise AssertionError(f"{scene} was no failure")


@check
async def structure_by_prompt(at: At) -> None:
    """The schema is in the instructions alone."""
    for model in models(at):
        said = await Agent(model, output_type=PromptedOutput(Person)).run("Who?")
        same(said.output, Person(name="Ada", age=36))


if __name__ == "__main__":
    check.run()
