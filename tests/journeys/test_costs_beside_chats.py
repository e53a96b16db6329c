"""What embeddings, pictures and judgements cost, from the provider's answer to the header, the ledger, the budget, analytics and metrics."""

import json
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import ProviderTimeout
from shared.records.ledger import LedgerRow
from shared.records.limits import Scope
from shared.storage.admission import spent
from shared.storage.ledger import list_rows
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import Headers, House

EMBEDDINGS, IMAGES, MODERATIONS = "/v1/embeddings", "/v1/images/generations", "/v1/moderations"
SMALL = {"model": "openai/text-embedding-3-small", "input": "hello"}
PICTURE = {"model": "openai/gpt-image-1", "prompt": "a dot"}
JUDGED = {"model": "openai/omni-moderation-latest", "input": "hello"}
VECTOR = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
PAINTED = {"created": 1, "data": [{"b64_json": "YWJj"}]}
BY_KIND = {
    "input_tokens": 76,
    "input_tokens_details": {"image_tokens": 64, "text_tokens": 12},
    "output_tokens": 120,
    "output_tokens_details": {"image_tokens": 120, "text_tokens": 0},
    "total_tokens": 196,
}


def embedded(usage: Any, model: str = "text-embedding-3-small") -> FakeAnswer:
    return FakeAnswer(200, {"object": "list", "model": model, "data": VECTOR, "usage": usage})


async def row_of(house: House, asker: Headers) -> LedgerRow:
    caller = await house.services.accounts.verify(asker["authorization"].removeprefix("Bearer "))
    (row,) = (await list_rows(house.services.table, caller.owner))[0]
    return row


async def with_budget(house: House, asker: Headers, dollars: str) -> tuple[Scope, Headers]:
    body = {"name": "program", "budgetUsd": dollars, "budgetPeriod": "total"}
    made = (await house.http.post("/api/tokens", json=body, headers=asker)).json()
    return Scope("token", made["id"]), {"authorization": f"Bearer {made['token']}"}


@pytest.mark.parametrize(
    ("path", "body", "answer", "usd", "source", "tokens"),
    [
        (EMBEDDINGS, SMALL, embedded({"prompt_tokens": 7, "total_tokens": 7}), "1.4E-7", "table", (7, 0)),
        (EMBEDDINGS, SMALL, embedded({"total_tokens": 7}), "1.4E-7", "table", (7, 0)),
        (EMBEDDINGS, SMALL, embedded({"prompt_tokens": 7, "cost": 6e-08}), "6E-8", "provider", (7, 0)),
        (IMAGES, PICTURE, FakeAnswer(200, {**PAINTED, "usage": BY_KIND}), "0.0055", "table", (76, 120)),
        (IMAGES, {**PICTURE, "model": "openai/gpt-image-1.5"}, FakeAnswer(200, {**PAINTED, "usage": BY_KIND}), "0.004412", "table", (76, 120)),
        (IMAGES, PICTURE, FakeAnswer(200, {**PAINTED, "usage": {"cost_in_usd_ticks": 200_000_000}}), "0.0200000000", "provider", (None, None)),
        (MODERATIONS, JUDGED, FakeAnswer(200, {"model": "omni-moderation-2024-09-26", "results": []}), "0", "documented", (15, 0)),
    ],
)  # fmt: skip
async def test_the_cost_is_exact_and_everybody_is_told(
    house: House,
    asker: Headers,
    client: FakeClient,
    *,
    path: str,
    body: dict[str, Any],
    answer: FakeAnswer,
    usd: str,
    source: str,
    tokens: tuple[int | None, int | None],
) -> None:
    """Traps 66 and 67. In the head as with whole chats, since the body is the vendor's."""
    client.answer = lambda _: answer
    said = await house.http.post(path, json=body, headers=asker)
    row = await row_of(house, asker)
    costs = (await house.http.get("/api/analytics/costs", headers=asker)).json()
    metrics = (await house.http.get("/api/metrics", headers=asker)).text

    assert Decimal(said.headers["x-realmultillm-cost"]) == Decimal(usd)
    assert "E" not in said.headers["x-realmultillm-cost"]
    assert (row.cost_usd, row.cost_source, row.estimated) == (Decimal(usd), source, source == "documented")
    assert (row.input_tokens, row.output_tokens) == tokens
    assert Decimal(costs["total"]["costUsd"]) == Decimal(usd)
    assert costs["total"]["unpricedRequests"] == 0
    assert (
        f'llm_unpriced_requests_total{{provider="openai",model="{body["model"].removeprefix("openai/")}"}} 1'
        not in (metrics)
    )
    assert "llm_cost_usd_total" in metrics


