"""JSON from callers, from providers, and out again: the published suites, and our own stricter rules by name."""

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.wire.json import read_lenient, read_strict, write
from tests.fakes.vectors import json_suite, naughty_strings, utf8_cases

STRICTER_THAN_THE_SUITE = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
}
"""Valid JSON that we refuse: a name twice in one object."""
EITHER_AND_ACCEPTED = {
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
    "number_-9223372036854775808.json",
    "number_1.0.json",
    "number_1.000000000000000005.json",
    "number_1000000000000000.json",
    "number_10000000000000000999.json",
    "number_1e-999.json",
    "number_1e6.json",
    "number_9223372036854775807.json",
    "number_9223372036854775808.json",
    "object_key_nfc_nfd.json",
    "object_key_nfd_nfc.json",
    "string_with_escaped_NULL.json",
}
"""Left open by the suite and harmless: underflow to 0, 64-bit integers, names alike but not the same, an escaped NUL.
Refused of what it leaves open: overflow, larger integers, surrogates, bytes that are not UTF-8, byte order marks, 500 levels."""

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def accepts(body: bytes) -> bool:
    try:
        read_strict(body)
    except InvalidRequest as error:
        write(error.message)
        return False
    return True


def test_callers_bodies_meet_the_json_test_suite(shared_material: Path) -> None:
    """Threat H5."""
    cases = json_suite(shared_material)
    refused = {name for name, expect, body in cases if expect == "accept" and not accepts(body)}
    taken = {name for name, expect, body in cases if expect == "reject" and accepts(body)}

    assert len(cases) == 340
    assert refused == STRICTER_THAN_THE_SUITE
    assert taken == set()
    assert {
        name for name, expect, body in cases if expect.startswith("either") and accepts(body)
    } == EITHER_AND_ACCEPTED


def test_providers_bodies_meet_the_json_test_suite(shared_material: Path) -> None:
    """What is no JSON is a ValueError and nothing else."""
    for name, expect, body in json_suite(shared_material):
        try:
            value = read_lenient(body)
        except ValueError:
            assert expect != "accept", name
        else:
            write(value)


def test_callers_bodies_are_utf8_alone(shared_material: Path) -> None:
    """Threat H6: utf8tests.txt."""
    for valid, raw in utf8_cases(shared_material):
        body = b'"' + raw + b'"'
        printable = all(byte >= 0x20 for byte in raw)

        assert accepts(body) == (valid and printable), raw
        if valid and printable:
            assert read_strict(body) == raw.decode()


def test_providers_bytes_that_are_not_utf8_are_replaced(shared_material: Path) -> None:
    for _, raw in utf8_cases(shared_material):
        assert read_lenient(b'"' + raw + b'"') == raw.decode("utf-8", "replace")


def test_naughty_strings_are_kept_byte_exact(shared_material: Path) -> None:
    """Threat H6: BLNS, as values and as names."""
    strings = naughty_strings(shared_material)
    value = {string: string for string in strings}

    for body in (write(value), json.dumps(value).encode()):
        assert read_strict(body) == value
        assert read_lenient(body) == value


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert read_lenient(write(value)) == value
    if not too_deep(value):
        assert read_strict(write(value)) == value


def too_deep(value: Any) -> bool:
    return write(value).count(b"[") + write(value).count(b"{") > 64


@given(st.binary(max_size=40))
def test_strict_reading_accepts_or_says_invalid_request(body: bytes) -> None:
    accepts(body)


@given(st.text(st.sampled_from('"\\ud8cDEF0{}[]:,1eN'), max_size=40).map(str.encode))
def test_lenient_reading_gives_what_can_be_written_or_a_value_error(body: bytes) -> None:
    try:
        value = read_lenient(body)
    except ValueError:
        return
    msgspec.json.encode(value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b'{"a": 1,\n}', "line 1, column 8"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8 at byte 0"),
        (b'{"model": "a", "model": "b"}', 'the name "model" occurs twice'),
        (b'[{"a": 1, "\\u0061": 2}]', 'the name "a" occurs twice'),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e400]", "1e400 is too large"),
        (b"[-1e400]", "-1e400 is too large"),
        (b"18446744073709551616", "64 bits"),
        (b"-9223372036854775809", "64 bits"),
        (b"1" * 5_000_000, "64 bits"),
        (b"1" * 5_000_000 + b".5", "too large"),
        (b'["\\ud800"]', "half a surrogate pair, \\ud800, at character 2"),
        (b'["\\uDC00\\ud800"]', "half a surrogate pair"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "half a surrogate pair"),
        (b'"\\\\\\ud83d"', "half a surrogate pair"),
        (b'"a\nb"', "Invalid control character"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" * 5_000_000, "deeper than 64"),
        (b'[{"":' * 50_000, "deeper than 64"),
        (b"{} {}", "Extra data at line 1, column 4"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_two_readers_could_read_differently_is_refused_and_named(body: bytes, message: str) -> None:
    """Threats H5 and H6."""
    with pytest.raises(InvalidRequest) as caught:
        read_strict(body)

    assert message in caught.value.message
    assert len(caught.value.message) < 300
    caught.value.message.encode()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[18446744073709551615, -9223372036854775808]", [2**64 - 1, -(2**63)]),
        (b'"\\ud83e\\uddf9"', "\U0001f9f9"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"\\u0000"', "\0"),
        (b" 1.5e3\n", 1500.0),
        (b"1e-400", 0.0),
        (b'"' + b"[{" * 100 + b'"', "[{" * 100),
    ],
)
def test_what_is_odd_but_clear_is_accepted(body: bytes, value: Any) -> None:
    assert read_strict(body) == value


def test_sixty_four_levels_are_accepted_however_wide() -> None:
    """Threat H5."""
    deepest = b"[" * 64 + b"]" * 64
    wide = b"[" + b"{}," * 100 + b"[" * 63 + b"1" + b"]" * 63 + b"]"

    assert accepts(deepest)
    assert accepts(wide)
    assert not accepts(b"[" + b"{}," * 100 + b"[" * 64 + b"]" * 64 + b"]")


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": "\\ud800"}', {"a": "\ufffd"}),
        (b'{"\\udc00": "\\ud83e\\uddf9\\ud83e"}', {"\ufffd": "\U0001f9f9\ufffd"}),
        (b'"\\\\ud800\\ud800"', "\\ud800\ufffd"),
        (b'"\xff"', "\ufffd"),
        (b"\xef\xbb\xbf[]", []),
        (b'["a\nb"]', ["a\nb"]),
        (b"[NaN, Infinity, -Infinity, 1e400, -1e400, 1.5]", [None, None, None, None, None, 1.5]),
        ('"\ud800"', "\ufffd"),
        ('{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_providers_really_send_is_tolerated(data: bytes | str, value: Any) -> None:
    assert read_lenient(data) == value


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"[DONE]", b": keepalive", b'{"a":', b"[" * 100_000, b"\xff\xfe", b"{}{}"]
)
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_lenient(data)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": "ö\u2028"}, '{"a":"ö\u2028"}'),
        ("\ud800", '"\ufffd"'),
        ({"\ud800": ["\udc00", ("x\ud800y",), Decimal("1.5"), 1]}, '{"\ufffd":["\ufffd",["x\ufffdy"],"1.5",1]}'),
        ("\ud83e\uddf9", '"\U0001f9f9"'),
        (["\ud800", math.nan, math.inf], '["\ufffd",null,null]'),
    ],
)
def test_writing_never_fails_on_half_a_surrogate_pair(value: Any, written: str) -> None:
    """Threat H6."""
    assert write(value).decode() == written
