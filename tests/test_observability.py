import asyncio
import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.observability import (
    MASKED,
    METRICS,
    SIGNS,
    TOO_TALKATIVE,
    BreakerOpened,
    Incident,
    LimitRefused,
    logger,
    make_logger,
    mask,
    mask_thoroughly,
    request_id_of_this_task,
    set_up_logging,
    write_incident,
)

PLANTED = [
    "sk-proj-Abcdefgh0123456789_-x",
    "sk-ant-api03-Abcdefgh0123456789",
    "sk-or-v1-abcdefgh0123456789",
    "sk-rml-0123456789abcdef_secretsecretsecretsecretsecretsecretsecret0_0a1b2c3d",
    "rt-rml-0123456789abcdef_secretsecretsecret",
    "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "gsk_0123456789abcdefghij",
    "xai-0123456789abcdefghij",
    "hf_0123456789abcdefghij",
    "ghp_0123456789abcdefghij",
    "github_pat_11ABCDEFG0123456789_abcdefghij",
    "pplx-0123456789abcdefghij",
    "csk-0123456789abcdefghij",
    "nvapi-0123456789abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
]

NAMES = [
    *("sk", "rt", "csk", "pplx", "xai", "nvapi", "fw", "gsk", "hf", "gho", "ghp", "ghu", "ghs", "ghr"),
    *("github_pat", "tgp_v1", "r8", "AIza", "AQ.", "AKIA", "ASIA", "eyJ", "Bearer ", "Basic ", "?key=", "&key="),
    *("://", "@", "x-api-key", "x-goog-api-key", "api-key", "apikey", "api_key", "authorization", "password", "secret"),
    *("access_token", "accesstoken", "refresh_token", "refreshtoken"),
]
SHAPES = [
    *NAMES,
    "-",
    "_",
    ".",
    ":",
    "=",
    '"',
    "'",
    '": "',
    "\\n",
    "%3d",
    " ",
    "Abcdefgh01234567",
    "\u017f",
    "\u212a",
    "\u0130",
]
TURNS: tuple[Callable[[str], str], ...] = (str, str.upper, str.lower, str.swapcase)


@pytest.mark.parametrize("key", PLANTED)
@pytest.mark.parametrize("around", ["{}", "key={},", '"{}"', "(\\n{})", "Bearer {}", "?key={}&x=1", "%3D{}%26"])
def test_what_is_shaped_like_a_key_is_masked(key: str, around: str) -> None:
    """Threat K8, trap 77."""
    masked = mask(around.format(key))

    assert not any(key[start : start + 12] in masked for start in range(len(key) - 11))


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer 0123456789abcdef",
        '{"x-api-key": "0123456789abcdef"}',
        "{'api-key': '0123456789abcdef'}",
        '{\\"password\\": \\"0123456789abcdef\\"}',
        "https://user:0123456789abcdef@host/path",
        "redis://:0123456789abcdef@host",
        "api_key='0123456789abcdef'",
    ],
)
def test_a_secret_without_a_shape_is_known_by_its_place(text: str) -> None:
    assert "0123456789abcdef" not in mask(text)


@settings(max_examples=500)
@given(
    pieces=st.lists(st.one_of(st.sampled_from(SHAPES), st.text(max_size=3)), max_size=12), turn=st.sampled_from(TURNS)
)
def test_looking_first_whether_there_is_anything_to_mask_leaves_nothing_out(
    pieces: list[str], turn: Callable[[str], str]
) -> None:
    """Threat K8: the short way and the long way say the same, in whichever case."""
    text = turn("".join(pieces))

    assert mask(text) == mask_thoroughly(text)


@pytest.mark.parametrize("key", PLANTED)
def test_a_key_alone_on_its_line_is_masked_in_every_case(key: str) -> None:
    """Threat K8."""
    assert [mask(turn(key)) for turn in TURNS] == [mask_thoroughly(turn(key)) for turn in TURNS]
    assert mask(key) == MASKED


def test_ordinary_words_stay() -> None:
    text = "POST /api/tokens 201 in 12 ms for 01J0ZK8Q, task-based, api-version 2024-10-21, desk-top-publishing"

    assert mask(text) == text


@pytest.mark.parametrize("text", ["://" + "a:" * 50_000, "://a:" * 20_000, "bearer " * 20_000, "eyJ" + ".a" * 50_000])
def test_no_text_is_slow_to_mask(text: str) -> None:
    """Threat H9. Its time grows as the text does: milliseconds here, a minute were it the square."""
    began = time.process_time()
    mask(text)

    assert time.process_time() - began < 2


