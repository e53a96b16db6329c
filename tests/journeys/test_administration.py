"""What an admin decides, and what others then meet."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from shared.egress.exchange import Outbound
from shared.storage.audit import find_flaw
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import HELLO, KEY, Headers, House
from tests.fakes.services import FixedClock
from tests.journeys.conftest import answers

SHARED_KEY = "sk-shared-Zx9Cv8Bn7Mm6Kk5Jh4Gf3Ds2"
CHAT = {"provider": "openai", "model": "hello", "messages": HELLO}


@pytest.fixture
async def root(house: House) -> Headers:
    return await house.signed_up("root")


@pytest.fixture
async def alice(house: House, root: Headers) -> Headers:
    return await house.signed_up("alice")


async def decided(house: House, root: Headers, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await house.http.put(f"/api/admin/{path}", json=body, headers=root)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def id_of(house: House, headers: Headers) -> str:
    return str((await house.http.get("/api/auth/session", headers=headers)).json()["user"]["id"])


async def chat(house: House, headers: Headers, **more: Any) -> httpx.Response:
    return await house.http.post("/api/llm/chat", json={**CHAT, **more}, headers=headers)


async def made_token(house: House, headers: Headers) -> tuple[str, Headers]:
    made = (await house.http.post("/api/tokens", json={"name": "ci"}, headers=headers)).json()
    return made["id"], {"x-api-key": made["token"]}


async def test_people_are_found_and_told_without_their_passwords(house: House, root: Headers, alice: Headers) -> None:
    everyone = (await house.http.get("/api/admin/users", headers=root)).json()
    found = (await house.http.get("/api/admin/users", params={"search": "ALICE"}, headers=root)).json()
    page = (await house.http.get("/api/admin/users", params={"limit": 1}, headers=root)).json()
    rest = (await house.http.get("/api/admin/users", params={"after": page["next"]}, headers=root)).json()

    assert {user["email"] for user in everyone["users"]} == {"root@example.com", "alice@example.com"}
    assert [user["email"] for user in found["users"]] == ["alice@example.com"]
    assert len(page["users"] + rest["users"]) == 2
    assert {field for user in everyone["users"] for field in user} == {"id", "email", "role", "isActive", "createdAt"}


async def test_who_is_deactivated_is_out_everywhere_within_five_seconds(
    house: House, root: Headers, alice: Headers
) -> None:
    """Threat I9."""
    owner, (_, program) = await id_of(house, alice), await made_token(house, alice)
    assert (await house.http.get("/api/provider-configs", headers=program)).status_code == 200
    changed = await house.http.patch(f"/api/admin/users/{owner}", json={"isActive": False}, headers=root)
    assert isinstance(house.services.now, FixedClock)
    house.services.now.pass_by(5)
    after = [await house.http.get("/api/provider-configs", headers=headers) for headers in (alice, program)]
    credentials = {"email": "alice@example.com", "password": "correct horse"}
    again = await house.http.post("/api/auth/signin", json=credentials)

    assert changed.json()["isActive"] is False
    assert [answer.status_code for answer in (*after, again)] == [401, 401, 401]


async def test_the_last_admin_stays_one(house: House, root: Headers, alice: Headers) -> None:
    me = await id_of(house, root)
    refused = [
        await house.http.patch(f"/api/admin/users/{me}", json=body, headers=root)
        for body in ({"role": "user"}, {"isActive": False})
    ]
    left = await house.http.request("DELETE", "/api/account", json={"password": "correct horse"}, headers=root)

    assert [answer.status_code for answer in (*refused, left)] == [409, 409, 409]
    assert (await house.http.get("/api/admin/users", headers=root)).status_code == 200


async def test_two_admins_who_take_each_others_role_away_at_once_leave_one(
    house: House, root: Headers, alice: Headers
) -> None:
    me, her = await id_of(house, root), await id_of(house, alice)
    await house.http.patch(f"/api/admin/users/{her}", json={"role": "admin"}, headers=root)
    assert isinstance(house.services.now, FixedClock)
    house.services.now.pass_by(5)
    await asyncio.gather(
        house.http.patch(f"/api/admin/users/{her}", json={"role": "user"}, headers=root),
        house.http.patch(f"/api/admin/users/{me}", json={"role": "user"}, headers=alice),
    )
    house.services.now.pass_by(5)
    roles = [(await house.http.get("/api/admin/users", headers=headers)).status_code for headers in (root, alice)]

    assert sorted(roles) == [200, 403]


async def test_a_provider_that_is_switched_off_is_reached_by_nobody(
    house: House, root: Headers, alice: Headers, client: FakeClient
) -> None:
    await house.with_key(alice)
    await decided(house, root, "providers/openai", {"isEnabled": False})
    asked = len(client.asked)
    refused = [
        await chat(house, alice),
        await house.http.post("/v1/chat/completions", json={"model": "openai/x", "messages": HELLO}, headers=alice),
        await house.http.post("/v1/embeddings", json={"model": "openai/x", "input": "x"}, headers=alice),
        await house.http.post("/api/providers/openai/test", json={}, headers=alice),
        await house.http.post("/api/provider-configs", json={"provider": "openai", "apiKey": KEY}, headers=alice),
        await house.http.get("/api/providers/openai", headers=alice),
    ]
    listed = (await house.http.get("/api/providers", headers=alice)).json()["providers"]
    models = (await house.http.get("/v1/models", headers=alice)).json()["data"]

    assert [answer.status_code for answer in refused] == [403] * len(refused)
    assert all("switched off" in answer.text for answer in refused)
    assert len(client.asked) == asked
    assert "openai" not in {provider["id"] for provider in listed}
    assert models == []
    await decided(house, root, "providers/openai", {"isEnabled": True})
    assert (await chat(house, alice)).status_code == 200


async def test_models_that_are_not_allowed_are_not_asked_and_not_shown(
    house: House, root: Headers, alice: Headers
) -> None:
    await house.with_key(alice)
    await decided(house, root, "providers/openai", {"models": ["other"]})
    refused, shown = await chat(house, alice), (await house.http.get("/v1/models", headers=alice)).json()["data"]
    await decided(house, root, "providers/openai", {"models": ["hello"]})

    assert (refused.status_code, refused.json()["error"]["details"]["parameter"]) == (403, "model")
    assert shown == []
    assert (await chat(house, alice)).status_code == 200
    assert [each["id"] for each in (await house.http.get("/v1/models", headers=alice)).json()["data"]] == [
        "openai/hello"
    ]


async def test_a_shared_key_pays_for_who_has_none_and_the_receipt_says_so(
    house: House, root: Headers, alice: Headers, client: FakeClient
) -> None:
    """Promise 1: the caller's own key first, and never silently another's."""
    before = await chat(house, alice)
    offer = {"sharing": {"to": "all"}, "sharedKey": {"apiKey": SHARED_KEY}}
    policy = await decided(house, root, "providers/openai", offer)
    shared = (await chat(house, alice)).json()["receipt"]
    bare = (
        await house.http.post("/v1/chat/completions", json={"model": "hello", "messages": HELLO}, headers=alice)
    ).status_code
    await house.with_key(alice)
    own = (await chat(house, alice)).json()["receipt"]
    used = [outbound.headers["authorization"].removeprefix("Bearer ") for outbound in client.asked[-3:]]

    assert before.status_code == 404
    assert (shared["key"], shared["fingerprint"]) == ("shared", policy["sharedKey"]["fingerprint"])
    assert bare == 200
    assert own["key"] == "own"
    assert used == [SHARED_KEY, SHARED_KEY, KEY]
    assert SHARED_KEY not in json.dumps(policy)


@pytest.mark.parametrize("to", ["users", "tokens"])
async def test_a_shared_key_is_for_those_alone_whom_the_policy_names(
    house: House, root: Headers, alice: Headers, to: str
) -> None:
    bob = await house.signed_up("bob")
    token_id, program = await made_token(house, alice)
    _, other = await made_token(house, bob)
    ids = [await id_of(house, alice)] if to == "users" else [token_id]
    await decided(
        house, root, "providers/openai", {"sharing": {"to": to, "ids": ids}, "sharedKey": {"apiKey": SHARED_KEY}}
    )
    answered = [(await chat(house, headers)).status_code for headers in (program, other, bob)]
    person = (await chat(house, alice)).status_code
    await decided(house, root, "providers/openai", {"sharedKey": None})

    assert answered == [200, 404, 404]
    assert person == (200 if to == "users" else 404)
    assert (await chat(house, program)).status_code == 404


SHARED_LIMITS = {"budgetUsd": "0.01", "budgetPeriod": "week", "requestsPerMinute": 9}


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"to": "all"}, SHARED_LIMITS),
        ({"limits": {}}, SHARED_LIMITS),
        ({"limits": {"requestsPerMinute": None}}, {**SHARED_LIMITS, "requestsPerMinute": None}),
        ({"limits": {"budgetUsd": "5"}}, {**SHARED_LIMITS, "budgetUsd": "5.00"}),
        ({"limits": {"budgetUsd": None}}, {"requestsPerMinute": 9, "budgetUsd": None, "budgetPeriod": None}),
        ({"limits": None}, {"requestsPerMinute": None, "budgetUsd": None, "budgetPeriod": None}),
        (None, {"requestsPerMinute": None, "budgetUsd": None, "budgetPeriod": None}),
    ],
)
async def test_a_change_of_the_sharing_keeps_the_limits_that_it_does_not_name(
    house: House, root: Headers, alice: Headers, change: dict[str, Any] | None, left: dict[str, Any]
) -> None:
    """A shared key's budget was lifted by naming other users."""
    sharing = {"to": "users", "ids": [await id_of(house, alice)], "limits": SHARED_LIMITS}
    await decided(house, root, "providers/openai", {"sharing": sharing, "sharedKey": {"apiKey": SHARED_KEY}})
    answer = await decided(house, root, "providers/openai", {"sharing": change})
    limits = answer["sharing"]["limits"]

    assert {name: limits[name] for name in left} == left
    assert (await house.http.get("/api/admin/providers/openai", headers=root)).json()["sharing"] == answer["sharing"]


