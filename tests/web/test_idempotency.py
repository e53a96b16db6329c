"""The header, and what has to be the same."""

import json

import pytest

from shared.errors import InvalidRequest
from shared.web.idempotency import LONGEST, question_of, read_key

BODY = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 1.5}'


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b'"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b"stainless-python-retry-1f", "stainless-python-retry-1f"),
        (rb'" a, \"b\" \\ "', ' a, "b" \\ '),
        (b"  k  ", "k"),
        (b"k" * LONGEST, "k" * LONGEST),
    ],
)
def test_a_key_in_quotes_or_without(value: bytes, key: str) -> None:
    assert read_key([(b"accept", b"*/*"), (b"idempotency-key", value)]) == key


@pytest.mark.parametrize(
    "values",
    [
        [b""],
        [b'""'],
        [b'"open'],
        [b'a"b'],
        [b"a b"],
        [b"a, b"],
        [b"a\\b"],
        [b'"a\\b"'],
        [b'"a";p=1'],
        ["ä".encode("latin-1")],
        [b"a\tb"],
        [b"k" * (LONGEST + 1)],
        [b"same", b"same"],
    ],
)
def test_what_is_no_key_is_refused_by_name(values: list[bytes]) -> None:
    """Threat H1: nothing is guessed of a header that two could read differently."""
    with pytest.raises(InvalidRequest) as raised:
        read_key([(b"idempotency-key", value) for value in values])

    assert raised.value.parameter == "idempotency-key"


def test_spaces_and_the_order_of_names_do_not_count() -> None:
    other = json.dumps(dict(reversed(json.loads(BODY).items())), indent=2).encode()

    assert question_of("POST", "/v1", {}, BODY) == question_of("POST", "/v1", {"user-agent": "x"}, other)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("PUT", "/v1", {}, BODY),
        ("POST", "/v2", {}, BODY),
        ("POST", "/v1", {"accept": "text/event-stream"}, BODY),
        ("POST", "/v1", {"x-realmultillm-drop-params": "true"}, BODY),
        ("POST", "/v1", {"x-realmultillm-fallback": "openai/x"}, BODY),
        ("POST", "/v1", {"anthropic-beta": "x"}, BODY),
        ("POST", "/v1", {}, BODY.replace(b"hi", b"ho")),
        ("POST", "/v1", {}, BODY.replace(b"1.5", b'"1.5"')),
    ],
)
def test_whatever_changes_the_answer_counts(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    assert question_of(method, path, headers, body) != question_of("POST", "/v1", {}, BODY)
