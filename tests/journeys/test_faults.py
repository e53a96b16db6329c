"""Every fault that the replay server knows, through the whole house: the promised ending, and the next request is answered.

The promises are the first table of faults.md. The provider is real recorded traffic behind real sockets; only our patience is shortened.
"""

import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from shared.egress.addresses import Rules
from shared.egress.client import EgressClient, Exchange
from shared.egress.exchange import Outbound, Timeouts
from tests.conformance.compare import first_difference
from tests.conformance.heard import Heard, hear_answer, hear_failure, hear_stream, lines_of
from tests.conformance.replay_server import load
from tests.fakes.books import balanced
from tests.fakes.house import KEY, House, whole_house
from tests.fakes.sinks import no_secret_anywhere

HASTY = Timeouts(connect=2.0, first_byte=0.3, idle=0.3, total=20.0)
LONG = 60_000
"""Milliseconds that no test waits."""
PATHS = {"openai": "/openai/v1", "anthropic": "/anthropic", "google": "/google/v1beta"}
STREAM_APIS = {"openai": "chat", "anthropic": "messages", "google": "streamGenerateContent"}
PLAIN_APIS = {**STREAM_APIS, "google": "generateContent"}
FEWEST_FRAMES = 8
BROKEN = "stream_interrupted"


class HastyClient(EgressClient):
    """The real way out, with less patience."""

    def send(self, outbound: Outbound, timeouts: Timeouts = HASTY) -> Exchange:
        return super().send(outbound, HASTY)


@dataclass
class Replay:
    """The replay server, and for each provider a recorded stream and a recorded plain answer."""

    server: Any
    streams: dict[str, str]
    answers: dict[str, str]

    def play(self, provider: str, *, stream: bool, fault: str | None = None) -> None:
        """From now on this is what that provider does."""
        recorded = (self.streams if stream else self.answers)[provider]
        self.server.clear()
        self.server.control({"provider": provider, "replay_id": recorded, **({"fault": fault} if fault else {})})

    def expected(self, provider: str, *, stream: bool) -> dict[str, Any]:
        found: dict[str, Any] = self.server.corpus.expected[(self.streams if stream else self.answers)[provider]]
        return found

    @property
    def attempts(self) -> int:
        return len(self.server.requests())


