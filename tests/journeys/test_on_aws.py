"""The whole house on AWS (moto behind a socket), each door with an identity of its own as each Lambda has one, and a provider behind real sockets.

What every door asks of AWS on the way is written down: those are the rights that its role needs, and it needs no more. Threat K7.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import functions.accounts.app as accounts
import functions.admin.app as admin
import functions.analytics.app as analytics
import functions.catalog.app as catalog
import functions.chat.app as chat
import functions.configs.app as configs
import functions.key_test.app as key_test
from shared.errors import Unreachable
from shared.gateway.books.admit import Asked, admit, limits_of
from shared.gateway.books.carry_out import carry_out
from shared.gateway.books.estimate import Need
from shared.gateway.books.sweep import sweep
from shared.gateway.books.unsettled import leave_unsettled
from shared.gateway.guard.tell import tell_alerts
from shared.identity.cognito import CognitoAccounts
from shared.identity.key_set import AFTER_A_FAILURE, FRESH, LONGEST_KEPT
from shared.identity.sessions import SESSION_LIFE
from shared.records.ledger import LedgerRow
from shared.services import Services
from shared.settings import read_settings
from shared.storage.admission import Used
from shared.storage.alerts import add_alert, list_alerts
from shared.storage.policies import forget_policies
from tests.fakes.aws import Aws
from tests.fakes.client import FakeClient
from tests.fakes.gateway import ROOT, lines, running_gateway
from tests.fakes.http_server import HttpServer, answer, http_server, saying
from tests.fakes.provider import GOOD_KEY, WORDS, fake_provider
from tests.fakes.rights import NOTES_COUNTRIES, PURPOSES, TELLER
from tests.fakes.sinks import found
from tests.fakes.targets import target_of

DOORS: dict[str, ModuleType] = {
    "accounts": accounts,
    "configs": configs,
    "key_test": key_test,
    "catalog": catalog,
    "analytics": analytics,
    "admin": admin,
    "chat": chat,
}
HELLO = [{"role": "user", "content": "hello"}]
WRONG_KEY = "sk-wrong-5Tg9Bv2Nc7Mx4Qa8Ws3Ed6Rf1Yh"
HOOK_SECRET = "5f1e9a07c3b24d68850fa6d1e2c794b3"
KMS = {"Decrypt", "GenerateDataKey", "ReEncrypt"}
ALICE = {"email": "alice@example.com", "password": "correct horse battery staple"}

RIGHTS = {
    "accounts": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminSetUserPassword",
        "cognito-idp:AdminAddUserToGroup",
        "cognito-idp:AdminInitiateAuth",
        "cognito-idp:AdminDeleteUser",
    },
    "configs": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        "kms:GenerateDataKey",
        "kms:ReEncrypt",
    },
    "key_test": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "kms:Decrypt"},
    "catalog": {"dynamodb:GetItem", "dynamodb:Query"},
    "analytics": {"dynamodb:GetItem", "dynamodb:Query"},
    "admin": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        "kms:GenerateDataKey",
        "cognito-idp:AdminAddUserToGroup",
        "cognito-idp:AdminRemoveUserFromGroup",
    },
    "chat": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "sqs:SendMessage",
    },
    "sweeper": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
    },
    "teller": {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "kms:Decrypt"},
}
"""By door. ReEncrypt is two rights of IAM's: kms:ReEncryptFrom and kms:ReEncryptTo."""


@dataclass
class HouseOnAws:
    """A function for each door, and what they asked of AWS."""

    aws: Aws
    ids: dict[str, str]
    services: dict[str, Services]
    doors: dict[str, httpx.AsyncClient]
    headers: dict[str, str] = field(default_factory=dict)
    said: list[httpx.Response] = field(default_factory=list)

    async def ask(self, door: str, method: str, path: str, body: Any = None, **more: str) -> httpx.Response:
        answer = await self.doors[door].request(method, path, json=body, headers={**self.headers, **more})
        self.said.append(answer)
        return answer

    async def signed_up(self, who: dict[str, str]) -> dict[str, Any]:
        session: dict[str, Any] = (await self.ask("accounts", "POST", "/api/auth/signup", who)).json()
        self.headers = {"authorization": f"Bearer {session['token']}"}
        return session

    def asked(self, door: str) -> set[str]:
        """What this door asked of AWS."""
        return {f"{service}:{operation}" for key, service, operation in self.aws.asked if key == self.key(door)}

    def touched(self, door: str) -> set[tuple[str, str]]:
        """On what."""
        return {(operation, what) for key, operation, what in self.aws.touched if key == self.key(door)}

    def key(self, door: str) -> str:
        return f"{door}-of-{self.ids['REALMULTILLM_TABLE']}"