async def test_ids_stay_while_whom_they_name_does_and_go_with_it(house: House, root: Headers, alice: Headers) -> None:
    owner, (token_id, _) = await id_of(house, alice), await made_token(house, alice)
    sharing = {"to": "users", "ids": [owner]}
    await decided(house, root, "providers/openai", {"sharing": sharing, "sharedKey": {"apiKey": SHARED_KEY}})
    said = [
        (await decided(house, root, "providers/openai", {"sharing": change}))["sharing"]
        for change in ({"limits": SHARED_LIMITS}, {"to": "tokens", "ids": [token_id]}, {"to": "all"})
    ]
    unnamed = await house.http.put("/api/admin/providers/openai", json={"sharing": {"to": "users"}}, headers=root)

    assert [(each["to"], each["ids"]) for each in said] == [("users", [owner]), ("tokens", [token_id]), ("all", [])]
    assert (unnamed.status_code, unnamed.json()["error"]["details"]["parameter"]) == (400, "sharing.ids")


@pytest.mark.parametrize("to", ["users", "tokens"])
async def test_nobody_unknown_is_shared_with_but_who_left_may_stay_named(
    house: House, root: Headers, alice: Headers, to: str
) -> None:
    token_id, _ = await made_token(house, alice)
    known = await id_of(house, alice) if to == "users" else token_id
    offer = {"sharing": {"to": to, "ids": [known]}, "sharedKey": {"apiKey": SHARED_KEY}}
    before = await house.http.put(
        "/api/admin/providers/openai", json={**offer, "sharing": {"to": to, "ids": [known, "nobody"]}}, headers=root
    )
    unchanged = (await house.http.get("/api/admin/providers/openai", headers=root)).json()
    await decided(house, root, "providers/openai", offer)
    await house.http.request("DELETE", "/api/account", json={"password": "correct horse"}, headers=alice)

    assert (before.status_code, before.json()["error"]["details"]["parameter"]) == (404, "sharing.ids[1]")
    assert (unchanged["sharing"]["to"], unchanged["sharedKey"]) == ("nobody", None)
    assert (await decided(house, root, "providers/openai", {"sharing": {"ids": [known]}}))["sharing"]["ids"] == [known]