@pytest.mark.parametrize(
    ("path", "body", "answer", "why"),
    [
        (EMBEDDINGS, SMALL, embedded(None), "reported no usage"),
        (EMBEDDINGS, SMALL, embedded({"prompt_tokens": -7, "total_tokens": 7}), "reported no usage"),
        (EMBEDDINGS, SMALL, embedded({"prompt_tokens": 10**7, "total_tokens": 10**7}), "reported no usage"),
        (EMBEDDINGS, {**SMALL, "model": "openai/none"}, embedded({"prompt_tokens": 7}, "none"), "does not know this model"),
        (IMAGES, PICTURE, FakeAnswer(200, PAINTED), "no price apiece"),
        (IMAGES, {**PICTURE, "model": "openai/dall-e-2"}, FakeAnswer(200, PAINTED), "no price apiece"),
    ],
)  # fmt: skip
async def test_what_nobody_can_tell_is_null_and_says_why(
    house: House,
    asker: Headers,
    client: FakeClient,
    *,
    path: str,
    body: dict[str, Any],
    answer: FakeAnswer,
    why: str,
) -> None:
    """Promise 5; trap 22; fault 18. Never 0, and never the price of a guess."""
    client.answer = lambda _: answer
    said = await house.http.post(path, json=body, headers=asker)
    row = await row_of(house, asker)

    assert said.status_code == 200
    assert said.headers["x-realmultillm-cost"] == "unknown"
    assert why in said.headers["x-realmultillm-cost-reason"]
    assert (row.cost_usd, row.cost_source) == (None, None)
    assert why in (row.cost_reason or "")


async def test_an_estimate_that_we_tell_a_caller_has_no_price(house: House, asker: Headers, client: FakeClient) -> None:
    """Trap 22: Gemini's older models count nothing, so what we say in their place is a guess in the ledger too."""
    await house.with_key(asker, "google")
    client.answer = lambda _: FakeAnswer(200, {"embeddings": [{"values": [0.5]}]})
    said = await house.http.post(
        EMBEDDINGS, json={"model": "google/gemini-embedding-001", "input": "hello"}, headers=asker
    )
    row = await row_of(house, asker)

    assert said.json()["usage"]["estimated"] is True
    assert (row.estimated, row.cost_usd) == (True, None)


async def test_geminis_pictures_have_the_price_of_pictures(house: House, asker: Headers, client: FakeClient) -> None:
    """1,290 tokens of picture at $30 and 100 of thought at $2.50 a million, not all of them at the price of words."""
    await house.with_key(asker, "google")
    used = {
        "promptTokenCount": 10,
        "candidatesTokenCount": 1290,
        "thoughtsTokenCount": 100,
        "totalTokenCount": 1400,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    }
    blob = {"inlineData": {"mimeType": "image/png", "data": "YWJj"}}
    client.answer = lambda _: FakeAnswer(200, {"candidates": [{"content": {"parts": [blob]}}], "usageMetadata": used})
    said = await house.http.post(IMAGES, json={"model": "google/gemini-2.5-flash-image", "prompt": "a"}, headers=asker)

    assert Decimal(said.headers["x-realmultillm-cost"]) == Decimal("0.038953")


async def test_ones_own_price_comes_before_the_tables(house: House, asker: Headers, client: FakeClient) -> None:
    own = {"prices": {"text-embedding-3-*": {"input": "1", "output": "0"}}}
    await house.http.put("/api/provider-configs/openai", json=own, headers=asker)
    client.answer = lambda _: embedded({"prompt_tokens": 7, "total_tokens": 7})
    said = await house.http.post(EMBEDDINGS, json=SMALL, headers=asker)
    row = await row_of(house, asker)

    assert said.headers["x-realmultillm-cost"] == "0.000007"
    assert row.cost_source == "custom"


