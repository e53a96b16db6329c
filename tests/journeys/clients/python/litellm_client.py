"""LiteLLM as a client: its `openai/`, `anthropic/` and `litellm_proxy/` routes, and its exceptions."""

import base64
import json
from typing import Any

import litellm
from pydantic import BaseModel

from tests.fakes.upstreams.files import PNG
from tests.fakes.upstreams.openai import vector
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, raised, same

check = Checks()
litellm.telemetry = False
litellm.suppress_debug_info = True

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def routes(at: At, role: str = "chat") -> list[dict[str, Any]]:
    """Each way in which LiteLLM reaches us."""
    found = []
    if not at.straight or at.provider == "openai":
        found.append({"model": f"openai/{at.model(role)}", "api_base": at.openai_url})
    if not at.straight:
        found.append({"model": f"litellm_proxy/{at.model(role)}", "api_base": at.openai_url})
    if not at.straight or at.provider == "anthropic":
        found.append({"model": f"anthropic/{at.model(role)}", "api_base": at.origin, "max_tokens": 4000})
    return [{**route, "api_key": at.key, "num_retries": 0, "max_retries": 0} for route in found]


def ask(route: dict[str, Any], said: Any, **more: Any) -> Any:
    messages = said if isinstance(said, list) and "role" in said[0] else [{"role": "user", "content": said}]
    return litellm.completion(messages=messages, **{**route, **more})


def whole(stream: Any) -> Any:
    return litellm.stream_chunk_builder(list(stream))


@check
def completes(at: At) -> None:
    for route in routes(at):
        said = ask(route, "Hello")
        same((said.choices[0].message.content, said.choices[0].finish_reason), (GREETING, "stop"))
        same((said.usage.prompt_tokens, said.usage.completion_tokens), (20, 8))


@check
def streams(at: At) -> None:
    for route in routes(at):
        said = whole(ask(route, "Hello", stream=True, stream_options={"include_usage": True}))
        same((said.choices[0].message.content, said.usage.completion_tokens), (GREETING, 8))


@check
async def completes_async(at: At) -> None:
    for route in routes(at):
        said = await litellm.acompletion(messages=[{"role": "user", "content": "Hello"}], **route)
        same(said.choices[0].message.content, GREETING)


@check
def awkward_characters(at: At) -> None:
    """Trap 79."""
    for route in routes(at):
        same(ask(route, "scene:unicode").choices[0].message.content, AWKWARD)
        pieces = [chunk.choices[0].delta.content or "" for chunk in ask(route, "scene:unicode", stream=True)]
        same("".join(pieces), AWKWARD)


@check
def a_system_crosses(at: At) -> None:
    for route in routes(at):
        turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "scene:system"}]
        same(ask(route, turns).choices[0].message.content, "system: Be brief.")


@check
def settings_cross(at: At) -> None:
    for route in routes(at):
        told = json.loads(
            ask(route, "scene:echo", max_tokens=321, temperature=0.5, stop=["END"]).choices[0].message.content
        )
        same((told["max_tokens"], told["temperature"], told["stop"]), (321, 0.5, ["END"]))


@check
def no_bound_is_the_clients_guess(at: At) -> None:
    """Without one LiteLLM asks Anthropic's API for more tokens than some models have."""
    if not at.straight:
        route = {**routes(at)[-1]}
        del route["max_tokens"]
        same(ask(route, "Hello").choices[0].message.content, GREETING)


@check
def tools_and_their_results(at: At) -> None:
    """Traps 82, 83."""
    for route in routes(at):
        said = ask(route, "scene:parallel", tools=[WEATHER]).choices[0]
        same(
            (said.finish_reason, [json.loads(call.function.arguments)["city"] for call in said.message.tool_calls]),
            ("tool_calls", ["Paris", "Rome"]),
        )
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": f"{json.loads(call.function.arguments)['city']} 18°"}
            for call in said.message.tool_calls
        ]
        heard = ask(
            route, [{"role": "user", "content": "scene:parallel"}, said.message.model_dump(), *results], tools=[WEATHER]
        )
        has(heard.choices[0].message.content, 'get_weather({"city":"Paris"})=Paris 18°')
        has(heard.choices[0].message.content, 'get_weather({"city":"Rome"})=Rome 18°')