@pytest.mark.parametrize("more", [{}, {"sharedKey": None}])
async def test_what_is_not_there_is_not_shared(house: House, root: Headers, more: dict[str, Any]) -> None:
    body = {"sharing": {"to": "all"}, **more}
    answer = await house.http.put("/api/admin/providers/openai", json=body, headers=root)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (409, "sharing.to")
    assert "sharedKey" in answer.json()["error"]["message"]


async def test_nobody_but_admins_reads_or_tries_the_shared_key(house: House, root: Headers, alice: Headers) -> None:
    """Threat K6: it is no config of theirs."""
    await decided(house, root, "providers/openai", {"sharing": {"to": "all"}, "sharedKey": {"apiKey": SHARED_KEY}})
    configs = await house.http.get("/api/provider-configs", headers=alice)
    tried = await house.http.post("/api/providers/openai/test", json={}, headers=alice)
    read = await house.http.get("/api/admin/providers/openai", headers=root)

    assert configs.json() == {"configs": []}
    assert tried.status_code == 404
    assert SHARED_KEY not in read.text + json.dumps([str(item) for item in house.table.items.values()])


@pytest.mark.parametrize(
    ("path", "body", "parameter"),
    [
        ("providers/openai", {"isEnabled": None}, "isEnabled"),
        ("providers/openai", {"sharing": {"to": "users"}}, "sharing.ids"),
        ("providers/openai", {"sharing": {"to": "all", "ids": ["x"]}}, "sharing.ids"),
        ("providers/openai", {"sharedKey": {}}, "sharedKey.apiKey"),
        ("providers/openai", {"owner": "x"}, "owner"),
        ("limits", {"scope": "organisation", "id": "x"}, "id"),
        ("limits", {"scope": "user"}, "id"),
        ("limits", {"scope": "model", "id": "openai"}, "id"),
        ("limits", {"scope": "provider", "id": "openai/x"}, "id"),
        ("limits", {"scope": "organisation", "budgetUsd": "-1"}, "budgetUsd"),
        ("limits", {"scope": "organisation", "budgetUsd": "0.0000001"}, "budgetUsd"),
        ("limits", {"scope": "organisation", "budgetPeriod": "day"}, "budgetPeriod"),
        ("alerts/webhook", {"url": "https://10.0.0.1/"}, None),
        ("alerts/webhook", {"url": "http://x.example.com/"}, "url"),
        ("moderation", {"before": True}, "words"),
        ("moderation", {"by": ["provider"], "provider": "openai"}, "provider"),
        ("moderation", {"by": ["provider"], "provider": "anthropic"}, "provider"),
        ("moderation", {"provider": "openai"}, "provider"),
        ("moderation", {"words": ["(a+)+$"], "patterns": ["."]}, "patterns"),
    ],
)
async def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    house: House, root: Headers, path: str, body: dict[str, Any], parameter: str | None
) -> None:
    """Threat H9 too: there is no field for a pattern of one's own."""
    answer = await house.http.put(f"/api/admin/{path}", json=body, headers=root)

    assert answer.status_code == 400, answer.text
    if parameter is not None:
        assert answer.json()["error"]["details"]["parameter"] == parameter