@pytest.fixture(scope="module")
def replay(shared_material: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    traffic, corpus = shared_material / "provider-traffic", tmp_path_factory.mktemp("corpus")
    for provider in PATHS:
        for end in (".jsonl", ".expected.jsonl"):
            (corpus / f"{provider}{end}").symlink_to(traffic / f"{provider}{end}")
    module = load(traffic / "replay.py")
    with module.running([str(corpus)]) as server:
        streams = {provider: _choose(module, server, provider, stream=True) for provider in PATHS}
        yield Replay(server, streams, {provider: _choose(module, server, provider, stream=False) for provider in PATHS})


def _choose(module: Any, server: Any, provider: str, *, stream: bool) -> str:
    """The first recording that says something from its first events on, with a character outside ASCII to cut through."""
    for record in server.corpus.by_prefix[provider]:
        response, expected = record["response"], server.corpus.expected[record["id"]]
        fits = record["api"] == (STREAM_APIS if stream else PLAIN_APIS)[provider] and response["is_stream"] == stream
        if (
            not fits
            or response["status"] != 200
            or not expected["text"]
            or expected["tool_calls"]
            or expected["reasoning"]
        ):
            continue
        frames = module.frames_of(record)
        said = [at for at, frame in enumerate(frames) if json.dumps(expected["text"][:2])[1:-1].encode() in frame]
        if not stream or (
            len(frames) >= FEWEST_FRAMES and said and said[0] <= 3 and record.get("stream_format") == "sse"
        ):
            return str(record["id"])
    raise AssertionError(f"no recording of {provider} fits")


@pytest.fixture
async def house(replay: Replay, tmp_path: Path, log: io.StringIO) -> AsyncIterator[House]:
    origin = replay.server.url.removeprefix("http://")
    client = HastyClient(Rules(frozenset({origin})))
    async with whole_house(tmp_path, client=client) as house:
        urls = {provider: replay.server.url + path for provider, path in PATHS.items()}
        house.services.settings = replace(house.services.settings, provider_urls=urls, egress_allow=frozenset({origin}))
        house.http.headers.update(await house.signed_up("alice"))
        for provider in PATHS:
            await house.with_key({}, provider)
        yield house
        await no_secret_anywhere(house, log.getvalue())


async def ask(house: House, provider: str, *, stream: bool) -> Heard:
    """One chat, its answer held to what docs/api.md promises of answers: one ending, nothing of the key, no foreign page."""
    body = {"provider": provider, "model": "some-model", "messages": [{"role": "user", "content": "hello"}]}
    answer = await house.http.post("/api/llm/stream" if stream else "/api/llm/chat", json=body)
    assert KEY not in answer.text
    assert "cloudflare" not in answer.text
    if answer.status_code >= 400:
        heard = hear_failure(answer.status_code, answer.content)
        assert ("retry-after" in answer.headers) == (answer.status_code == 429)
        return heard
    return hear_stream(lines_of(answer.text, sse=False)) if stream else hear_answer(answer.content)


def ending(heard: Heard) -> str:
    """`done`, the code of a broken stream's last line, or `<status> <code>` of an answer that is an error."""
    if heard.error is None:
        return "done"
    return heard.error["code"] if heard.status == 200 else f"{heard.status} {heard.error['code']}"


BEFORE_THE_FIRST_BYTE = {
    # fault: the ending, and how often the provider was asked
    "reset": ("502 upstream_unreachable", 2),
    f"stall-headers:{LONG}": ("504 upstream_timeout", 1),
    "400": ("400 provider_refused_request", 1),
    "401": ("424 provider_credential_rejected", 1),
    "403": ("424 provider_credential_rejected", 1),
    "404": ("404 provider_refused_request", 1),
    "413": ("413 provider_refused_request", 1),
    "422": ("422 provider_refused_request", 1),
    "429:0": ("429 throttled", 2),
    "429:30": ("429 throttled", 1),
    "429:1000000000": ("429 throttled", 1),
    "500": ("502 upstream_error", 2),
    "502": ("502 upstream_error", 2),
    "503": ("503 upstream_overloaded", 2),
    "529": ("503 upstream_overloaded", 2),
    "html:200": ("502 bad_upstream_response", 2),
    "html:502": ("502 upstream_error", 2),
    "redirect:http://127.0.0.1:1/": ("502 upstream_redirect", 1),
}
"""Seconds for which the key is not used after that."""
STREAMS = {
    "drop-after:4": BROKEN,
    "reset-after:4": BROKEN,
    "end-after:4": "stream_truncated",
    f"stall:{LONG}": "502 stream_stalled",  # after one event, which says nothing yet
    "error-event:4": "upstream_overloaded",
    "truncated-utf8": "stream_truncated",
    "huge:40": "502 bad_upstream_data",  # endless, and no JSON
    "garbage-line": "done",
    "crlf": "done",
    "bom": "done",
    "keepalive": "done",
    "multiline": "done",
}
ANSWERS = {
    "drop-after:1": "502 stream_interrupted",
    "reset-after:1": "502 stream_interrupted",
    "bad-length": "502 stream_interrupted",
    f"stall:{LONG}": "502 stream_stalled",
    "end-after:1": "502 bad_upstream_response",
    "truncated-utf8": "502 bad_upstream_response",
    "garbage-line": "502 bad_upstream_response",
    "huge:40": "502 bad_upstream_response",
}
SERVER_ERROR = {("error-event:4", "openai"): "upstream_error"}
"""OpenAI's error within a stream names no status."""


@pytest.mark.parametrize("way", ["openai stream", "anthropic plain", "google stream"])
@pytest.mark.parametrize("fault", BEFORE_THE_FIRST_BYTE)
async def test_before_the_first_byte_the_status_is_honest(house: House, replay: Replay, way: str, fault: str) -> None:
    """Faults 1, 4 to 7, 9, 16 and 19."""
    provider, stream = way.partition(" ")[0], way.endswith("stream")
    promised, attempts = BEFORE_THE_FIRST_BYTE[fault]
    replay.play(provider, stream=stream, fault=fault)

    assert ending(await ask(house, provider, stream=stream)) == promised
    assert replay.attempts == attempts
    await _next_is_answered(house, replay, provider, stream=stream, before=1)


async def _later(house: House, seconds: float) -> None:
    house.clock.pass_by(seconds)
    house.http.headers.update(await house.signed_in("alice"))


@pytest.mark.parametrize("provider", PATHS)
@pytest.mark.parametrize("fault", STREAMS)
async def test_a_stream_has_its_promised_ending(house: House, replay: Replay, provider: str, fault: str) -> None:
    """Faults 8, 10, 11, 12, 14, 15 and 17. Traps 12, 26, 33: a cut stream is an error, never a success, and nothing is asked twice after the first byte."""
    replay.play(provider, stream=True, fault=fault)
    heard = await ask(house, provider, stream=True)

    assert ending(heard) == SERVER_ERROR.get((fault, provider), STREAMS[fault])
    assert replay.attempts == 1
    if heard.error is None:
        assert first_difference(replay.expected(provider, stream=True), heard) is None
    else:
        assert replay.expected(provider, stream=True)["text"].startswith(heard.choice(0).text)
    await _next_is_answered(house, replay, provider, stream=True)


@pytest.mark.parametrize("provider", PATHS)
@pytest.mark.parametrize("fault", ANSWERS)
async def test_a_plain_answer_that_breaks_is_an_error(house: House, replay: Replay, provider: str, fault: str) -> None:
    """Faults 10, 11 and 16."""
    replay.play(provider, stream=False, fault=fault)
    heard = await ask(house, provider, stream=False)

    assert ending(heard) == ANSWERS[fault]
    await _next_is_answered(house, replay, provider, stream=False)


@pytest.mark.parametrize(
    ("provider", "promised"),
    [("openai", "done"), ("anthropic", "done"), ("google", "stream_truncated")],
)
async def test_without_its_last_frame_a_stream_is_whole_if_it_said_why_it_ends(
    house: House, replay: Replay, provider: str, promised: str
) -> None:
    """Trap 11: the reason came in a frame of its own with OpenAI and Anthropic; with Gemini it is in the last one."""
    replay.play(provider, stream=True, fault="no-done")

    assert ending(await ask(house, provider, stream=True)) == promised
    await _next_is_answered(house, replay, provider, stream=True)


async def test_a_later_attempt_may_succeed(house: House, replay: Replay) -> None:
    """One refusal that names a short wait is not the caller's problem; the receipt tells of it."""
    replay.play("openai", stream=False)
    replay.server.clear()
    recorded = {"replay_id": replay.answers["openai"]}
    replay.server.control({"provider": "openai", "sequence": [{**recorded, "fault": "429:0"}, recorded]})
    heard = await ask(house, "openai", stream=False)

    assert first_difference(replay.expected("openai", stream=False), heard) is None
    assert replay.attempts == 2
    await _next_is_answered(house, replay, "openai", stream=False)


async def _next_is_answered(house: House, replay: Replay, provider: str, *, stream: bool, before: int = 1) -> None:
    """And the books balance over it and the requests `before` it."""
    replay.play(provider, stream=stream)
    heard = await ask(house, provider, stream=stream)
    assert first_difference(replay.expected(provider, stream=stream), heard) is None
    balanced(house, requests=before + 1)
