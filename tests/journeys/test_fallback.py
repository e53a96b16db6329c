"""Whom else to ask: every row of faults.md's first table with a second target behind the first, in every API. Traps 26, 33, 34."""

import json
from typing import Any

import pytest

from shared.errors import (
    BadEncoding,
    BadResponse,
    NameNotResolved,
    ProviderTimeout,
    Redirected,
    StreamStalled,
    TlsFailed,
    Unreachable,
)
from shared.records.limits import Scope, period_name
from shared.storage.admission import spent
from shared.storage.ledger import list_rows
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import HELLO, Headers, House
from tests.fakes.providers import (
    ANTHROPIC,
    CLAUDE_SAYS,
    OPENAI,
    SSE,
    TwoProviders,
    begins_and_fails,
    breaks_after_a_word,
    does,
    ends_before_a_word,
)
from tests.fakes.tokens import narrowed

GPT, CLAUDE = "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"
ROUTE = {
    "targets": [{"provider": "openai", "model": "gpt-4o-mini"}, {"provider": "claude", "model": "claude-haiku-4-5"}]
}
THINKING = {
    **CLAUDE_SAYS,
    "content": [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, *CLAUDE_SAYS["content"]],
}
type Asked = tuple[House, TwoProviders, Headers]
CHAT = {"messages": HELLO, "options": {"maxTokens": 50}}


def refuses(status: int, **headers: str) -> FakeAnswer:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return FakeAnswer(status, {"error": {"message": "no", "type": "x"}}, said)


FALLS_BACK: dict[str, tuple[Answer, list[str]]] = {
    # what the first one does: whom that asks, in order
    "connect refused": (Unreachable("no"), [OPENAI, OPENAI, ANTHROPIC]),
    "no such name": (NameNotResolved("no"), [OPENAI, OPENAI, ANTHROPIC]),
    "TLS": (TlsFailed("no"), [OPENAI, ANTHROPIC]),
    "429 soon": (refuses(429, retry_after="0"), [OPENAI, OPENAI, ANTHROPIC]),
    "429 later": (refuses(429, retry_after="30"), [OPENAI, ANTHROPIC]),
    "429 a date": (
        refuses(429, retry_after="Fri, 31 Dec 2199 23:59:59 GMT", date="Fri, 31 Dec 2199 23:59:00 GMT"),
        [OPENAI, ANTHROPIC],
    ),
    "429 milliseconds": (refuses(429, retry_after_ms="30000"), [OPENAI, ANTHROPIC]),
    "429 garbage": (refuses(429, retry_after="soon"), [OPENAI, OPENAI, ANTHROPIC]),
    "429 for ever": (refuses(429, retry_after="1000000000"), [OPENAI, ANTHROPIC]),
    "402": (refuses(402), [OPENAI, ANTHROPIC]),
    "500": (refuses(500), [OPENAI, OPENAI, ANTHROPIC]),
    "502": (refuses(502), [OPENAI, OPENAI, ANTHROPIC]),
    "503": (refuses(503), [OPENAI, OPENAI, ANTHROPIC]),
    "529": (refuses(529), [OPENAI, OPENAI, ANTHROPIC]),
    "200 with an error": (FakeAnswer(200, {"error": {"message": "no"}}), [OPENAI, OPENAI, ANTHROPIC]),
    "a web page": (FakeAnswer(200, b"<html>", {"content-type": "text/html"}), [OPENAI, OPENAI, ANTHROPIC]),
    "nothing": (FakeAnswer(200, b""), [OPENAI, OPENAI, ANTHROPIC]),
    "no protocol": (BadResponse("no"), [OPENAI, OPENAI, ANTHROPIC]),
}
STAYS: dict[str, tuple[Answer, int]] = {
    # what the first one does, and what the caller then gets
    "400": (refuses(400), 400),
    "401": (refuses(401), 424),
    "403": (refuses(403), 424),
    "404": (refuses(404), 404),
    "413": (refuses(413), 413),
    "422": (refuses(422), 422),
    "a redirect": (Redirected("no"), 502),
    "another encoding": (BadEncoding("no"), 502),
    "a slow first byte": (ProviderTimeout("no"), 504),
    "a stall": (StreamStalled("no"), 502),
}


@pytest.fixture
def providers() -> TwoProviders:
    return TwoProviders()


@pytest.fixture
def client(providers: TwoProviders) -> FakeClient:
    return FakeClient(providers)