async def test_limits_of_everybody_are_set_shown_and_hold_for_who_is_new(
    house: House, root: Headers, alice: Headers
) -> None:
    await decided(house, root, "providers/openai", {"sharing": {"to": "all"}, "sharedKey": {"apiKey": SHARED_KEY}})
    before = (await chat(house, alice)).status_code
    said = await decided(house, root, "limits", {"scope": "user", "id": "default", "budgetUsd": "0"})
    newcomer = await house.signed_up("bob")
    refused = [(await chat(house, headers)).json()["error"]["code"] for headers in (alice, newcomer)]
    await decided(house, root, "limits", {"scope": "user", "id": await id_of(house, alice), "requestsPerMinute": 9})
    shown = (await house.http.get("/api/admin/limits", headers=root)).json()["limits"]

    assert (before, said["id"], said["budgetUsd"]) == (200, "default", "0")
    assert refused == ["budget_spent", "budget_spent"]
    assert [(each["scope"], each["id"] == "default") for each in shown] == [("user", True), ("user", False)]
    assert (await chat(house, alice)).status_code == 200


async def test_limits_stay_with_who_leaves_and_signs_up_again(house: House, root: Headers, alice: Headers) -> None:
    """A budget was washed away by deleting the account; what was spent of one is not either."""
    offer = {"sharing": {"to": "all"}, "sharedKey": {"apiKey": SHARED_KEY}}
    await decided(house, root, "providers/openai", offer)
    given = {"budgetUsd": "0.0001", "budgetPeriod": "total"}
    await decided(house, root, "limits", {"scope": "user", "id": await id_of(house, alice), **given})
    wish = {"model": "gpt-4o-mini", "options": {"maxTokens": 100}}
    answers = [await chat(house, alice, **wish)]
    while answers[-1].status_code == 200:
        answers.append(await chat(house, alice, **wish))
    await house.http.request("DELETE", "/api/account", json={"password": "correct horse"}, headers=alice)
    rows = json.dumps({str(place): str(item) for place, item in house.table.items.items() if "AUDIT" not in place})
    back = await house.signed_up("alice")
    again = await chat(house, back, **wish)
    shown = (await house.http.get("/api/admin/limits", headers=root)).json()["limits"]

    assert len(answers) > 2
    assert [(each["id"], each["spentUsd"] == "0") for each in shown] == [(await id_of(house, back), False)]
    assert (answers[-1].status_code, again.status_code) == (402, 402)
    assert again.json()["error"]["details"] == answers[-1].json()["error"]["details"]
    assert "alice@" not in rows


