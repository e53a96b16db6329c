"""Row for row of docs/faults.md: what the caller sees, what the ledger keeps, how often the provider was asked, and the books after it.

test_faults.py does the same to real recorded traffic over sockets; here each fault is made exactly, and the record is read.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import (
    BadEncoding,
    NameNotResolved,
    NoAnswer,
    ProviderTimeout,
    RealMultiLLMError,
    Redirected,
    StreamInterrupted,
    StreamLimitReached,
    StreamStalled,
    TlsFailed,
    Unreachable,
)
from shared.observability import ProviderDistrusted
from shared.records.ledger import LedgerRow
from tests.fakes.books import balanced, rows_of
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import HELLO, KEY, Headers, House
from tests.fakes.invariants import program, six_invariants
from tests.fakes.keys import CountingWrapper
from tests.fakes.providers import SSE
from tests.journeys.conftest import answers

MODEL = "gpt-4o-mini"
CHAT: dict[str, Any] = {"provider": "openai", "model": MODEL, "messages": HELLO}
PATHS = ("/api/llm/chat", "/api/llm/stream")
WEB_PAGE = {"content-type": "text/html"}


class Growing(FakeAnswer):
    """A stream in these pieces; an error among them is raised in its place."""

    def __init__(self, *pieces: bytes | RealMultiLLMError, again: bytes = b"") -> None:
        super().__init__(200, b"", SSE)
        self._pieces = pieces
        self._again = again
        self.given = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """`again` follows without end."""
        for piece in self._pieces:
            if isinstance(piece, RealMultiLLMError):
                raise piece
            yield piece
        while self._again:
            self.given += len(self._again)
            yield self._again


class Silent(Growing):
    """Says its pieces, and then nothing for as long as anybody waits."""

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in super().pieces():
            yield piece
        await asyncio.Event().wait()


def event(value: object) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def says(text: str, finish: str | None = None, **more: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more})


def usage(read: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


WORD, END, DONE = says("Bonjour"), says("", "stop"), event(b"[DONE]")


def refuses(status: int, **headers: str) -> FakeAnswer:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return FakeAnswer(status, {"error": {"message": f"the key was {KEY}", "type": "x"}}, said)


@pytest.fixture
async def asker(house: House) -> Headers:
    return await program(house)


async def ask(house: House, asker: Headers, path: str, **more: Any) -> Any:
    headers = {"authorization": f"Bearer {asker['x-program']}"}
    return await house.http.post(path, json={**CHAT, **more}, headers=headers)


async def recorded(house: House, asker: Headers) -> LedgerRow:
    """The one row; and nothing is held, and the sums agree."""
    balanced(house, requests=1)
    (row,) = await rows_of(house, asker)
    return row


@pytest.fixture(autouse=True)
async def invariants(house: House, asker: Headers, client: FakeClient, log: io.StringIO) -> AsyncIterator[None]:
    """After each fault of this page, all six: (a) to (d) by the books, (e) in every sink, (f) by the next request."""
    yield
    client.answer = answers
    await six_invariants(house, asker, client, log)


NOTHING_USED: dict[str, tuple[Answer, int, str, int]] = {
    # fault: what the provider does, the status and the code, how often it is asked
    "1 connect refused": (Unreachable("no"), 502, "upstream_unreachable", 2),
    "2 DNS": (NameNotResolved("no"), 502, "upstream_dns", 2),
    "3 TLS": (TlsFailed("no"), 502, "upstream_tls", 1),
    "4 401": (refuses(401), 424, "provider_credential_rejected", 1),
    "4 403": (refuses(403), 424, "provider_credential_rejected", 1),
    "5 400": (refuses(400), 400, "provider_refused_request", 1),
    "5 404": (refuses(404), 404, "provider_refused_request", 1),
    "5 413": (refuses(413), 413, "provider_refused_request", 1),
    "5 422": (refuses(422), 422, "provider_refused_request", 1),
    "7 500": (refuses(500), 502, "upstream_error", 2),
    "7 502": (refuses(502), 502, "upstream_error", 2),
    "7 503": (refuses(503), 503, "upstream_overloaded", 2),
    "7 529": (refuses(529), 503, "upstream_overloaded", 2),
    "8 an error in a 200": (FakeAnswer(200, {"error": {"message": "no"}}), 502, "upstream_error", 2),
    "16 a web page": (FakeAnswer(200, b"<html>cloudflare", WEB_PAGE), 502, "bad_upstream_response", 2),
    "16 plain text": (FakeAnswer(200, b"hello", {"content-type": "text/plain"}), 502, "bad_upstream_response", 2),
    "16 nothing": (FakeAnswer(200, b""), 502, "bad_upstream_response", 2),
    "19 a 101": (NoAnswer("no"), 502, "bad_upstream_response", 1),
    "19 a 204": (refuses(204), 502, "bad_upstream_response", 1),
    "19 a 304": (refuses(304), 502, "upstream_redirect", 1),
    "19 a redirect": (Redirected("no"), 502, "upstream_redirect", 1),
    "19 another encoding": (BadEncoding("no"), 502, "bad_upstream_encoding", 1),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", NOTHING_USED)
async def test_what_gave_no_answer_costs_nothing_and_its_status_is_honest(
    house: House, asker: Headers, client: FakeClient, fault: str, path: str
) -> None:
    """Faults 1 to 5, 7, 8, 16, 19. Trap 69."""
    does, status, code, times = NOTHING_USED[fault]
    client.answer = lambda _: does
    answer = await ask(house, asker, path)
    row = await recorded(house, asker)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert KEY not in answer.text
    assert "cloudflare" not in answer.text
    assert len(client.asked) == row.attempts == times
    assert (row.outcome, row.error, row.charged_micros, row.cost_usd) == ("error", code, 0, Decimal(0))
    assert (row.input_tokens, row.output_tokens, row.estimated, row.first_token_ms) == (None, None, False, None)


FOR_LATER = {
    # what the provider says of the time: what the caller is told, and how often the provider is asked
    "seconds": ({"retry_after": "30"}, "30", 1),
    "a date": ({"retry_after": "Fri, 31 Dec 2199 23:59:59 GMT", "date": "Fri, 31 Dec 2199 23:59:00 GMT"}, "59", 1),
    "milliseconds": ({"retry_after_ms": "30000"}, "30", 1),
    "for ever": ({"retry_after": "1000000000"}, "3600", 1),
    "at once": ({"retry_after": "0"}, None, 2),
    "absent": ({}, None, 2),
    "garbage": ({"retry_after": "soon"}, None, 2),
}


@pytest.mark.parametrize("said", FOR_LATER)
async def test_a_429_is_told_with_a_sane_time_and_its_key_rests(
    house: House, asker: Headers, client: FakeClient, said: str
) -> None:
    """Fault 6. Traps 31 and 32: an hour at most, and only what is short is waited for in here."""
    headers, told, times = FOR_LATER[said]
    client.answer = lambda _: refuses(429, **headers)
    answer = await ask(house, asker, "/api/llm/chat")
    row = await recorded(house, asker)

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "throttled")
    assert 0 <= int(answer.headers["retry-after"]) <= 3600
    assert told is None or answer.headers["retry-after"] == told
    assert len(client.asked) == row.attempts == times
    assert (row.outcome, row.error, row.charged_micros, row.estimated) == ("error", "throttled", 0, False)
    again = await ask(house, asker, "/api/llm/chat")
    assert again.json()["error"]["code"] == "throttled"  # nobody else could answer, so the provider is asked again


@pytest.mark.parametrize("path", PATHS)
async def test_a_slow_first_byte_may_have_been_billed_and_what_it_cost_is_unknown(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    """Fault 9. Trap 69: it is not sent again; budgets are charged the guess, and the cost is null with its reason."""
    client.answer = lambda _: ProviderTimeout("no byte in time")
    answer = await ask(house, asker, path)
    row = await recorded(house, asker)

    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
    assert len(client.asked) == row.attempts == 1
    assert (row.outcome, row.error, row.estimated, row.cost_usd) == ("error", "upstream_timeout", True, None)
    assert row.input_tokens
    assert row.output_tokens == 0
    assert row.charged_micros > 0
    assert "guess" in str(row.cost_reason)


BREAKS: dict[str, tuple[Sequence[bytes | RealMultiLLMError], str]] = {
    # fault: what comes behind the first word, and the code of the one ending
    "10 a stall": ([StreamStalled("no")], "stream_stalled"),
    "11 a reset": ([StreamInterrupted("no")], "stream_interrupted"),
    "12 an end without a word of it": ([], "stream_truncated"),
    "15 three events of garbage": ([event(b"{"), event(b"nonsense"), event(b"]")], "bad_upstream_data"),
    "17 past its time or its bytes": ([StreamLimitReached("no")], "stream_limit"),
    "8 an error event": ([event({"error": {"message": "overloaded", "code": 503}})], "upstream_overloaded"),
}


@pytest.mark.parametrize("fault", BREAKS)
async def test_a_stream_that_breaks_ends_once_with_an_error_and_is_charged_as_far_as_it_came(
    house: House, asker: Headers, client: FakeClient, fault: str
) -> None:
    """Faults 8, 10, 11, 12, 15 and 17. Traps 12, 22 and 33: nothing is asked again after the first word."""
    behind, code = BREAKS[fault]
    client.answer = lambda _: Growing(WORD, *behind)
    answer = await ask(house, asker, "/api/llm/stream")
    said, row = lines(answer.text), await recorded(house, asker)

    assert answer.status_code == 200
    assert "Bonjour" in answer.text
    assert [line["error"]["code"] for line in said if "error" in line] == [code] == [said[-1]["error"]["code"]]
    assert len(client.asked) == row.attempts == 1
    assert (row.outcome, row.error, row.estimated, row.cost_usd) == ("error", code, True, None)
    assert row.output_tokens == 2
    assert row.charged_micros > 0


ENDLESS = {
    "words": says("word " * 2000),
    "thoughts": event({"choices": [{"index": 0, "delta": {"reasoning_content": "hm " * 4000}}]}),
    "one line": b"x" * 2**20,
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_an_endless_stream_is_cut_soon(house: House, asker: Headers, client: FakeClient, what: str) -> None:
    """Fault 17: at `max_tokens` times 8 bytes and 256 KiB of text, or 16 MiB of one line. Threat H7."""
    endless = Growing(WORD, again=ENDLESS[what])
    client.answer = lambda _: endless
    answer = await ask(house, asker, "/api/llm/stream", options={"maxTokens": 100})
    row = await recorded(house, asker)

    assert lines(answer.text)[-1]["error"]["code"] == "stream_limit"
    assert endless.given < (18 * 2**20 if what == "one line" else 300_000)
    assert (row.outcome, row.error, row.estimated, row.attempts) == ("error", "stream_limit", True, 1)


async def test_an_answer_of_all_that_a_model_can_say_is_not_endless(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 17, from the other side: 16,384 tokens of 8 bytes."""
    client.answer = lambda _: Growing(says("eighteen" * 16_384), END, DONE)
    answer = await ask(house, asker, "/api/llm/stream")

    assert lines(answer.text)[-1]["type"] == "done"
    assert (await recorded(house, asker)).outcome == "done"