@check
def tools_are_streamed(at: At) -> None:
    for route in routes(at):
        calls = whole(ask(route, "scene:parallel", tools=[WEATHER], stream=True)).choices[0].message.tool_calls
        same([json.loads(call.function.arguments)["city"] for call in calls], ["Paris", "Rome"])


@check
def a_tool_is_forced(at: At) -> None:
    for route in routes(at):
        said = ask(route, "Hello", tools=[WEATHER], tool_choice="required").choices[0]
        same(said.message.tool_calls[0].function.name, "get_weather")


@check
def a_signed_call_goes_back(at: At) -> None:
    """Trap 48."""
    if at.provider != "google":
        return
    for route in routes(at, "signed"):
        said = ask(route, "scene:tool", tools=[WEATHER]).choices[0].message
        turns = [
            {"role": "user", "content": "scene:tool"},
            said.model_dump(),
            {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "18°"},
        ]
        same(ask(route, turns, tools=[WEATHER]).choices[0].message.content, 'heard get_weather({"city":"Paris"})=18°')


@check
def structure(at: At) -> None:
    for route in routes(at):
        said = ask(route, "Who?", response_format=Person).choices[0].message.content
        same(Person.model_validate_json(said), Person(name="Ada", age=36))


@check
def pictures(at: At) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    for route in routes(at):
        said = ask(
            route,
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "scene:look"},
                        {"type": "image_url", "image_url": {"url": url}},
                    ],
                }
            ],
        )
        same(said.choices[0].message.content, f"I see image/png {len(PNG)} bytes")


@check
def thinks(at: At) -> None:
    """Trap 52."""
    for route in routes(at, "thinking"):
        effort = (
            {"thinking": {"type": "enabled", "budget_tokens": 1024}}
            if route["model"].startswith("anthropic/")
            else {"reasoning_effort": "low"}
        )
        more = {**effort, "allowed_openai_params": ["reasoning_effort"], "max_tokens": 4000, "tools": [WEATHER]}
        said = ask(route, "scene:tool", **more).choices[0].message
        turns = [
            {"role": "user", "content": "scene:tool"},
            said.model_dump(),
            {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "18°"},
        ]
        same(ask(route, turns, **more).choices[0].message.content, 'heard get_weather({"city":"Paris"})=18°')
        if at.provider != "openai":
            same(said.reasoning_content, "Let me think…")


@check
def vectors(at: At) -> None:
    if at.provider == "anthropic":
        return
    route = {"model": f"openai/{at.model('embedding')}", "api_base": at.openai_url, "api_key": at.key}
    said = litellm.embedding(input=["one", "two"], **route)
    same([each["embedding"] for each in said.data], [vector("one", 12), vector("two", 12)])


@check
def failures(at: At) -> None:
    for route in routes(at):
        for scene, expected in (
            ("error-429", litellm.RateLimitError), ("error-401", litellm.AuthenticationError if at.straight else (litellm.APIError, litellm.BadRequestError)), ("error-400", litellm.BadRequestError),
            ("error-500", (litellm.InternalServerError, litellm.BadGatewayError)), ("error-context", litellm.ContextWindowExceededError),
        ):  # fmt: skip
            raised(expected, lambda route=route, scene=scene: ask(route, f"scene:{scene}"))
        missing = {**route, "model": route["model"].replace(at.bare(), "no-such-model")}
        raised(litellm.NotFoundError, lambda missing=missing: ask(missing, "Hello"))


@check
def failures_in_streams(at: At) -> None:
    for route in routes(at):
        raised(litellm.RateLimitError, lambda route=route: list(ask(route, "scene:error-429", stream=True)))
        raised(Exception, lambda route=route: list(ask(route, "scene:error-stream", stream=True)))


@check
def responses(at: At) -> None:
    if not at.straight or at.provider == "openai":
        said = litellm.responses(model=f"openai/{at.model()}", input="Hello", api_base=at.openai_url, api_key=at.key)
        same(said.output[-1].content[0].text, GREETING)


if __name__ == "__main__":
    check.run()