def test_a_line_is_one_event_of_json_whatever_is_logged() -> None:
    """Threats H8 and K8: also in a traceback."""
    stream = io.StringIO()
    ours = make_logger(stream, name="test-lines")
    nasty = 'a"b\n{"level":"FORGED"}\r\n\u2028\x00\ud800' + PLANTED[0]
    token = request_id_of_this_task.set("R1")

    ours.info("said", extra={"field": nasty, "object": object()})
    try:
        int(nasty)
    except ValueError:
        ours.exception("failed")
    request_id_of_this_task.reset(token)

    lines = stream.getvalue().split("\n")
    events = [json.loads(line) for line in lines[:-1]]
    assert [(event["message"], event["request_id"]) for event in events] == [("said", "R1"), ("failed", "R1")]
    assert events[1]["exception_name"] == "ValueError"
    assert PLANTED[0] not in stream.getvalue()
    assert "FORGED" not in {event["level"] for event in events}


def test_an_ordinary_line_has_nothing_that_looks_like_a_key() -> None:
    """Else each would be masked thoroughly, which took a quarter of the CPU of a whole chat."""
    stream = io.StringIO()
    ours = make_logger(stream, name="test-ordinary")

    async def say() -> None:
        ours.info("request ended", extra={"gen_ai.usage.input_tokens": 7, "realmultillm.cost.source": "table"})

    asyncio.run(say())

    assert "request ended" in stream.getvalue()
    assert [sign for sign in SIGNS if sign in stream.getvalue().casefold()] == []


def test_a_line_outside_a_request_has_no_id() -> None:
    stream = io.StringIO()
    make_logger(stream, name="test-outside").info("started")

    assert "request_id" not in json.loads(stream.getvalue())


@pytest.fixture
def as_at_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The logging of this process, put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("realmultillm")
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(ours, "propagate", True)
    levels = {name: logging.getLogger(name).level for name in (None, "realmultillm", *TOO_TALKATIVE)}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("as_at_start")
def test_a_line_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[logging.LogRecord] = []
    set_up_logging("INFO")
    (handler,) = logging.getLogger().handlers
    monkeypatch.setattr(handler, "emit", said.append)

    logger().info("said")
    logging.getLogger("somebody.else").warning("said too")

    assert [record.getMessage() for record in said] == ["said", "said too"]


@pytest.mark.usefixtures("as_at_start")
def test_libraries_that_would_tell_headers_are_kept_quiet() -> None:
    """Threat K8: also at our own DEBUG level, and at one of theirs."""
    root = logging.getLogger()
    for name in TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.DEBUG)

    set_up_logging("DEBUG")

    assert logging.getLogger("realmultillm").level == logging.DEBUG
    assert root.level == logging.WARNING
    for name in TOO_TALKATIVE:
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def incident_of(incident: Incident, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    write_incident(incident)
    written: dict[str, Any] = json.loads(capsys.readouterr().out)
    return written


def test_a_breaker_that_opens_and_a_limit_that_refuses_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    opened = incident_of(BreakerOpened("openai"), capsys)
    refused = incident_of(LimitRefused("budget", "token"), capsys)

    assert (opened["provider"], opened["llm_breaker_open_total"]) == ("openai", 1)
    assert (refused["policy"], refused["llm_limit_refusals_total"]) == ("budget", 1)


def test_no_dimension_tells_of_a_person_or_a_word() -> None:
    told = {name for metric in METRICS for name in metric.dimensions}

    assert told == {"provider", "outcome", "direction", "kind", "code", "policy", "reason", "state"}


def test_powertools_is_not_loaded_before_the_first_chat_has_ended() -> None:
    script = "import sys, shared.observability; print('aws_lambda_powertools' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"


@pytest.mark.parametrize("name", ["realmultillm", "some.library"])
def test_logging_that_is_set_up_when_needed_says_each_line_once_and_masked(name: str) -> None:
    """Threat K8, for the doors of Lambda, whose start has no time for a logger."""
    script = (
        "import logging; from shared.observability import logger, set_up_logging_when_needed; "
        "set_up_logging_when_needed('WARNING'); "
        f"log = logger() if {name!r} == 'realmultillm' else logging.getLogger({name!r}); "
        "log.warning('key sk-proj-Zq7Hd2Kx9Lm4Np8RtVw3Yb6Cf'); log.warning('again'); log.info('quiet')"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    lines = [json.loads(line)["message"] for line in said.stdout.splitlines()]

    assert lines == [f"key {MASKED}", "again"]
    assert said.stderr == ""