async def test_the_first_ending_holds_and_what_follows_is_dropped_and_counted(
    house: House, asker: Headers, client: FakeClient, log: io.StringIO
) -> None:
    """Fault 13: the usage is the one before the end."""
    late = says(" encore", "length", usage=usage(900, 900))
    client.answer = lambda _: Growing(WORD, END, says("", "length", usage=usage(7, 5)) + DONE + late + DONE, late)
    answer = await ask(house, asker, "/api/llm/stream")
    said, row = lines(answer.text), await recorded(house, asker)
    counted = [json.loads(line) for line in log.getvalue().splitlines() if "untidy stream" in line]

    assert "encore" not in answer.text
    assert [line["type"] for line in said].count("done") == 1
    assert '"stop"' in json.dumps(said[-1])
    assert '"length"' not in answer.text
    assert (row.outcome, row.input_tokens, row.output_tokens, row.estimated) == ("done", 7, 5, False)
    assert [(line["dropped"], line["skipped"]) for line in counted] == [(2, 0)]


async def test_a_character_in_pieces_arrives_whole_and_one_that_was_cut_is_replaced(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 14. Trap 5: U+FFFD stands for what never came, and never for what was only late."""
    whole = WORD.replace(b"Bonjour", "à 你 🎉 ".encode()) + WORD.replace(b"Bonjour", "bient\xf4t ".encode()[:6] + b".")
    client.answer = lambda _: Growing(*(bytes([byte]) for byte in whole + END + DONE))
    answer = await ask(house, asker, "/api/llm/stream")
    text = "".join(line.get("content", "") for line in lines(answer.text) if line["type"] == "chunk")

    assert text == "à 你 🎉 bient\ufffd."
    assert (await recorded(house, asker)).outcome == "done"


async def test_one_event_of_garbage_is_skipped_and_counted(
    house: House, asker: Headers, client: FakeClient, log: io.StringIO
) -> None:
    """Fault 15: three in a row would be the end of it."""
    garbage = event(b"{nonsense")
    pieces = [WORD, garbage, garbage, WORD, garbage, says("", "stop", usage=usage(7, 5)), DONE]
    client.answer = lambda _: Growing(*pieces)
    answer = await ask(house, asker, "/api/llm/stream")
    row = await recorded(house, asker)
    counted = [json.loads(line) for line in log.getvalue().splitlines() if "untidy stream" in line]

    assert lines(answer.text)[-1]["type"] == "done"
    assert (row.outcome, row.input_tokens, row.estimated) == ("done", 7, False)
    assert [(line["skipped"], line["dropped"]) for line in counted] == [(3, 0)]


USAGES: dict[str, tuple[Mapping[str, float] | None, tuple[int, int], bool, bool]] = {
    # what is reported: the tokens in the ledger, whether they are a guess, whether the log warns
    "missing": (None, (2, 2), True, False),
    "zero": (usage(0, 0), (0, 0), False, False),
    "negative": (usage(-7, -5), (2, 2), True, True),
    "one negative": (usage(7, -5), (2, 2), True, True),
    "huge input": (usage(10**9, 5), (2, 2), True, True),
    "huge output": (usage(7, 10**9), (2, 2), True, True),
    "huge cost": (usage(7, 5) | {"cost": 1e30}, (2, 2), True, True),
    "endless cost": (usage(7, 5) | {"cost": 1e-300}, (2, 2), True, True),
    "high": (usage(900, 150), (900, 150), False, False),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("reported", USAGES)
async def test_usage_that_cannot_be_is_an_estimate_and_zero_is_kept(  # noqa: PLR0917 - fixtures
    house: House, asker: Headers, client: FakeClient, log: io.StringIO, reported: str, path: str
) -> None:
    """Fault 18. Traps 20 and 22: past ten times what could be needed nobody is believed; the caller gets their answer all the same."""
    given, tokens, guessed, warned = USAGES[reported]
    told = {} if given is None else {"usage": given}
    message = {"role": "assistant", "content": "Bonjour"}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **told}
    stream = Growing(WORD, says("", "stop", **told), DONE)
    client.answer = lambda _: stream if path.endswith("stream") else FakeAnswer(200, whole)
    answer = await ask(house, asker, path, options={"maxTokens": 20})
    row = await recorded(house, asker)
    warnings = [json.loads(line) for line in log.getvalue().splitlines() if "usage not believed" in line]
    counted = house.services.incidents.counted()

    assert answer.status_code == 200
    assert "Bonjour" in answer.text
    assert '"error"' not in answer.text
    assert (row.outcome, row.input_tokens, row.output_tokens) == ("done", *tokens)
    assert row.estimated == guessed == (row.cost_usd is None)
    assert guessed or row.cost_usd == Decimal("0.15") / 10**6 * tokens[0] + Decimal("0.6") / 10**6 * tokens[1]
    assert row.charged_micros < 1000
    assert [line["level"] for line in warnings] == ["WARNING"] * warned
    assert counted == ({ProviderDistrusted("openai", "usage"): 1} if warned else {})


async def test_a_refused_certificate_warns_whoever_runs_the_house(
    house: House, asker: Headers, client: FakeClient, log: io.StringIO
) -> None:
    """Fault 3: the alarm, in the log, in the metrics, and on AWS in CloudWatch."""
    client.answer = lambda _: TlsFailed("The certificate is not theirs")
    await ask(house, asker, "/api/llm/chat")
    metrics = await house.http.get("/api/metrics", headers=asker)
    (warning,) = [json.loads(line) for line in log.getvalue().splitlines() if "certificate refused" in line]

    assert (warning["level"], warning["provider"]) == ("WARNING", "openai")
    assert 'llm_provider_distrusted_total{provider="openai",reason="certificate"} 1' in metrics.text


async def _raw(house: House, asker: Headers, *, state: dict[str, Any], leave_after: bytes | None = None) -> bytes:
    """A stream over ASGI itself: on a platform with that state, by a caller who hangs up once they heard those bytes."""
    heard, left, said = bytearray(), asyncio.Event(), [json.dumps(CHAT).encode()]
    token = f"Bearer {asker['x-program']}".encode()

    async def receive() -> dict[str, Any]:
        if said:
            return {"type": "http.request", "body": said.pop(), "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.extend(message.get("body", b""))
        if leave_after is not None and leave_after in heard:
            left.set()

    headers = [(b"authorization", token), (b"content-type", b"application/json")]
    path = "/api/llm/stream"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    more = {"headers": headers, "client": ("127.0.0.1", 1), "server": ("house", 80), "scheme": "http", "root_path": ""}
    await house.door(
        {**scope, **more, "http_version": "1.1", "asgi": {"version": "3.0"}, "state": state}, receive, send
    )
    return bytes(heard)


async def test_the_end_of_the_function_settles_what_was_said_until_then(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 27. Trap 70: upstream is stopped, the error is `deadline`, and the bill is there before Lambda freezes."""
    client.answer = lambda _: Silent(WORD)
    heard = await _raw(house, asker, state={"deadline": asyncio.get_running_loop().time() + 0.3})
    row = await recorded(house, asker)

    assert lines(heard.decode())[-1]["error"]["code"] == "deadline"
    assert (row.outcome, row.error, row.estimated, row.cost_usd) == ("deadline", "deadline", True, None)
    assert (row.output_tokens, row.charged_micros > 0, row.attempts) == (2, True, 1)


async def test_who_leaves_silences_the_provider_and_pays_what_was_said(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 28. Traps 22 and 69: nothing is drained that nobody hears."""
    client.answer = lambda _: Silent(WORD)
    await _raw(house, asker, state={}, leave_after=b"Bonjour")
    row = await recorded(house, asker)

    assert (row.outcome, row.error, row.estimated, row.cost_usd) == ("disconnected", None, True, None)
    assert (row.output_tokens, row.charged_micros > 0, row.attempts) == (2, True, 1)


async def test_a_request_that_is_sent_twice_counts_twice(house: House, asker: Headers, client: FakeClient) -> None:
    """Fault 29: without a key nobody can know that the second is the first."""
    both = await asyncio.gather(*(ask(house, asker, "/api/llm/chat") for _ in range(2)))
    rows = await rows_of(house, asker)

    assert [answer.status_code for answer in both] == [200, 200]
    assert len({row.request_id for row in rows}) == len(client.asked) == 2
    balanced(house, requests=2)


@pytest.mark.parametrize("path", PATHS)
async def test_while_no_key_opens_it_is_503_and_nobody_is_asked(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    """Faults 24 and 25: never by an unencrypted path; and afterwards the same process serves."""
    wrapper = CountingWrapper(house.services.key_wrapper)
    house.services.vault._wrapper = wrapper
    wrapper.down = True
    answer = await ask(house, asker, path)
    row = await recorded(house, asker)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "key_service_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert client.asked == []
    assert (row.outcome, row.error, row.attempts, row.charged_micros) == ("error", "key_service_unavailable", 0, 0)
    wrapper.down = False


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"])
@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (401, 424, "provider_credential_rejected"),
        (403, 424, "provider_credential_rejected"),
        (500, 502, "upstream_error"),
        (529, 503, "upstream_overloaded"),
    ],
)
async def test_programs_see_our_status_and_code_and_the_providers_words(
    house: House, asker: Headers, client: FakeClient, *, given: int, status: int, code: str, model: str, stream: bool
) -> None:
    """Faults 4 and 7, for callers of OpenAI's API, kin and not: a 401 of theirs is none of ours."""
    await house.with_key(asker, "anthropic")
    client.answer = lambda _: refuses(given, retry_after="0")
    body = {"model": model, "messages": HELLO, "stream": stream}
    headers = {"authorization": f"Bearer {asker['x-program']}"}
    answer = await house.http.post("/v1/chat/completions", json=body, headers=headers)
    row = await recorded(house, asker)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "the key was" in answer.json()["error"]["message"]
    assert KEY not in answer.text
    assert (row.error, row.cost_usd) == (code, Decimal(0))
