"""Headers on their way through: a caller's reach no provider, a provider's reach no caller, and none says who anybody is. Threats H1 to H4 and H7."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.gateway import lines, running_gateway
from tests.fakes.house import HELLO, Headers, House, whole_house
from tests.fakes.http_server import HttpServer, Script, answer, http_server, saying

FORMS = {
    "Authorization": "Bearer {}",
    "x-api-key": "{}",
    "x-goog-api-key": "{}",
    "api-key": "{}",
}
MAY_BE_THERE = {
    "retry-after",
    "x-request-id",
    "x-realmultillm-provider",
    "x-realmultillm-model",
    "x-realmultillm-attempts",
    "x-realmultillm-tried",
    "x-realmultillm-cost",
    "x-realmultillm-cost-reason",
}
"""Where the answer, or the failure, is a provider's: whom we asked, and how the provider names the request (`x-request-id`, its own word)."""
ADDED_BY_US = {
    "x-realmultillm-request-id",
    "x-content-type-options",
    "cache-control",
    "content-security-policy",
    "referrer-policy",
}
OPENAI_SAYS = json.dumps({"choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}]}).encode()
ANTHROPIC_SAYS = json.dumps(
    {"type": "message", "content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn"}
).encode()
GEMINI_SAYS = json.dumps({"candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}]}).encode()
NASTY: dict[str, bytes] = {
    "a cookie": b"set-cookie: session=evil; Path=/\r\n",
    "CORS": b"access-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\n",
    "what a browser obeys": b"content-security-policy: default-src *\r\nrefresh: 0; url=//evil\r\nclear-site-data: *\r\n",
    "a request id": b"x-request-id: forged\r\nx-realmultillm-request-id: forged\r\n",
    "a place": b"location: http://evil.example/\r\nlink: <http://evil.example/>; rel=preload\r\n",
    "hop by hop": b"connection: x-evil\r\nx-evil: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\n",
    "high bytes": b"x-odd: \xff\xfe caf\xc3\xa9\r\n",
    "another type": b"content-disposition: attachment; filename=evil.html\r\n",
    "10 KB": b"x-long: " + b"y" * 10_000 + b"\r\n",
    "90 of them": b"".join(b"x-%d: y\r\n" % number for number in range(90)),
}
REFUSED: dict[str, bytes] = {
    "a bare CR": b"x: a\rset-cookie: session=evil\r\n",
    "NUL": b"x: a\x00b\r\n",
    "64 KB": b"x: " + b"y" * 65_536 + b"\r\n",
    "1000 of them": b"".join(b"x-%d: y\r\n" % number for number in range(1000)),
    "a folded line": b"x: a\r\n set-cookie: session=evil\r\n",
    "two lengths": b"content-length: 1\r\n",
    "a name with a space": b"set cookie: session=evil\r\n",
}


@asynccontextmanager
async def house_before(script: Script, home: Path) -> AsyncIterator[tuple[House, HttpServer, Headers]]:
    """A house whose every provider is this one, and a caller with keys of three."""
    async with http_server(script) as server:
        providers = ("openai", "anthropic", "google")
        urls = {provider: server.url(f"/{provider}") for provider in providers}
        async with whole_house(home, egress_allow=frozenset({server.origin}), provider_urls=urls) as house:
            headers = await house.signed_up("alice")
            for provider in providers:
                await house.with_key(headers, provider)
            yield house, server, headers


async def chat(house: House, headers: Headers, path: str = "/api/llm/chat", provider: str = "openai") -> httpx.Response:
    body = {"provider": provider, "model": "hello", "messages": HELLO}
    return await house.http.post(path, json=body, headers=headers)


async def _as_asked(visit: Any) -> None:
    said = {b"/openai": OPENAI_SAYS, b"/anthro": ANTHROPIC_SAYS, b"/google": GEMINI_SAYS}
    await visit.say(answer(said[visit.head.split()[1][:7]], content_type="application/json"))


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("openai", {"authorization"}),
        ("anthropic", {"x-api-key", "anthropic-version"}),
        ("google", {"x-goog-api-key"}),
    ],
)
async def test_a_provider_sees_our_headers_alone(tmp_path: Path, provider: str, names: set[str]) -> None:
    """Threat H3: hop-by-hop and passthrough headers stop here; the body is written anew, with its own length."""
    passed = {
        "connection": "close, x-hop",
        "x-hop": "1",
        "keep-alive": "timeout=5",
        "te": "trailers",
        "trailer": "x-end",
        "upgrade": "h2c",
        "expect": "100-continue",
        "proxy-authorization": "Basic eDp5",
        "proxy-connection": "keep-alive",
        "cookie": "a=b",
        "user-agent": "evil/1",
        "accept-encoding": "gzip, br",
        "content-encoding": "identity",
        "forwarded": "for=203.0.113.9",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-host": "evil.example",
        "x-request-id": "forged",
        "idempotency-key": "1",
        "openai-organization": "org-evil",
        "openai-project": "evil",
        "anthropic-version": "1999-01-01",
        "anthropic-beta": "evil",
        "anthropic-dangerous-direct-browser-access": "true",
        "x-goog-user-project": "evil",
        "http-referer": "evil",
        "x-title": "evil",
        "x-stainless-lang": "python",
    }
    async with house_before(_as_asked, tmp_path) as (house, server, headers):
        answered = await chat(house, {**passed, **headers}, provider=provider)

    (visit,) = server.visits
    usual = {"host", "content-type", "content-length", "accept", "accept-encoding"}
    assert answered.status_code == 200, answered.text
    assert set(visit.headers) == usual | names
    assert visit.headers["host"] == server.origin
    assert visit.headers["accept-encoding"] == "identity"
    assert visit.headers["content-length"] == str(len(visit.body))
    assert "evil" not in visit.head.decode() + visit.body.decode()
    assert headers["authorization"] not in visit.head.decode()


AMBIGUOUS: dict[str, bytes] = {
    "both lengths": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 5\r\ncontent-length: 0\r\n\r\n",
    "one length twice": b"content-length: 0\r\ncontent-length: 0\r\n\r\n",
    "a signed length": b"content-length: +0\r\n\r\n",
    "a negative length": b"content-length: -1\r\n\r\n",
    "a list of lengths": b"content-length: 0, 0\r\n\r\n",
    "a space before the colon": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding behind chunked": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": b"transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
    "a folded line": b"x: y\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bare CR": b"x: y\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "NUL": b"x: y\x00z\r\n\r\n",
    "a chunk's size with LF": b"transfer-encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n",
    "a chunk's size in hex and more": b"transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
}
BEHIND = b"GET /api/health HTTP/1.1\r\nhost: x\r\n\r\n"


async def said_to(url: str, sent: bytes) -> bytes:
    """All that comes back until the server hangs up, or for a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(sent)
    heard = bytearray()
    try:
        async with asyncio.timeout(0.5):
            while piece := await reader.read(65536):
                heard += piece
    except (TimeoutError, ConnectionResetError):
        pass
    writer.close()
    return bytes(heard)


@pytest.mark.vectors
async def test_a_request_that_could_be_read_two_ways_hides_no_second_one(tmp_path: Path, shared_material: Path) -> None:
    """Threat H3, over raw sockets: one 400, the connection ends, and what lay behind is never answered."""
    published = json.loads((shared_material / "security-vectors/http/smuggling.json").read_bytes())
    heads = [b"POST /api/health HTTP/1.1\r\nhost: x\r\n" + rest for rest in AMBIGUOUS.values()]
    async with running_gateway(tmp_path) as gateway:
        answers = await asyncio.gather(*(said_to(gateway.url, head + BEHIND) for head in heads))
        others = await asyncio.gather(
            *(said_to(gateway.url, text.replace("\n", "\r\n").encode()) for text in published)
        )
        after = await said_to(gateway.url, BEHIND)

    for name, heard in zip(AMBIGUOUS, answers, strict=True):
        assert heard.count(b"HTTP/1.1 ") == 1, name
        assert heard.startswith(b"HTTP/1.1 400 "), name
    assert all(b" 200 " not in heard for heard in others)
    assert after.startswith(b"HTTP/1.1 200 ")
    assert all(json.loads(line) for line in gateway.printed.split(b"\n") if line.startswith(b"{"))


ENDLESS = (
    b"GET /api/health HTTP/1.1\r\nx: ",
    b"GET /",
    b"POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nx: ",
    b"POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;",
)
"""A header, a request line, a trailer and a chunk's extension that only grow."""


async def hangs_up(url: str, sent: bytes) -> bool:
    """Whether the server ends the connection while a megabyte follows these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(sent + b"y" * 2**20)
    try:
        async with asyncio.timeout(2):
            await reader.read()
    except TimeoutError:
        return False
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return True


async def test_a_head_without_an_end_is_hung_up_on(tmp_path: Path) -> None:
    """Threat H5, over raw sockets."""
    async with running_gateway(tmp_path) as gateway:
        hung_up = await asyncio.gather(*(hangs_up(gateway.url, endless) for endless in ENDLESS))
        long = await said_to(gateway.url, b"GET /api/health HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 60_000 + b"\r\n\r\n")
        body = b'{"email": "alice@example.com", "password": "' + b"y" * 300_000 + b'"}'
        head = (
            b"POST /api/auth/signin HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        )
        large = await said_to(gateway.url, head % len(body) + body)

    assert all(hung_up)
    assert long.startswith(b"HTTP/1.1 200 ")
    assert large.startswith(b"HTTP/1.1 400 ")
    assert b"password" in large


@pytest.mark.parametrize(
    ("status", "nasty"),
    [
        *[("200 OK", NASTY[name]) for name in NASTY],
        *[(status, b"".join(list(NASTY.values())[:8])) for status in ("400 Bad", "401 No", "429 Slow", "500 Oh")],
    ],
)
async def test_a_caller_sees_our_headers_alone(tmp_path: Path, status: str, nasty: bytes) -> None:
    """Threat H4."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nretry-after: 120\r\n".encode() + nasty
    script = saying(head + b"content-length: %d\r\n\r\n" % len(OPENAI_SAYS) + OPENAI_SAYS)
    async with house_before(script, tmp_path) as (house, _, headers):
        answered = await chat(house, headers)

    assert answered.status_code == {"200": 200, "400": 400, "401": 424, "429": 429, "500": 502}[status[:3]]
    assert answered.status_code != 429 or answered.headers["retry-after"] == "120"
    assert set(answered.headers) - MAY_BE_THERE == ADDED_BY_US | {"content-type", "content-length"}
    assert "evil" not in str(answered.headers)
    assert "forged" not in [value for name, value in answered.headers.items() if name != "x-request-id"]
    assert all(0x20 <= ord(character) <= 0x7E for value in answered.headers.values() for character in value)


@pytest.mark.parametrize("nasty", NASTY)
async def test_a_caller_of_a_stream_sees_our_headers_alone(tmp_path: Path, nasty: str) -> None:
    """Threat H4."""
    chunk = {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}
    body = b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + NASTY[nasty]
    async with house_before(saying(head + b"content-length: %d\r\n\r\n" % len(body) + body), tmp_path) as (
        house,
        _,
        headers,
    ):
        answered = await chat(house, headers, "/api/llm/stream")

    assert lines(answered.text)[-1]["type"] == "done"
    assert set(answered.headers) - MAY_BE_THERE == ADDED_BY_US | {"content-type", "x-accel-buffering"}
    assert "forged" not in [value for name, value in answered.headers.items() if name != "x-request-id"]
    assert answered.headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_a_head_that_could_be_read_two_ways_is_502(tmp_path: Path, refused: str, path: str) -> None:
    """Threat H4."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + REFUSED[refused]
    script = saying(head + b"content-length: %d\r\n\r\n" % len(OPENAI_SAYS) + OPENAI_SAYS, close=True)
    async with house_before(script, tmp_path) as (house, _, headers):
        answered = await chat(house, headers, path)

    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "bad_upstream_response")
    assert "evil" not in answered.text + str(answered.headers)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x-gzip", "zstd"])
@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_a_compressed_answer_is_not_inflated(tmp_path: Path, encoding: str, path: str) -> None:
    """Threat H7: a megabyte of zeros in a kilobyte, from a provider that was asked for `identity`."""
    bomb = gzip.compress(b"0" * 2**20)
    script = saying(answer(bomb, content_type="application/json", content_encoding=encoding))
    async with house_before(script, tmp_path) as (house, server, headers):
        answered = await chat(house, headers, path)

    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "bad_upstream_encoding")
    assert len(server.visits) == 1


SPOOFS = (
    "x-amz-tenant-id", "x-amzn-request-context", "x-amzn-lambda-context", "x-amzn-oidc-identity", "x-amzn-oidc-data",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-user", "x-forwarded-proto", "forwarded", "x-real-ip", "via",
    "x-request-id", "x-realmultillm-request-id", "x-original-url", "x-rewrite-url", "x-http-method-override",
    "x-user", "x-user-id", "x-user-role", "x-role", "x-admin", "x-owner", "x-tenant-id", "remote-user", "cookie",
)  # fmt: skip


async def test_no_header_makes_one_tenant_another(house: House) -> None:
    """Threat H1: with two tenants' credentials, every spoof names the other and the admin."""
    admin, bob = await house.signed_up("root"), await house.signed_up("bob")
    await house.with_key(admin)
    other = (await house.http.get("/api/auth/session", headers=admin)).json()["user"]["id"]
    values = (other, "admin", json.dumps({"authorizer": {"claims": {"sub": other, "role": "admin"}}}), "/api/health")
    spoofs = [{}, *[{name: value} for name in SPOOFS for value in values]]

    seen = set()
    for spoof in spoofs:
        answers = [
            await house.http.get("/api/auth/session", headers={**spoof, **bob}),
            await house.http.get("/api/provider-configs", headers={**spoof, **bob}),
            await house.http.post("/api/admin/encryption/rewrap", headers={**spoof, **bob}),
            await chat(house, {**spoof, **bob}),
            await house.http.get("/api/auth/session", headers=spoof),
        ]
        ids = [answer.headers["x-realmultillm-request-id"] for answer in answers]
        assert not {id_ for id_ in ids if id_ in values}
        bodies = [answer.text.replace(id_, "") for answer, id_ in zip(answers, ids, strict=True)]
        seen.add((tuple(answer.status_code for answer in answers), *bodies))

    assert [statuses for statuses, *_ in seen] == [(200, 200, 403, 404, 401)]


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_a_credential_has_the_same_limits(house: House, asker: Headers, form: str) -> None:
    """Threat H2."""
    narrow = {"name": "narrow", "providers": ["openai"], "models": ["openai/hello"]}
    token = (await house.http.post("/api/tokens", json=narrow, headers=asker)).json()
    headers = {form: FORMS[form].format(token["token"])}
    there = {"providers": ["anthropic"], "models": None}

    assert (await chat(house, headers)).status_code == 200
    assert (await chat(house, headers, provider="anthropic")).status_code in {403, 404}
    assert (await house.http.get("/api/models/anthropic", headers=headers)).status_code == 403
    assert (await house.http.delete("/api/provider-configs/openai", headers=headers)).status_code == 403
    assert (await house.http.get("/api/tokens", headers=headers)).status_code == 403
    assert (await house.http.get(f"/api/models?{form}={token['token']}", headers=headers)).status_code == 401

    await house.http.patch(f"/api/tokens/{token['id']}", json=there, headers=asker)
    assert (await chat(house, headers)).status_code == 403
    await house.http.delete(f"/api/tokens/{token['id']}", headers=asker)
    assert (await chat(house, headers)).status_code == 401


async def test_what_is_counted_is_counted_over_all_forms(house: House, asker: Headers) -> None:
    """Threat H2: Open WebUI's CVE-2026-45339."""
    token = (await house.http.post("/api/tokens", json={"name": "all"}, headers=asker)).json()["token"]
    forms = [{name: form.format(token)} for name, form in FORMS.items()] + [asker]
    body = {"provider": "openai"}
    statuses = [
        (await house.http.post("/api/test-api-key", json=body, headers=forms[number % len(forms)])).status_code
        for number in range(65)
    ]

    assert statuses == [200] * 60 + [429] * 5


@pytest.mark.parametrize(("first", "second"), [*permutations(FORMS, 2)])
async def test_two_credentials_are_none(house: House, asker: Headers, first: str, second: str) -> None:
    """Threat H2."""
    session = asker["authorization"].removeprefix("Bearer ")
    other = (await house.http.post("/api/tokens", json={"name": "all"}, headers=asker)).json()["token"]
    headers = {first: FORMS[first].format(session), second: FORMS[second].format(other)}

    assert (await house.http.get("/api/models/openai", headers=headers)).status_code == 401