@pytest.fixture
async def provider() -> AsyncIterator[HttpServer]:
    async with fake_provider() as server:
        yield server


@pytest.fixture
async def receiver() -> AsyncIterator[HttpServer]:
    """Who hears of alerts."""
    async with http_server(saying(answer(b"", "204 No Content"))) as server:
        yield server


@pytest.fixture
async def house(aws: Aws, provider: HttpServer, receiver: HttpServer) -> AsyncIterator[HouseOnAws]:
    ids = {
        **aws.settings(),
        "REALMULTILLM_PROVIDER_URLS": json.dumps({"openai": provider.url("/v1")}),
        "REALMULTILLM_EGRESS_ALLOW": f"{provider.origin},{receiver.origin}",
    }
    house = HouseOnAws(aws, ids, {}, {})
    async with AsyncExitStack() as stack:
        for name, door in DOORS.items():
            services = Services(read_settings({**ids, "AWS_ACCESS_KEY_ID": house.key(name)}))
            house.services[name] = services
            house.doors[name] = await stack.enter_async_context(opened(door.create_app, services))
        house.services["teller"] = Services(read_settings({**ids, "AWS_ACCESS_KEY_ID": house.key("teller")}))
        yield house
        await house.services["teller"].close()


@asynccontextmanager
async def opened(create_app: Callable[[Services], Any], services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client
    await services.close()


async def stored(house: HouseOnAws, key: str = GOOD_KEY) -> httpx.Response:
    return await house.ask("configs", "POST", "/api/provider-configs", {"provider": "openai", "apiKey": key})


async def test_from_nothing_to_an_answer(house: HouseOnAws) -> None:
    session = await house.signed_up(ALICE)
    kept = await stored(house)
    tried = await house.ask("key_test", "POST", "/api/providers/openai/test")
    models = await house.ask("key_test", "GET", "/api/models/openai")
    plain = await house.ask("chat", "POST", "/api/llm/chat", {"model": "openai/hello", "messages": HELLO})
    stream = await house.ask("chat", "POST", "/api/llm/stream", {"model": "openai/hello", "messages": HELLO})

    assert session["user"]["role"] == "admin"
    assert kept.json()["testResult"]["valid"]
    assert tried.json()["valid"]
    assert {model["id"] for model in models.json()["models"]} == {"hello", "echo"}
    assert plain.json()["choices"][0]["message"]["content"] == "".join(WORDS)
    assert [line["type"] for line in lines(stream.text)] == ["start", *["chunk"] * len(WORDS), "done"]


async def test_every_door_on_one_port_serves_the_home_on_aws_too(
    house: HouseOnAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m functions.local`, told what the stack tells: a container runs the same gateway, and keeps nothing on its disk."""
    for name, value in house.ids.items():
        monkeypatch.setenv(name, value)
    async with running_gateway(tmp_path / "home") as running, running.signed_in() as alice:
        await alice.post("/api/provider-configs", json={"provider": "openai", "apiKey": GOOD_KEY})
        answer = await alice.post("/api/llm/chat", json={"model": "openai/hello", "messages": HELLO})
    rows = house.aws.boto3("dynamodb").scan(TableName=house.ids["REALMULTILLM_TABLE"])["Items"]

    assert answer.json()["choices"][0]["message"]["content"] == "".join(WORDS)
    assert b"llm_requests_total" in bytes(running.printed)
    assert any(row["sk"]["S"] == "CONFIG#openai" for row in rows)
    assert not (tmp_path / "home").exists()


async def test_a_session_that_ends_at_one_door_ends_at_all(house: HouseOnAws) -> None:
    """Threat I9: each is a process of its own; the first to be asked afterwards looks it up."""
    await house.signed_up(ALICE)
    out = await house.ask("accounts", "POST", "/api/auth/signout")
    answers = [
        await house.ask("accounts", "GET", "/api/auth/session"),
        await house.ask("configs", "GET", "/api/provider-configs"),
        await house.ask("chat", "POST", "/api/llm/chat", {"model": "openai/hello", "messages": HELLO}),
    ]

    assert out.status_code == 204
    assert [answer.status_code for answer in answers] == [401, 401, 401]


async def test_another_user_has_no_key(house: HouseOnAws) -> None:
    """Promise 1, threat I3."""
    await house.signed_up(ALICE)
    await stored(house)
    await house.signed_up({**ALICE, "email": "bob@example.com"})
    answer = await house.ask(
        "chat", "POST", "/api/llm/chat", {"provider": "openai", "model": "hello", "messages": HELLO}
    )

    assert answer.status_code == 404


def of_another_key(token: str) -> str:
    """The token, as if a key had signed it that nobody here has seen."""
    header, dot, rest = token.partition(".")
    said = {**json.loads(base64.urlsafe_b64decode(header + "==")), "kid": "next-years-key"}
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=") + dot + rest


async def test_while_the_pool_s_keys_are_out_of_reach_who_is_known_chats_on(
    house: HouseOnAws, provider: HttpServer
) -> None:
    """Fault 26: sessions by the keys of before, access tokens without any; a key that nobody has seen is 503, never 401, and nobody is asked."""
    session = await house.signed_up(ALICE)
    await stored(house)
    program = {"x-api-key": (await house.ask("accounts", "POST", "/api/tokens", {"name": "ci"})).json()["token"]}
    person, hello = house.headers, {"model": "openai/hello", "messages": HELLO}
    stranger = {"authorization": f"Bearer {of_another_key(session['token'])}"}

    async def chats(*, by: dict[str, str]) -> httpx.Response:
        house.headers = by
        return await house.ask("chat", "POST", "/api/llm/chat", hello)

    before = await chats(by=person)
    accounts_of_chat = house.services["chat"].accounts
    assert isinstance(accounts_of_chat, CognitoAccounts)
    keys, passed = accounts_of_chat._keys, [FRESH + 1.0]
    way_out, asked = keys._client, len(provider.visits)
    keys._client, keys._now = FakeClient(lambda _: Unreachable("no")), lambda: time.time() + passed[0]
    known, token, unknown = await chats(by=person), await chats(by=program), await chats(by=stranger)
    asked_meanwhile = len(provider.visits) - asked
    passed[0] += LONGEST_KEPT
    forgotten, token_still = await chats(by=person), await chats(by=program)
    keys._client = way_out
    passed[0] += AFTER_A_FAILURE
    after, refused = await chats(by=person), await chats(by=stranger)
    rows = house.aws.boto3("dynamodb").scan(TableName=house.ids["REALMULTILLM_TABLE"])["Items"]
    ledger = [row["outcome"]["S"] for row in rows if row["sk"]["S"].startswith("REQUEST#")]

    assert [each.status_code for each in (before, known, token, token_still, after)] == [200] * 5
    for each in (unknown, forgotten):
        assert (each.status_code, each.json()["error"]["code"]) == (503, "storage_unavailable")
        assert int(each.headers["retry-after"]) > 0
    assert (refused.status_code, asked_meanwhile) == (401, 2)
    assert ledger == ["done"] * 5
    assert not [name for row in rows for name in row if name.startswith("h_")]


async def test_a_key_that_was_moved_to_another_owner_opens_nowhere(house: HouseOnAws) -> None:
    """Threat K2, with KMS's own check of the context."""
    await house.signed_up(ALICE)
    await stored(house)
    alices = house.aws.boto3("dynamodb").scan(TableName=house.ids["REALMULTILLM_TABLE"])["Items"]
    bob = await house.signed_up({**ALICE, "email": "bob@example.com"})
    for item in alices:
        if item["sk"]["S"] == "CONFIG#openai":
            moved = {**item, "pk": {"S": f"OWNER#{bob['user']['id']}"}}
            if "owner" in item:
                moved["owner"] = {"S": bob["user"]["id"]}
            house.aws.boto3("dynamodb").put_item(TableName=house.ids["REALMULTILLM_TABLE"], Item=moved)
    answer = await house.ask("chat", "POST", "/api/llm/chat", {"model": "openai/hello", "messages": HELLO})

    assert (answer.status_code, answer.json()["error"]["code"]) == (424, "credential_corrupt")


async def test_every_door_asks_for_what_its_role_may_and_for_all_of_it(house: HouseOnAws, receiver: HttpServer) -> None:
    """What `infra` grants: docs/aws-rights.md."""
    await walk_everywhere(house)
    await leave_behind(house)
    settled, aborted = await sweep_up(house)
    session = (await house.ask("accounts", "POST", "/api/auth/signin", ALICE)).json()
    house.headers = {"authorization": f"Bearer {session['token']}"}
    await tell(house, receiver)
    await stored(house)
    await house.ask("chat", "POST", "/api/llm/chat", {"model": "openai/hello", "messages": HELLO, "keep": True})
    rewrapped = (await house.ask("configs", "POST", "/api/admin/encryption/rewrap")).json()
    assert rewrapped == {
        "rewrapped": 1, "needsReentry": 0, "journals": 1, "own": 1, "unreadable": 0, "next": None,
    }  # fmt: skip
    purposes = {door: {(done, of) for done, of in house.touched(door) if done in KMS} for door in RIGHTS}

    assert (settled, aborted) == (1, 1)
    assert {door: house.asked(door) for door in RIGHTS} == RIGHTS
    assert purposes == {door: PURPOSES[door] for door in RIGHTS}
    assert {(done, of) for done, of in house.touched("teller") if done not in KMS} == TELLER


async def tell(house: HouseOnAws, receiver: HttpServer) -> None:
    """An admin names a webhook, something looks suspicious, the clock calls."""
    body = {"url": receiver.url("/hook"), "secret": HOOK_SECRET}
    named = await house.ask("admin", "PUT", "/api/admin/alerts/webhook", body)
    assert named.status_code == 200, named.text
    chat = house.services["chat"]
    forget_policies(chat.table)  # as five seconds later
    await add_alert(chat.table, "refused_keys", "alice", now=chat.now())
    told = await tell_alerts(house.services["teller"])
    assert told == 1, (await list_alerts(chat.table))[0][0].failure


READ_AT: dict[str, str] = {
    "accounts": "/api/tokens",
    "configs": "/api/provider-configs",
    "key_test": "/api/models/openai",
    "catalog": "/api/providers",
    "analytics": "/api/analytics/usage",
    "admin": "/api/admin/limits",
    "chat": "/api/chat/history",
}
"""A route of each door that any admin may read."""


@pytest.mark.parametrize("door", DOORS)
async def test_a_new_country_is_noted_at_every_door_within_its_rights(
    house: HouseOnAws, receiver: HttpServer, door: str
) -> None:
    """Threat I9: also by those that else only read, with no more than the rule needs (tests/infra/test_rights.py)."""
    await house.signed_up(ALICE)
    await house.ask("admin", "PUT", "/api/admin/alerts/webhook", {"url": receiver.url("/hook"), "secret": HOOK_SECRET})
    services = house.services[door]
    forget_policies(services.table)  # as five seconds later
    object.__setattr__(services.settings, "country_header", "x-country")
    for country in ("DE", "FR"):
        await house.ask(door, "GET", READ_AT[door], **{"x-country": country})
    found, _ = await list_alerts(services.table)
    written = {(done, of) for done, of in house.touched(door) if done in {"PutItem", "UpdateItem"}}

    assert [(alert.kind, alert.telling) for alert in found] == [("new_country", "waiting")]
    assert house.asked(door) <= RIGHTS[door] | {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    if door in {"catalog", "analytics"}:
        assert {(done, of.partition("#")[0] + "#" if of.startswith("COUNTRIES") else of) for done, of in written} == (
            NOTES_COUNTRIES
        )


async def test_an_alert_is_told_signed_with_a_secret_that_no_environment_holds(
    house: HouseOnAws, receiver: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Threats I14 and K8: it lies sealed in the table, and no answer, row or log has it."""
    await house.signed_up(ALICE)
    await tell(house, receiver)
    (visit,) = receiver.visits
    signed = visit.headers["x-realmultillm-timestamp"].encode() + b"." + visit.body
    expected = hmac.new(HOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    (alert,) = (await house.ask("admin", "GET", "/api/admin/alerts")).json()["alerts"]
    rows = house.aws.boto3("dynamodb").scan(TableName=house.ids["REALMULTILLM_TABLE"])["Items"]
    printed = capsys.readouterr()
    sinks = [repr(rows), printed.out, printed.err, repr(house.ids), *(said.text for said in house.said)]

    assert visit.headers["x-realmultillm-signature"] == f"v1={expected}"
    assert (alert["telling"], alert["tries"], alert["failure"]) == ("told", 0, None)
    assert not [sink for sink in sinks if HOOK_SECRET in sink]


def test_the_page_about_rights_says_the_same() -> None:
    page = (ROOT / "docs" / "aws-rights.md").read_text("utf-8")
    rows = [line.strip("| ").split("|") for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    written = {door.strip(): cells for door, *cells in rows if door.strip() in RIGHTS}
    services = ("dynamodb", "kms", "cognito-idp", "sqs")

    assert {
        door: {
            f"{service}:{operation}"
            for service, cell in zip(services, cells, strict=False)
            for operation in re.findall(r"\b[A-Z]\w+(?<!From)(?<!To)\b", cell)
        }
        for door, cells in written.items()
    } == RIGHTS


async def walk_everywhere(house: HouseOnAws) -> None:
    """Every route of every door, as someone and as a program."""
    session = await house.signed_up(ALICE)
    refreshed = await house.ask("accounts", "POST", "/api/auth/refresh", {"refreshToken": session["refreshToken"]})
    house.headers = {"authorization": f"Bearer {refreshed.json()['token']}"}
    await house.ask("accounts", "POST", "/api/auth/signin", ALICE)
    await house.ask("accounts", "POST", "/api/auth/signin", {**ALICE, "password": "wrong horse"})
    for path in ("/api/auth/session", "/.well-known/jwks.json", "/api/tokens"):
        await house.ask("accounts", "GET", path)
    token = (await house.ask("accounts", "POST", "/api/tokens", {"name": "ci"})).json()
    await house.ask("accounts", "PATCH", f"/api/tokens/{token['id']}", {"name": "cd"})
    token = (await house.ask("accounts", "POST", f"/api/tokens/{token['id']}/rotate")).json()

    await stored(house)
    await stored(house, WRONG_KEY)
    for path in ("/api/provider-configs", "/api/provider-configs/openai"):
        await house.ask("configs", "GET", path)
    await house.ask("configs", "PUT", "/api/provider-configs/openai", {"settings": {"temperature": 0.5}})
    await house.ask("configs", "POST", "/api/provider-configs/openai/rotate", {"apiKey": GOOD_KEY})
    rewrapped = await house.ask("configs", "POST", "/api/admin/encryption/rewrap")
    assert rewrapped.status_code == 200, rewrapped.text

    await house.ask("key_test", "POST", "/api/providers/openai/test")
    await house.ask("key_test", "POST", "/api/test-api-key", {"provider": "openai", "apiKey": GOOD_KEY})
    await house.ask("key_test", "GET", "/api/models/openai")
    for path in ("/api/providers", "/api/providers/metadata", "/api/providers/openai", "/api/models"):
        await house.ask("catalog", "GET", path)
    await house.ask("catalog", "POST", "/api/models/recommend", {"task": "chat"})
    for path in (
        "/api/analytics/usage",
        "/api/analytics/costs",
        "/api/analytics/performance",
        "/api/analytics/requests",
        "/api/metrics",
    ):
        await house.ask("analytics", "GET", path)

    await try_a_moved_key(house, session["user"]["id"])
    await administer(house, session["user"]["id"])
    await chat_in_every_way(house)
    person, house.headers = house.headers, {"x-api-key": token["token"]}
    await chat_in_every_way(house)
    house.headers = person
    untried = {"provider": "openai", "apiKey": WRONG_KEY, "test": False}
    await house.ask("configs", "POST", "/api/provider-configs", untried)
    await chat_in_every_way(house)
    await house.ask("accounts", "DELETE", f"/api/tokens/{token['id']}")
    await house.ask("configs", "DELETE", "/api/provider-configs/openai")
    await leave(house)
    await house.ask("accounts", "POST", "/api/auth/signout")
    ours = [
        answer.text for answer in house.said if answer.status_code in {500, 503}
    ]  # the provider speaks one API of four
    assert not ours


async def leave_behind(house: HouseOnAws) -> None:
    """One request whose end the table did not take, and one whose process died long ago."""
    services, target = house.services["chat"], target_of("openai", "gpt-4o-mini")
    asked = Asked(request_id="LATE", owner="alice", token=None, api="openai", streamed=False, started_at=services.now())
    limited = await limits_of(services, asked, [target])
    late = await admit(services, asked, limited, [(target, Need(1, 1, 1))], within=60)
    row = LedgerRow(
        request_id="LATE", owner="alice", token_id=None, started_at=0, outcome="done", provider="openai", model="m"
    )
    await leave_unsettled(services, row, late, Used())
    await admit(services, replace(asked, request_id="DEAD"), limited, [(target, Need(1, 1, 1))], within=-3600)


async def sweep_up(house: HouseOnAws) -> tuple[int, int]:
    """What the sweeper's function does each minute; and what it does once nobody has called for two hours."""
    settings = read_settings({**house.ids, "AWS_ACCESS_KEY_ID": house.key("sweeper")})
    now, later = Services(settings), Services(settings, now=lambda: time.time() + 7200)
    try:
        found, swept = await carry_out(now), await sweep(now)
        await sweep(later)
    finally:
        await now.close()
        await later.close()
    return found["settled"], swept.aborted


async def try_a_moved_key(house: HouseOnAws, owner: str) -> None:
    """Another provider's row with this one's key: it does not open, and that is written down."""
    table, client = house.ids["REALMULTILLM_TABLE"], house.aws.boto3("dynamodb")
    place = {"pk": {"S": f"OWNER#{owner}"}, "sk": {"S": "CONFIG#openai"}}
    item = client.get_item(TableName=table, Key=place)["Item"]
    moved = {**item, "sk": {"S": "CONFIG#anthropic"}, "provider": {"S": "anthropic"}}
    client.put_item(TableName=table, Item=moved)
    tried = await house.ask("key_test", "POST", "/api/providers/anthropic/test")
    assert tried.json()["error"] == "credential_corrupt"
    client.delete_item(TableName=table, Key={**place, "sk": {"S": "CONFIG#anthropic"}})


async def administer(house: HouseOnAws, root: str) -> None:
    """Every route of the admin door."""
    first = house.headers
    bob = (await house.signed_up({**ALICE, "email": "bob@example.com"}))["user"]["id"]
    house.headers = first
    for path in ("users", "analytics", "limits", "audit-logs", "alerts", "alerts/webhook", "moderation"):
        answer = await house.ask("admin", "GET", f"/api/admin/{path}")
        assert answer.status_code == 200, answer.text
    for role in ("admin", "user"):
        answer = await house.ask("admin", "PATCH", f"/api/admin/users/{bob}", {"role": role})
        assert answer.json()["role"] == role, answer.text
    assert (await house.ask("admin", "PATCH", f"/api/admin/users/{root}", {"role": "user"})).status_code == 409
    shared = {"sharing": {"to": "all"}, "sharedKey": {"apiKey": GOOD_KEY, "test": False}}
    for body in (shared, {"sharing": None, "sharedKey": None}):
        answer = await house.ask("admin", "PUT", "/api/admin/providers/openai", body)
        assert answer.status_code == 200, answer.text
    await house.ask("admin", "GET", "/api/admin/providers/openai")
    for limits in ({"requestsPerMinute": 1000}, {}):
        await house.ask("admin", "PUT", "/api/admin/limits", {"scope": "organisation", **limits})
    await house.ask("admin", "PUT", "/api/admin/alerts/webhook", {"url": None})
    await house.ask("admin", "PUT", "/api/admin/moderation", {"before": False})


async def leave(house: HouseOnAws) -> None:
    """Somebody takes along what is kept of them, and is forgotten."""
    first = house.headers
    await house.signed_up({**ALICE, "email": "carol@example.com"})
    kept = await house.ask("accounts", "GET", "/api/account")
    left = await house.ask("accounts", "DELETE", "/api/account", {"password": ALICE["password"]})
    again = await house.ask("accounts", "POST", "/api/auth/signin", {**ALICE, "email": "carol@example.com"})
    house.headers = first
    assert (kept.status_code, left.status_code, again.status_code) == (200, 204, 401), left.text


async def chat_in_every_way(house: HouseOnAws) -> None:
    for path in ("/api/llm/chat", "/api/llm/stream", "/api/chat/openai", "/api/chat/openai/stream"):
        await house.ask("chat", "POST", path, {"model": "hello", "provider": "openai", "messages": HELLO})
    for stream in (False, True):
        body = {"model": "openai/hello", "messages": HELLO, "max_tokens": 9, "stream": stream}
        await house.ask("chat", "POST", "/v1/chat/completions", body)
        await house.ask("chat", "POST", "/v1/messages", body)
        await house.ask("chat", "POST", "/v1/responses", {"model": "openai/hello", "input": "hello", "stream": stream})
    await house.ask("chat", "POST", "/v1/messages/count_tokens", {"model": "openai/hello", "messages": HELLO})
    await house.ask("chat", "POST", "/v1/embeddings", {"model": "openai/hello", "input": "hello"})
    await house.ask("chat", "POST", "/api/llm/chat", {"model": "hello", "messages": HELLO})
    await house.ask("chat", "GET", "/v1/models")
    await house.ask("chat", "GET", "/v1/models/openai/hello")
    await house.ask("chat", "GET", "/api/health")
    hello = {"model": "openai/hello", "messages": HELLO}
    await house.ask("chat", "POST", "/api/tokens/count", hello)
    targets = [{"model": "openai/hello"}, {"model": "openai/echo"}]
    await house.ask("chat", "POST", "/api/chat/compare", {"messages": HELLO, "targets": targets})
    await house.ask("chat", "POST", "/api/requests/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel")
    key = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    for path in ("/api/llm/chat", "/api/llm/stream"):
        first, again = [await house.ask("chat", "POST", path, hello, **key) for _ in range(2)]
        if first.status_code == 200:  # with a wrong key of the provider there is nothing to give again
            assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    told = (await house.ask("chat", "POST", "/api/llm/chat", {**hello, "keep": True})).json().get("conversation")
    if told:
        await house.ask("chat", "POST", "/api/llm/chat", {**hello, "conversationId": told["id"]})
        one = f"/api/chat/history/{told['id']}"
        await house.ask("chat", "GET", "/api/account/texts")
        await house.ask("chat", "PATCH", one, {"title": "Sky"})
        for method, path in (("GET", ""), ("GET", one), ("DELETE", one), ("DELETE", "")):
            assert (await house.ask("chat", method, path or "/api/chat/history")).status_code < 300


async def test_the_key_is_nowhere(house: HouseOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    """Threats K6, K8 and K9: not in an answer, not in the table, not in the queue, not in the metrics; in no spelling."""
    await walk_everywhere(house)
    await stored(house)
    await leave_behind(house)
    waiting = house.aws.boto3("sqs").receive_message(QueueUrl=house.ids["REALMULTILLM_SETTLEMENTS"])["Messages"]
    rows = house.aws.boto3("dynamodb").scan(TableName=house.ids["REALMULTILLM_TABLE"])["Items"]
    printed = capsys.readouterr()
    sinks = [answer.content + str(answer.headers).encode() for answer in house.said]
    sinks += [repr(rows).encode(), printed.out.encode(), printed.err.encode(), repr(waiting).encode()]

    assert any(b"llm_requests_total" in sink for sink in sinks)
    assert b"LATE" in sinks[-1]
    assert found([GOOD_KEY, WRONG_KEY], {str(number): sink for number, sink in enumerate(sinks)}) == []


async def test_every_chat_is_counted(house: HouseOnAws, capsys: pytest.CaptureFixture[str]) -> None:
    await house.signed_up(ALICE)
    await stored(house)
    capsys.readouterr()
    for model in ("hello", "cut"):
        await house.ask("chat", "POST", "/api/llm/stream", {"model": f"openai/{model}", "messages": HELLO})
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "llm_" in line]
    whole = [line for line in counted if "llm_requests_total" in line]

    assert [line["outcome"] for line in whole] == ["done", "error"]
    assert [line["code"] for line in counted if "llm_errors_total" in line] == ["stream_interrupted"]
    assert [(line["direction"], line["llm_tokens_total"]) for line in counted if "direction" in line][:2] == [
        ("input", 7),
        ("output", 5),
    ]
    assert all("llm_time_to_first_token_seconds" in line for line in whole)


async def test_rows_that_end_have_their_time_to_live(house: HouseOnAws) -> None:
    """DynamoDB sweeps what is over: sessions, and tries of passwords."""
    await house.signed_up(ALICE)
    await house.ask("accounts", "POST", "/api/auth/signin", {**ALICE, "password": "wrong horse"})
    rows = house.aws.boto3("dynamodb").scan(TableName=house.ids["REALMULTILLM_TABLE"])["Items"]
    lives = {row["pk"]["S"].partition("#")[0]: row.get("expires_at") for row in rows}

    assert lives["SESSION"] is not None
    assert lives["ATTEMPTS"] is not None
    assert int(lives["SESSION"]["N"]) > SESSION_LIFE
