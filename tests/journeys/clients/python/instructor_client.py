"""instructor: models of pydantic from any provider, in each of its modes, with the older SDKs that it asks for."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import instructor
from anthropic import Anthropic
from instructor import Mode
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, field_validator

from tests.journeys.clients.python.checks import At, Checks, raised, same

check = Checks()
ADA: Any = [{"role": "user", "content": "Who?"}]


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


class Team(BaseModel):
    """People."""

    lead: Person
    members: list[Person]


@cache
def _openai(at: At, mode: Mode) -> Any:
    return instructor.from_openai(OpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0), mode=mode)


@cache
def _anthropic(at: At, mode: Mode) -> Any:
    return instructor.from_anthropic(Anthropic(base_url=at.origin, api_key=at.key, max_retries=0), mode=mode)


def clients(at: At) -> list[tuple[Any, dict[str, Any]]]:
    found: list[tuple[Any, dict[str, Any]]] = []
    if not at.straight or at.provider == "openai":
        found += [(_openai(at, mode), {}) for mode in (Mode.TOOLS, Mode.JSON_SCHEMA)]
    if not at.straight or at.provider == "anthropic":
        found.append((_anthropic(at, Mode.ANTHROPIC_TOOLS), {"max_tokens": 500}))
    return found


@check
def a_person(at: At) -> None:
    for client, more in clients(at):
        said = client.chat.completions.create(
            model=at.model(), messages=ADA, response_model=Person, max_retries=1, **more
        )
        same(said.model_dump(), {"name": "Ada", "age": 36})


@check
def a_team(at: At) -> None:
    for client, more in clients(at):
        said = client.chat.completions.create(
            model=at.model(), messages=ADA, response_model=Team, max_retries=1, **more
        )
        same((said.lead.name, [one.name for one in said.members]), ("Ada", ["Ada", "Alan"]))


@check
def with_the_completion(at: At) -> None:
    for client, more in clients(at):
        person, raw = client.chat.completions.create_with_completion(
            model=at.model(), messages=ADA, response_model=Person, max_retries=1, **more
        )
        same(person.name, "Ada")
        assert raw.usage


@check
def json_mode(at: At) -> None:
    """The schema is in the instructions alone."""
    if not at.straight or at.provider == "openai":
        client = _openai(at, Mode.JSON)
        said = client.chat.completions.create(model=at.model(), messages=ADA, response_model=Person, max_retries=1)
        same(said.model_dump(), {"name": "Ada", "age": 36})


@check
def partial(at: At) -> None:
    for client, more in clients(at)[:1]:
        last = None
        for last in client.chat.completions.create_partial(
            model=at.model(), messages=ADA, response_model=Person, **more
        ):
            assert last is not None
        same(last and (last.name, last.age), ("Ada", 36))


@check
def several(at: At) -> None:
    if not at.straight or at.provider == "openai":
        client = _openai(at, Mode.TOOLS)
        found = list(client.chat.completions.create_iterable(model=at.model(), messages=ADA, response_model=Person))
        same([one.name for one in found], ["Ada", "Alan"])


@check
def parallel(at: At) -> None:
    if not at.straight or at.provider == "openai":
        client = _openai(at, Mode.PARALLEL_TOOLS)
        turns = [{"role": "user", "content": "scene:parallel"}]
        found = client.chat.completions.create(model=at.model(), messages=turns, response_model=Iterable[Person])
        same([one.name for one in found], ["Ada", "Alan"])


@check
def through_responses(at: At) -> None:
    """It asks for a form of the answer and forces a tool, both at once."""
    if not at.straight or at.provider == "openai":
        client = _openai(at, Mode.RESPONSES_TOOLS)
        said = client.chat.completions.create(model=at.model(), messages=ADA, response_model=Team, max_retries=1)
        same((said.lead.name, [one.name for one in said.members]), ("Ada", ["Ada", "Alan"]))


@check
def asked_again(at: At) -> None:
    """An answer that does not fit goes back with what is wrong with it."""
    tried: list[str] = []

    class Late(BaseModel):
        """Somebody whose name fits at the second try."""

        name: str

        @field_validator("name")
        @classmethod
        def at_the_second_try(cls, name: str) -> str:
            tried.append(name)
            if len(tried) == 1:
                raise ValueError("say it again")
            return name

    for client, more in clients(at):
        tried.clear()
        client.chat.completions.create(model=at.model(), messages=ADA, response_model=Late, max_retries=2, **more)
        same(len(tried), 2)


@check
async def a_person_async(at: At) -> None:
    if not at.straight or at.provider == "openai":
        async with AsyncOpenAI(base_url=at.openai_url, api_key=at.key, max_retries=0) as asking:
            client = instructor.from_openai(asking)
            said = await client.chat.completions.create(model=at.model(), messages=ADA, response_model=Person)
            same(said.name, "Ada")


@check
def failures(at: At) -> None:
    turns = [{"role": "user", "content": "scene:error-429"}]
    for client, more in clients(at):
        error = raised(Exception, lambda client=client, more=more: client.chat.completions.create(
            model=at.model(), messages=turns, response_model=Person, max_retries=1, **more))  # fmt: skip
        assert "429" in str(error), error


if __name__ == "__main__":
    check.run()