@pytest.fixture
async def caller(house: House) -> Headers:
    """Somebody with a key of each, and a route over both."""
    headers = await house.signed_up("alice")
    await house.with_key(headers)
    await house.with_key(headers, "anthropic")
    kept = await house.http.put("/api/routes/both", json=ROUTE, headers=headers)
    assert kept.status_code == 200, kept.text
    return headers


@pytest.fixture
def asked(house: House, providers: TwoProviders, caller: Headers) -> Asked:
    return house, providers, caller


def said(path: str, told: Any) -> str:
    """The text of an answer in that API's form."""
    match path:
        case "/v1/chat/completions":
            return str(told["choices"][0]["message"]["content"])
        case "/v1/messages":
            return str(told["content"][0]["text"])
        case _:
            return str(told["output"][-1]["content"][0]["text"])


async def chat(house: House, headers: Headers, **body: Any) -> Any:
    return await house.http.post("/api/llm/chat", json={**CHAT, "model": "both", **body}, headers=headers)


def outcomes(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    return [(tried["provider"], tried["outcome"]) for tried in receipt["attempts"]]


@pytest.mark.parametrize("fault", FALLS_BACK)
async def test_the_next_target_answers_for_one_that_cannot(
    house: House, providers: TwoProviders, caller: Headers, fault: str
) -> None:
    """Faults 1, 2, 3, 6, 7, 8 and 16. At most two attempts at each and three in all."""
    answer, asked = FALLS_BACK[fault]
    providers.does[OPENAI] = [does(answer)]
    heard = await chat(house, caller)

    assert heard.status_code == 200, heard.text
    assert heard.json()["choices"][0]["message"]["content"] == "from claude"
    assert providers.asked == asked
    assert [provider for provider, _ in outcomes(heard.json()["receipt"])] == ["openai"] * (len(asked) - 1) + [
        "anthropic"
    ]
    assert heard.headers["x-realmultillm-provider"] == "anthropic"
    assert heard.headers["x-realmultillm-attempts"] == str(len(asked))
    assert heard.headers["x-realmultillm-tried"].startswith("openai/gpt-4o-mini ")


@pytest.mark.parametrize("fault", STAYS)
async def test_what_the_caller_must_mend_or_may_have_to_pay_goes_to_nobody_else(
    house: House, providers: TwoProviders, caller: Headers, fault: str
) -> None:
    """Faults 4, 5, 9, 10 and 19."""
    answer, status = STAYS[fault]
    providers.does[OPENAI] = [does(answer)]
    heard = await chat(house, caller)

    assert heard.status_code == status
    assert providers.asked == [OPENAI]
    assert heard.headers["x-realmultillm-tried"].startswith("openai/gpt-4o-mini ")


@pytest.mark.parametrize("silence", [ProviderTimeout("no"), StreamStalled("no")])
async def test_silence_is_followed_by_the_next_where_the_owner_wants_it(
    house: House, providers: TwoProviders, caller: Headers, silence: Exception
) -> None:
    """Fault 9. faults.md, slow first byte: not again there, for it may be billed."""
    await house.http.put("/api/routes/both", json={**ROUTE, "afterTimeout": True}, headers=caller)
    providers.does[OPENAI] = [does(silence)]
    heard = await chat(house, caller)

    assert heard.status_code == 200
    assert providers.asked == [OPENAI, ANTHROPIC]


@pytest.mark.parametrize("start", [begins_and_fails, ends_before_a_word])
async def test_a_stream_that_fails_before_its_first_word_falls_back_unseen(
    house: House, providers: TwoProviders, caller: Headers, start: Any
) -> None:
    """Trap 26: also when the error comes inside a 200."""
    providers.does[OPENAI] = [start]
    heard = await house.http.post("/api/llm/stream", json={**CHAT, "model": "both"}, headers=caller)
    told = lines(heard.text)

    assert [line["type"] for line in told] == ["start", "chunk", "done"]
    assert (told[0]["provider"], told[1]["content"]) == ("anthropic", "from claude")
    assert heard.headers["x-realmultillm-provider"] == "anthropic"


async def test_after_the_first_word_nobody_else_is_asked(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """Faults 11 and 12. Traps 33, 34."""
    providers.does[OPENAI] = [breaks_after_a_word]
    heard = await house.http.post("/api/llm/stream", json={**CHAT, "model": "both"}, headers=caller)

    assert [line["type"] for line in lines(heard.text)] == ["start", "chunk", "error"]
    assert providers.asked == [OPENAI]


async def test_when_nobody_can_the_last_failure_is_told_and_all_are_named(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    providers.does[OPENAI] = [does(refuses(500))]
    providers.does[ANTHROPIC] = [does(refuses(503))]
    heard = await chat(house, caller)

    assert heard.status_code == 503
    assert heard.json()["error"]["details"]["provider"] == "anthropic"
    assert heard.headers["x-realmultillm-tried"] == (
        "openai/gpt-4o-mini upstream_error, openai/gpt-4o-mini upstream_error, anthropic/claude-haiku-4-5 upstream_overloaded"
    )


async def test_a_retry_takes_no_turn_of_a_later_target(house: House, providers: TwoProviders, caller: Headers) -> None:
    """Three attempts in all: with three targets each has one."""
    targets = [*ROUTE["targets"], {"provider": "openai", "model": "gpt-4.1"}]
    await house.http.put("/api/routes/three", json={"targets": targets}, headers=caller)
    providers.does = {OPENAI: [does(refuses(500))], ANTHROPIC: [does(refuses(500))]}
    await chat(house, caller, model="three")

    assert providers.asked == [OPENAI, ANTHROPIC, OPENAI]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": HELLO}),
        ("/v1/messages", {"messages": HELLO, "max_tokens": 50}),
        ("/v1/responses", {"input": "hello"}),
    ],
)
@pytest.mark.parametrize("way", ["route", "header"])
async def test_every_api_falls_back_by_a_route_or_by_a_header(
    asked: Asked, path: str, body: dict[str, Any], way: str
) -> None:
    """Each target gets the request in its own family's words, and the caller the answer in theirs."""
    house, providers, caller = asked
    providers.does[OPENAI] = [does(refuses(500))]
    named = {"model": "both"} if way == "route" else {"model": GPT}
    headers = caller if way == "route" else {**caller, "x-realmultillm-fallback": CLAUDE}
    heard = await house.http.post(path, json={**body, **named}, headers=headers)

    assert heard.status_code == 200, heard.text
    assert said(path, heard.json()) == "from claude"
    assert providers.bodies[-1]["model"] == "claude-haiku-4-5"


@pytest.mark.parametrize("fallback", [[CLAUDE], [{"provider": "claude", "model": "claude-haiku-4-5"}], ["both"]])
async def test_a_native_request_names_its_fallbacks(
    house: House, providers: TwoProviders, caller: Headers, fallback: Any
) -> None:
    providers.does[OPENAI] = [does(refuses(500))]
    heard = await chat(house, caller, model=GPT, fallback=fallback)

    assert heard.json()["receipt"]["provider"] == "anthropic"
    assert providers.asked == [OPENAI, OPENAI, ANTHROPIC]


@pytest.mark.parametrize(
    ("fallback", "refusal"),
    [
        ([CLAUDE, "google/gemini-2.5-flash"], (404, "fallback[1]")),
        (["nobody-has-this"], (404, "fallback[0]")),
        ([CLAUDE] * 9, (400, "fallback")),
        ([""], (400, "fallback[0]")),
    ],
)
async def test_a_fallback_that_is_none_is_refused_before_anybody_is_asked(
    house: House, providers: TwoProviders, caller: Headers, fallback: Any, refusal: tuple[int, str]
) -> None:
    house.services.client = FakeClient(lambda _: FakeAnswer(200, {"object": "list", "data": []}))
    heard = await chat(house, caller, model=GPT, fallback=fallback)

    assert (heard.status_code, heard.json()["error"]["details"]["parameter"]) == refusal
    assert providers.asked == []


@pytest.mark.parametrize("header", ["", ",", f"{CLAUDE},,", ",".join([CLAUDE] * 9), "x" * 300])
async def test_a_header_that_names_nobody_is_refused_by_its_name(house: House, caller: Headers, header: str) -> None:
    heard = await house.http.post(
        "/v1/chat/completions",
        json={"model": GPT, "messages": HELLO},
        headers={**caller, "x-realmultillm-fallback": header},
    )

    assert (heard.status_code, heard.json()["error"]["param"]) == (400, "x-realmultillm-fallback")


async def test_each_target_is_asked_in_words_it_knows_and_who_has_none_is_passed_over(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """What a provider cannot do is told: the receipt says who was passed over for it."""
    heard = await chat(house, caller, fallback=[GPT], model=CLAUDE, options={"maxTokens": 50, "seed": 7})
    receipt = heard.json()["receipt"]

    assert outcomes(receipt) == [("anthropic", "unsupported_parameter"), ("openai", "answered")]
    assert receipt["attempts"][0]["asked"] is False
    assert providers.asked == [OPENAI]
    assert heard.headers["x-realmultillm-attempts"] == "1"


async def test_what_is_dropped_for_one_target_is_there_for_the_next(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    providers.does[ANTHROPIC] = [does(refuses(500))]
    body = {"model": CLAUDE, "messages": HELLO, "max_tokens": 50, "seed": 7}
    headers = {**caller, "x-realmultillm-fallback": GPT, "x-realmultillm-drop-params": "true"}
    heard = await house.http.post("/v1/chat/completions", json=body, headers=headers)

    assert heard.headers["x-realmultillm-provider"] == "openai"
    assert "seed" not in providers.bodies[0]
    assert providers.bodies[-1]["seed"] == 7
    assert "x-realmultillm-dropped" not in heard.headers


async def test_proofs_of_thinking_and_extensions_stay_in_their_family(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """Traps 52, 61: Claude's own body goes to Claude as it came; GPT hears nothing of what Claude signed."""
    providers.does[ANTHROPIC] = [does(refuses(500))]
    thinking = {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVkLWJ5LWNsYXVkZQ=="}
    turns = [*HELLO, {"role": "assistant", "content": [thinking, {"type": "text", "text": "Hi"}]}, *HELLO]
    body = {"model": CLAUDE, "max_tokens": 50, "messages": turns}
    heard = await house.http.post("/v1/messages", json=body, headers={**caller, "x-realmultillm-fallback": GPT})

    assert heard.status_code == 200, heard.text
    assert thinking["signature"] in json.dumps(providers.bodies[0])
    assert thinking["signature"] not in json.dumps(providers.bodies[-1])
    assert "system" not in providers.bodies[-1]


async def test_a_key_that_is_to_rest_is_passed_over_until_then(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """faults.md: 429 with Retry-After cools the credential down."""
    providers.does[OPENAI] = [does(refuses(429, retry_after="30"))]
    await chat(house, caller)
    house.clock.pass_by(20)
    second = await chat(house, caller)
    alone = await chat(house, caller, model=GPT)
    house.clock.pass_by(11)
    await chat(house, caller, model=GPT)

    assert providers.asked == [OPENAI, ANTHROPIC, ANTHROPIC, OPENAI, OPENAI]
    assert outcomes(second.json()["receipt"]) == [("openai", "key_cooling_down"), ("anthropic", "answered")]
    assert alone.json()["error"]["code"] == "throttled"  # nobody else could answer: the provider said so itself


async def test_when_all_keys_rest_the_first_that_is_rested_is_told(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    providers.does = {
        OPENAI: [does(refuses(429, retry_after="300"))],
        ANTHROPIC: [does(refuses(429, retry_after="60"))],
    }
    await chat(house, caller)
    heard = await chat(house, caller)

    assert (heard.status_code, heard.headers["retry-after"]) == (429, "60")
    assert providers.asked == [OPENAI, ANTHROPIC]


async def test_a_new_key_need_not_rest(house: House, providers: TwoProviders, caller: Headers) -> None:
    providers.does[OPENAI] = [does(refuses(429, retry_after="300"))]
    await chat(house, caller)
    body = {"apiKey": "sk-house-another-5Ty2Ui7Op4As9", "test": False}
    await house.http.post("/api/provider-configs/openai/rotate", json=body, headers=caller)
    await chat(house, caller)

    assert providers.asked == [OPENAI, ANTHROPIC, OPENAI, ANTHROPIC]


async def test_an_open_breaker_is_passed_over_and_alone_it_is_503(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """Trap 28: errors inside a 200 count as failures."""
    people = [caller]
    for name in ("bob", "carol"):
        people.append(await house.signed_up(name))
        await house.with_key(people[-1])
    providers.does[OPENAI] = [begins_and_fails]
    for number in range(12):
        await house.http.post("/api/llm/stream", json={**CHAT, "model": GPT}, headers=people[number % 3])
        house.clock.pass_by(1)
    house.clock.pass_by(2)
    providers.asked.clear()
    alone = await chat(house, caller, model=GPT)
    both = await chat(house, caller)
    health = (await house.http.get("/api/health", headers=caller)).json()

    assert (alone.status_code, alone.json()["error"]["code"]) == (503, "circuit_open")
    assert int(alone.headers["retry-after"]) > 0
    assert outcomes(both.json()["receipt"]) == [("openai", "circuit_open"), ("anthropic", "answered")]
    assert providers.asked == [ANTHROPIC]
    assert {told["provider"]: told["breaker"] for told in health["providers"]} == {
        "openai": "open",
        "anthropic": "closed",
    }


@pytest.mark.parametrize("status", [400, 401, 403, 429])
async def test_refusals_open_no_breaker(house: House, providers: TwoProviders, status: int) -> None:
    """Threat I11."""
    people = [await house.signed_up(name) for name in ("alice", "bob", "carol")]
    for person in people:
        await house.with_key(person)
    providers.does[OPENAI] = [does(refuses(status))]
    for number in range(24):
        await chat(house, people[number % 3], model=GPT)
        house.clock.pass_by(1)
    house.clock.pass_by(2)
    providers.does[OPENAI] = [TwoProviders().does[OPENAI][0]]

    assert (await chat(house, people[0], model=GPT)).status_code == 200


async def test_a_target_without_a_key_is_passed_over_and_told(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    await house.http.delete("/api/provider-configs/openai", headers=caller)
    heard = await chat(house, caller)

    assert outcomes(heard.json()["receipt"]) == [("openai", "model_not_found"), ("anthropic", "answered")]
    assert providers.asked == [ANTHROPIC]


async def test_a_route_without_any_key_says_so(house: House, caller: Headers) -> None:
    for provider in ("openai", "anthropic"):
        await house.http.delete(f"/api/provider-configs/{provider}", headers=caller)

    assert (await chat(house, caller)).status_code == 404


async def test_another_ones_route_is_no_model_of_mine(house: House, caller: Headers) -> None:
    """Threat I3."""
    bob = await house.signed_up("bob")
    await house.with_key(bob)
    await house.with_key(bob, "anthropic")
    house.services.client = FakeClient(lambda _: FakeAnswer(200, {"object": "list", "data": []}))

    assert (await chat(house, bob)).status_code == 404
    assert (await house.http.get("/v1/models/both", headers=bob)).status_code == 404


@pytest.mark.parametrize(
    ("allowed", "answers"),
    [
        ({"models": ("both",)}, ["openai"]),
        ({"models": (CLAUDE,)}, ["anthropic"]),
        ({"providers": ("anthropic",)}, ["anthropic"]),
        ({"models": ("gpt-5",)}, []),
        ({"providers": ("anthropic",), "models": ("gpt-4o-mini",)}, []),
    ],
)
async def test_an_access_token_reaches_no_further_through_a_route(
    house: House, caller: Headers, allowed: dict[str, Any], answers: list[str]
) -> None:
    """Threat I4. A token may name a route in place of its models."""
    program = await narrowed(house.services, caller, **allowed)
    heard = await chat(house, program)

    assert heard.status_code == (200 if answers else 403)
    assert [heard.json()["receipt"]["provider"]] == answers if answers else "error" in heard.json()


async def test_a_route_is_listed_with_the_models(house: House, caller: Headers) -> None:
    house.services.client = FakeClient(lambda _: FakeAnswer(200, {"object": "list", "data": []}))
    openais = (await house.http.get("/v1/models", headers=caller)).json()["data"]
    one = (await house.http.get("/v1/models/both", headers=caller)).json()
    anthropics = await house.http.get("/v1/models/both", headers={**caller, "anthropic-version": "2023-06-01"})

    assert openais[0] == one
    assert (one["id"], one["owned_by"]) == ("both", "route")
    assert anthropics.json()["id"] == "both"


async def test_a_route_goes_before_a_providers_model_of_that_name(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """So that a program whose model's name cannot be changed can be sent elsewhere. `provider/model` always means the provider."""
    await house.http.put("/api/routes/gpt-4o-mini", json={"targets": ROUTE["targets"][1:]}, headers=caller)
    bare = await chat(house, caller, model="gpt-4o-mini")
    whole = await chat(house, caller, model=GPT)

    assert bare.json()["receipt"]["provider"] == "anthropic"
    assert whole.json()["receipt"]["provider"] == "openai"


async def test_tokens_of_a_route_are_counted_by_its_first_target(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    providers.does[OPENAI] = [does(FakeAnswer(200, {"object": "response.input_tokens", "input_tokens": 7}))]
    body = {"model": "both", "max_tokens": 5, "messages": HELLO}
    heard = await house.http.post("/v1/messages/count_tokens", json=body, headers=caller)

    assert heard.status_code == 200
    assert heard.headers["x-realmultillm-provider"] == "openai"


async def test_a_stream_of_another_family_is_spoken_in_the_callers_words(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """The caller's own family fails before it speaks, so nothing of it is heard."""
    providers.does[OPENAI] = [does(FakeAnswer(200, b'data: {"error": {"message": "no"}}\n\n', SSE))]
    body = {"model": "both", "messages": HELLO, "stream": True}
    heard = await house.http.post("/v1/chat/completions", json=body, headers=caller)
    chunks = [json.loads(line[6:]) for line in heard.text.splitlines() if line.startswith("data: {")]

    assert (
        "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
        == "from claude"
    )
    assert heard.text.rstrip().endswith("data: [DONE]")


async def test_who_did_not_answer_is_charged_nothing_and_the_ledger_names_the_route(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """At its end the limits of who failed get the request back, so that they let the next one in; who is out of theirs is passed over."""
    providers.does[OPENAI] = [does(refuses(402))]
    for scope, name in (("provider", "openai"), ("provider", "anthropic")):
        limits = {"scope": scope, "id": name, "requestsPerMinute": 2, "budgetUsd": "1", "budgetPeriod": "day"}
        assert (await house.http.put("/api/admin/limits", json=limits, headers=caller)).status_code == 200
    answers = [await chat(house, caller) for _ in range(3)]
    table, day = house.services.table, period_name("day", house.services.now())
    owner = (await house.services.accounts.verify(caller["authorization"].removeprefix("Bearer "))).owner
    rows, _ = await list_rows(table, owner)

    assert [answer.status_code for answer in answers] == [200, 200, 402]  # openai's own, for it got its requests back
    assert "anthropic/claude-haiku-4-5 limit_reached" in answers[2].headers["x-realmultillm-tried"]
    assert {(row.route, row.provider, row.outcome) for row in rows} == {
        ("both", "anthropic", "done"),
        ("both", "openai", "error"),
    }
    assert await spent(table, Scope("provider", "openai"), day) == 0
    assert await spent(table, Scope("provider", "anthropic"), day) == sum(row.charged_micros for row in rows) > 0


async def test_thinking_that_is_kept_is_marked_with_who_answered(
    house: House, providers: TwoProviders, caller: Headers
) -> None:
    """Trap 61: in a conversation too, the next turn may be another provider's."""
    providers.does[OPENAI] = [does(refuses(402))]
    providers.does[ANTHROPIC] = [does(FakeAnswer(200, THINKING))]
    told = (await chat(house, caller, keep=True)).json()["conversation"]
    messages = (await house.http.get(f"/api/chat/history/{told['id']}", headers=caller)).json()["messages"]

    assert (messages[1]["provider"], messages[1]["state"]) == ("anthropic", "answered")
    assert '"rml1.anthropic@' in json.dumps(messages[1]["message"])


@pytest.mark.parametrize("fallback", [["nope/llama"], [CLAUDE, "anthropc/claude-haiku-4-5"]])
async def test_a_fallback_of_no_provider_is_refused_before_anybody_is_asked(
    asked: Asked, client: FakeClient, fallback: list[str]
) -> None:
    """Promise 1: a slip never sends a chat to somebody else. It names the place in the list."""
    house, providers, caller = asked
    await house.with_key(caller, "groq")
    client.answer = lambda outbound: (
        FakeAnswer(200, {"data": [{"id": "qwen/qwen3-32b"}]}) if outbound.method == "GET" else providers(outbound)
    )
    body = {"provider": "openai", "model": "gpt-4o-mini", **CHAT, "fallback": fallback}
    native = await house.http.post("/api/llm/chat", json=body, headers=caller)
    theirs = await house.http.post(
        "/v1/chat/completions",
        json={"model": GPT, "messages": HELLO},
        headers={**caller, "x-realmultillm-fallback": ", ".join(fallback)},
    )
    first = await house.http.post(
        "/v1/messages", json={"model": "opnai/gpt-4o-mini", "max_tokens": 9, "messages": HELLO}, headers=caller
    )

    assert [answer.status_code for answer in (native, theirs, first)] == [404, 404, 404]
    error = native.json()["error"]
    assert (error["code"], error["details"]["parameter"]) == ("model_not_found", f"fallback[{len(fallback) - 1}]")
    assert theirs.json()["error"]["code"] == "model_not_found"
    assert theirs.json()["error"]["param"] == f"fallback[{len(fallback) - 1}]"
    assert providers.asked == []