async def test_a_budget_reserves_what_a_picture_may_cost_and_charges_what_it_did(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Trap 68: two pictures of gpt-image-1 are 16,384 tokens at $40 a million at most, so 65 cents do not let them in."""
    body = {**PICTURE, "n": 2}
    client.answer = lambda _: FakeAnswer(200, {**PAINTED, "usage": BY_KIND})
    _, poor = await with_budget(house, asker, "0.65")
    refused = await house.http.post(IMAGES, json=body, headers=poor)
    asked = len(client.asked)
    scope, rich = await with_budget(house, asker, "0.66")
    answer = await house.http.post(IMAGES, json=body, headers=rich)

    assert (refused.status_code, asked) == (402, 0)
    assert answer.status_code == 200
    assert await spent(house.services.table, scope, "total") == 5500


async def test_what_takes_nothing_is_let_in_under_a_budget_and_what_nobody_prices_is_not(
    house: House, asker: Headers
) -> None:
    """Trap 67."""
    scope, headers = await with_budget(house, asker, "0.000001")
    judged = await house.http.post(MODERATIONS, json=JUDGED, headers=headers)
    nameless = await house.http.post(MODERATIONS, json={"input": "hello"}, headers=headers)
    painted = await house.http.post(IMAGES, json={**PICTURE, "model": "openai/dall-e-2"}, headers=headers)

    assert (judged.status_code, nameless.status_code, painted.status_code) == (200, 200, 402)
    assert await spent(house.services.table, scope, "total") == 0


async def test_a_picture_that_may_have_been_billed_is_charged_as_likely(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 9: 1,056 tokens of picture at $40 a million and a few of the prompt; the cost itself is null."""
    client.answer = lambda _: ProviderTimeout("it fell silent")
    scope, headers = await with_budget(house, asker, "1")
    failed = await house.http.post(IMAGES, json=PICTURE, headers=headers)
    row = await row_of(house, asker)

    assert failed.status_code == 504
    assert row.cost_usd is None
    assert 42_240 < await spent(house.services.table, scope, "total") < 42_400


@pytest.mark.parametrize("tokens", [10**9, -1])
@pytest.mark.parametrize("more", [{}, {"cost": 0.1}])
async def test_usage_that_cannot_be_is_told_to_the_operator(
    house: House, asker: Headers, client: FakeClient, log: Any, *, tokens: int, more: dict[str, float]
) -> None:
    """Fault 18."""
    client.answer = lambda _: embedded({"prompt_tokens": tokens, "total_tokens": tokens, **more})
    await house.http.post(EMBEDDINGS, json=SMALL, headers=asker)
    row = await row_of(house, asker)

    assert "usage not believed" in log.getvalue()
    assert (row.estimated, row.cost_usd) == (True, None)
    assert (row.input_tokens or 0) < 100


async def test_the_metrics_of_the_cloud_count_them_too(
    house: House, asker: Headers, client: FakeClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Well or not, as they do chats, and with the price of each."""
    house.services.tells_cloudwatch = True
    said = [embedded({"prompt_tokens": 7, "total_tokens": 7}), FakeAnswer(400, {"error": {"message": "no"}})]
    client.answer = lambda _: said.pop(0)
    for _ in range(2):
        await house.http.post(EMBEDDINGS, json=SMALL, headers=asker)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "llm_requests_total" in line]

    assert [(line["provider"], line["outcome"], line["llm_cost_usd_total"]) for line in told] == [
        ("openai", "done", 1.4e-7),
        ("openai", "error", 0),
    ]
    assert (told[0]["llm_tokens_total"], told[1]["code"]) == (7, "provider_refused_request")


async def test_ones_own_price_holds_for_pictures_too(house: House, asker: Headers, client: FakeClient) -> None:
    """All that is read at one price and all that is painted at the other."""
    own = {"prices": {"gpt-image-1": {"input": "1", "output": "2"}}}
    await house.http.put("/api/provider-configs/openai", json=own, headers=asker)
    client.answer = lambda _: FakeAnswer(200, {**PAINTED, "usage": BY_KIND})
    said = await house.http.post(IMAGES, json=PICTURE, headers=asker)

    assert Decimal(said.headers["x-realmultillm-cost"]) == Decimal("0.000316")


async def test_attempts_are_counted_as_they_begin(house: House, asker: Headers, client: FakeClient) -> None:
    """Also those that end in a failure."""
    client.answer = lambda _: FakeAnswer(500, {"error": {"message": "no"}}, {"retry-after": "0"})
    failed = await house.http.post(EMBEDDINGS, json=SMALL, headers=asker)
    row = await row_of(house, asker)

    assert failed.status_code >= 500
    assert (row.outcome, row.attempts) == ("error", 2)