async def test_sign_up_is_closed_and_opened_by_admins(house: House, root: Headers, alice: Headers) -> None:
    bob = {"email": "bob@example.com", "password": "correct horse"}
    at_first = (await house.http.get("/api/admin/sign-up", headers=root)).json()
    closed = await decided(house, root, "sign-up", {"signUp": "closed"})
    refused = await house.http.post("/api/auth/signup", json=bob)
    shown = (await house.http.get("/api/admin/sign-up", headers=root)).json()
    inside = await house.http.post("/api/auth/signin", json={**bob, "email": "alice@example.com"})
    others = await house.http.put("/api/admin/sign-up", json={"signUp": "open"}, headers=alice)
    await decided(house, root, "sign-up", {"signUp": "open"})
    entries = (await house.http.get("/api/admin/audit-logs?action=admin.sign_up_changed", headers=root)).json()

    assert (at_first, closed, shown) == ({"signUp": "open"}, {"signUp": "closed"}, {"signUp": "closed"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "Ask an admin" in refused.json()["error"]["message"]
    assert (inside.status_code, others.status_code) == (200, 403)
    assert (await house.http.post("/api/auth/signup", json=bob)).status_code == 201
    assert [entry["details"]["signUp"] for entry in entries["entries"]] == ["closed to open", "open to closed"]


async def told(house: House, root: Headers, action: str) -> list[dict[str, str]]:
    """What the log says of it, the oldest first."""
    answer = (await house.http.get("/api/admin/audit-logs", params={"action": action}, headers=root)).json()
    return [entry["details"] for entry in reversed(answer["entries"])]


async def test_the_log_says_what_limits_were_and_are(house: House, root: Headers, alice: Headers) -> None:
    """Threat I12: who lifted a budget, and which one."""
    owner = await id_of(house, alice)
    for scope in ({"scope": "user", "id": owner}, {"scope": "provider", "id": "openai"}):
        await decided(house, root, "limits", {**scope, "budgetUsd": "2.50", "requestsPerMinute": 5})
        await decided(house, root, "limits", {**scope, "requestsPerMinute": 5, "maxConcurrent": 2})
    details = await told(house, root, "admin.limits_changed")

    assert details == [
        said
        for scope in ("user", "provider")
        for said in (
            {
                "scope": scope,
                "budgetUsd": "null to 2.5",
                "budgetPeriod": "null to month",
                "requestsPerMinute": "null to 5",
            },
            {
                "scope": scope,
                "budgetUsd": "2.5 to null",
                "budgetPeriod": "month to null",
                "maxConcurrent": "null to 2",
            },
        )
    ]
    assert await find_flaw(house.table) is None


async def test_the_log_says_who_shares_a_key_and_how_much_of_it(house: House, root: Headers, alice: Headers) -> None:
    """Threat I12."""
    me, her = await id_of(house, root), await id_of(house, alice)
    sharing = {"to": "users", "ids": [me], "limits": {"budgetUsd": "1"}}
    await decided(house, root, "providers/openai", {"sharing": sharing, "sharedKey": {"apiKey": SHARED_KEY}})
    change = {"sharing": {"ids": [her], "limits": {"budgetUsd": None}}, "isEnabled": False, "models": ["hello"]}
    await decided(house, root, "providers/openai", change)
    first, second = await told(house, root, "admin.provider_changed")

    assert first == {
        "sharing.to": "nobody to users",
        "sharing.idsAdded": f'["{me}"]',
        "sharing.limits.budgetUsd": "null to 1",
        "sharing.limits.budgetPeriod": "null to month",
    }
    assert second == {
        "isEnabled": "true to false",
        "models": 'null to ["hello"]',
        "sharing.idsAdded": f'["{her}"]',
        "sharing.idsRemoved": f'["{me}"]',
        "sharing.limits.budgetUsd": "1 to null",
        "sharing.limits.budgetPeriod": "month to null",
    }
    assert SHARED_KEY not in str(house.table.items)


async def test_the_log_says_what_prices_and_tokens_were_and_are(house: House, root: Headers, alice: Headers) -> None:
    """Threat I12: neither keys nor words are in it, nor the name that somebody gave a token."""
    await house.with_key(alice, prices={"a": {"input": "1", "output": "2"}, "b": {"input": "3", "output": "4"}})
    free = {"a": {"input": "0", "output": "0"}, "b": {"input": "3", "output": "4"}}
    change = {"prices": free, "settings": {"systemPrompt": "a secret of ours"}, "isActive": False}
    await house.http.put("/api/provider-configs/openai", json=change, headers=alice)
    made = await house.http.post("/api/tokens", json={"name": "ours", "budgetUsd": "5"}, headers=alice)
    body = {"budgetUsd": "0.5", "providers": ["claude"], "name": "still ours"}
    await house.http.patch(f"/api/tokens/{made.json()['id']}", json=body, headers=alice)
    (stored,), (changed,) = await told(house, root, "config.stored"), await told(house, root, "config.changed")
    (new,), (narrowed,) = await told(house, root, "token.created"), await told(house, root, "token.changed")
    log = (await house.http.get("/api/admin/audit-logs", headers=root)).text

    assert json.loads(stored["prices"].partition(" to ")[2])["b"] == {"input": "3", "output": "4"}
    assert changed["prices"] == '{"a": {"input": "1", "output": "2"}} to {"a": {"input": "0", "output": "0"}}'
    assert (changed["settings"], changed["isActive"]) == ("system_prompt", "true to false")
    assert new == {"budgetUsd": "null to 5", "budgetPeriod": "null to month"}
    assert narrowed == {
        "fields": "budget_usd name providers",
        "budgetUsd": "5 to 0.5",
        "providers": 'null to ["anthropic"]',
    }
    assert not [secret for secret in (KEY, "a secret of ours", "still ours", made.json()["token"]) if secret in log]
    assert await find_flaw(house.table) is None


async def test_limits_are_set_shown_and_lifted(house: House, root: Headers, alice: Headers) -> None:
    owner = await id_of(house, alice)
    given = {"scope": "user", "id": owner, "requestsPerMinute": 5, "budgetUsd": "2.5"}
    said = await decided(house, root, "limits", given)
    await decided(house, root, "limits", {"scope": "model", "id": "claude/x", "maxConcurrent": 2})
    shown = (await house.http.get("/api/admin/limits", headers=root)).json()["limits"]
    await decided(house, root, "limits", {"scope": "user", "id": owner})
    after = (await house.http.get("/api/admin/limits", headers=root)).json()["limits"]

    assert (said["budgetUsd"], said["budgetPeriod"], said["maxConcurrent"]) == ("2.50", "month", None)
    assert [(each["scope"], each["id"]) for each in shown] == [("model", "anthropic/x"), ("user", owner)]
    assert [each["scope"] for each in after] == ["model"]


async def test_what_was_done_is_in_the_log_and_the_log_is_whole(house: House, root: Headers, alice: Headers) -> None:
    """Threat I12."""
    await house.with_key(alice)
    await decided(house, root, "providers/openai", {"isEnabled": True})
    await house.http.post("/api/auth/signin", json={"email": "alice@example.com", "password": "a wrong one"})
    me = await id_of(house, root)
    log = (await house.http.get("/api/admin/audit-logs", headers=root)).json()
    mine = (await house.http.get("/api/admin/audit-logs", params={"actor": me}, headers=root)).json()
    one = (await house.http.get("/api/admin/audit-logs", params={"limit": 1}, headers=root)).json()
    rest = (await house.http.get("/api/admin/audit-logs", params={"before": one["next"]}, headers=root)).json()

    assert [entry["action"] for entry in log["entries"]] == [
        "account.sign_in_failed",
        "admin.provider_changed",
        "config.stored",
    ]
    assert [entry["action"] for entry in mine["entries"]] == ["admin.provider_changed"]
    assert one["entries"] + rest["entries"] == log["entries"]
    assert "alice@" not in json.dumps(log)
    assert KEY not in json.dumps(log)
    assert await find_flaw(house.table) is None


async def test_chats_are_judged_where_an_admin_says_so(
    house: House, root: Headers, alice: Headers, client: FakeClient
) -> None:
    await house.with_key(alice)
    await decided(house, root, "moderation", {"before": True, "after": True, "words": ["Bonjour"]})
    asked = len(client.asked)
    before = await chat(house, alice, messages=[{"role": "user", "content": "say bonjour"}])
    unasked = len(client.asked)
    plain = await chat(house, alice)
    stream = await house.http.post("/api/llm/stream", json=CHAT, headers=alice)
    ends = [line for line in lines(stream.text) if line["type"] in {"done", "error"}]
    await decided(house, root, "moderation", {})

    assert (before.status_code, before.json()["error"]["code"]) == (400, "content_refused")
    assert unasked == asked
    assert (plain.status_code, plain.json()["error"]["code"]) == (400, "content_refused")
    assert stream.status_code in {200, 400}
    assert "content_refused" in stream.text
    assert len(ends) <= 1
    assert (await chat(house, alice)).status_code == 200


async def test_a_refused_end_of_a_stream_is_its_one_error_event(
    house: House, root: Headers, alice: Headers, client: FakeClient
) -> None:
    await house.with_key(alice)
    await decided(house, root, "moderation", {"after": True, "words": ["bad"]})
    client.answer = _says_in_pieces
    stream = await house.http.post("/api/llm/stream", json=CHAT, headers=alice)
    said = lines(stream.text)

    assert stream.status_code == 200
    assert [line["type"] for line in said] == ["start", "chunk", "error"]
    assert said[-1]["error"]["code"] == "content_refused"


def _says_in_pieces(outbound: Outbound) -> FakeAnswer:
    if not outbound.url.endswith("/chat/completions"):
        return answers(outbound)
    return _InPieces(200, b"", {"content-type": "text/event-stream"})


class _InPieces(FakeAnswer):
    """A stream whose words come apart."""

    async def pieces(self) -> Any:
        for word in ("so far so good, ", "but bad ", "then"):
            delta = {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
            yield f"data: {json.dumps(delta)}\n\n".encode()
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        yield f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode()


async def test_the_country_is_believed_where_a_setting_names_its_header(
    house: House, root: Headers, alice: Headers
) -> None:
    """Threat H1: without the setting, a header is anybody's."""
    for country in ("DE", "FR"):
        await house.http.get("/api/provider-configs", headers={**alice, "x-country": country})
    unsaid = (await house.http.get("/api/admin/alerts", headers=root)).json()["alerts"]
    object.__setattr__(house.services.settings, "country_header", "x-country")
    for country in ("DE", "FR"):
        await house.http.get("/api/provider-configs", headers={**alice, "x-country": country})
    (alert,) = (await house.http.get("/api/admin/alerts", headers=root)).json()["alerts"]

    assert unsaid == []
    assert (alert["kind"], alert["subject"], alert["telling"]) == ("new_country", await id_of(house, alice), "nobody")


async def test_totals_count_people_keys_and_what_all_of_them_used(house: House, root: Headers, alice: Headers) -> None:
    await house.with_key(alice)
    body = {"provider": "openai", "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    assert (await house.http.post("/api/llm/chat", json=body, headers=alice)).status_code == 200
    totals = (await house.http.get("/api/admin/analytics", headers=root)).json()
    before = await house.http.get("/api/admin/analytics?from=2020-01-01&to=2020-01-02", headers=root)
    usage, costs = totals.pop("usage"), totals.pop("costs")

    assert totals == {"users": 2, "admins": 1, "inactiveUsers": 0, "configs": {"openai": 1}, "byUser": None}
    assert [(line["provider"], line["requests"], line["inputTokens"]) for line in usage["rows"]] == [("openai", 1, 7)]
    assert (costs["total"]["costUsd"], costs["total"]["unpricedRequests"]) == ("0.00000405", 0)
    assert before.json()["usage"]["rows"] == []


async def test_who_spends_is_shown_to_admins_and_to_whoever_made_the_token(
    house: House, root: Headers, alice: Headers
) -> None:
    """Threat I9: a token that nobody uses is found."""
    await house.with_key(alice)
    owner, me = await id_of(house, alice), await id_of(house, root)
    await decided(house, root, "limits", {"scope": "user", "id": owner, "budgetUsd": "2", "budgetPeriod": "day"})
    await decided(house, root, "limits", {"scope": "user", "id": me, "requestsPerMinute": 9})
    wanted = {"name": "laptop", "budgetUsd": "1"}
    made = (await house.http.post("/api/tokens", json=wanted, headers=alice)).json()
    await house.http.post("/api/tokens", json={"name": "idle"}, headers=alice)
    body = {"provider": "openai", "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    for caller in ({"x-api-key": made["token"]}, alice):
        assert (await house.http.post("/api/llm/chat", json=body, headers=caller)).status_code == 200
    tokens = (await house.http.get("/api/tokens", headers=alice)).json()["tokens"]
    idle, used = sorted(tokens, key=lambda token: str(token["name"]))
    limits = (await house.http.get("/api/admin/limits", headers=root)).json()["limits"]
    told = (await house.http.get("/api/admin/analytics?groupBy=user", headers=root)).json()
    wrong = await house.http.get("/api/admin/analytics?groupBy=token", headers=root)
    house.clock.pass_by(86_400)
    tomorrow = await house.signed_in("root")
    (again,) = [
        each
        for each in (await house.http.get("/api/admin/limits", headers=tomorrow)).json()["limits"]
        if each["id"] == owner
    ]

    assert (used["spentUsd"], used["remaining"], used["lastUsedAt"]) == ("0.000005", "0.999995", "2027-01-15T08:00:00Z")
    assert (idle["spentUsd"], idle["remaining"], idle["lastUsedAt"]) == ("0", None, None)
    assert {each["id"]: (each["spentUsd"], each["remaining"]) for each in limits} == {
        owner: ("0.00001", "1.99999"),
        me: ("0", None),
    }
    assert (again["spentUsd"], again["remaining"]) == ("0", "2.00")
    assert told["byUser"] == [
        {
            "id": owner,
            "email": "alice@example.com",
            "requests": 2,
            "errors": 0,
            "inputTokens": 14,
            "outputTokens": 10,
            "costUsd": "0.0000081",
            "unpricedRequests": 0,
        }
    ]
    assert wrong.status_code == 400


async def test_all_providers_are_shown_with_what_holds_for_them(house: House, root: Headers) -> None:
    await decided(house, root, "providers/groq", {"isEnabled": False})
    await decided(house, root, "providers/openai", {"sharedKey": {"apiKey": KEY, "test": False}})
    told = (await house.http.get("/api/admin/providers", headers=root)).json()["providers"]
    by_id = {each["provider"]: each for each in told}

    assert {name for name, each in by_id.items() if not each["isEnabled"]} == {"groq"}
    assert {name for name, each in by_id.items() if each["sharedKey"] is not None} == {"openai"}
    assert by_id["openai"] == (await house.http.get("/api/admin/providers/openai", headers=root)).json()
    assert KEY not in str(told)
