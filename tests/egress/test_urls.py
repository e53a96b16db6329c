"""Base URLs, as attackers and standards write them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.egress.addresses import Rules
from shared.egress.urls import parse_base_url, parse_url
from shared.errors import AddressRefused, InvalidRequest


class EverythingNamed(Rules):
    """An operator who lets everything through, so that only the reading itself can refuse."""

    def names(self, host: str, port: int) -> bool:
        return True


BOTH_OPERATORS = pytest.mark.parametrize("rules", [Rules(), EverythingNamed()], ids=["strict", "lax"])


@pytest.mark.parametrize(
    ("text", "origin", "short"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com:443", "https://api.openai.com/v1"),
        ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com:443", "https://api.openai.com/v1"),
        ("https://generativelanguage.googleapis.com", "https://generativelanguage.googleapis.com:443", None),
        ("https://bücher.example", "https://xn--bcher-kva.example:443", "https://xn--bcher-kva.example"),
        (
            "https://[2606:4700:4700:0::1111]/x",
            "https://[2606:4700:4700::1111]:443",
            "https://[2606:4700:4700::1111]/x",
        ),
    ],
)
def test_a_base_url_has_one_spelling(text: str, origin: str, short: str | None) -> None:
    base = parse_base_url(text)

    assert base.origin == origin
    assert base.text == (short or text)
    assert parse_base_url(base.text) == base


@pytest.mark.parametrize(
    "text",
    [
        "http://api.openai.com\\@127.0.0.1/",
        "https://api.openai.com@127.0.0.1/",
        "https://user:pass@api.openai.com",
        "https://api.openai.com/v1?key=x",
        "https://api.openai.com/v1?",
        "https://api.openai.com/v1#x",
        "https://api.openai.com./v1",
        "https://api.openai.com/v1/../admin",
        "https://api.openai.com/v1/%2e%2E/admin",
        "https://api.openai.com//v1",
        "https://api.openai.com:8443/v1",
        "https://api.openai.com:0443444/v1",
        "https://api.openai.com\r\nhost: x",
        " https://api.openai.com",
        "http://api.openai.com",
        "ftp://api.openai.com",
        "//api.openai.com",
        "api.openai.com",
        "https://",
        "https://intranet/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://1.2.3.4.5/",
        "https://a.0x/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:7f00:1%eth0]/",
        "https://[::1/",
        "https://-a.example/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
        f"https://api.openai.com/{'a' * 2048}",
        "https://api.openai.com/é",
        "https://exa\u00admple.com\u2028/",
        "",
    ],
)
def test_what_could_be_misread_is_refused_by_name(text: str) -> None:
    """Threat E1, E4."""
    with pytest.raises(InvalidRequest) as refused:
        parse_base_url(text)

    assert refused.value.parameter == "baseUrl"


@pytest.mark.parametrize(
    "text",
    [
        "https://127.0.0.1",
        "https://[::1]",
        "https://169.254.169.254",
        "https://[::ffff:10.0.0.1]",
        "https://\uff11\uff12\uff17.0.0.1",
    ],
)
def test_an_address_inside_is_refused_before_anybody_asks_for_it(text: str) -> None:
    """Threat E1."""
    with pytest.raises(AddressRefused):
        parse_base_url(text)


def test_the_operator_may_name_a_plain_private_origin() -> None:
    rules = Rules(frozenset({"127.0.0.1:11434", "ollama:80", "[::1]:8080"}))

    assert parse_base_url("http://127.0.0.1:11434/v1", rules).origin == "http://127.0.0.1:11434"
    assert parse_base_url("http://ollama", rules).host_header == "ollama"
    assert parse_base_url("http://[0:0::1]:8080", rules).host_header == "[::1]:8080"
    with pytest.raises(InvalidRequest):
        parse_base_url("http://127.0.0.1.example:11434/v1", rules)


def test_every_forbidden_url_of_the_public_lists_is_refused(shared_material: Path) -> None:
    """Threat E1: PayloadsAllTheThings, safeurl, Advocate, smokescreen."""
    rows = [
        json.loads(line) for line in (shared_material / "security-vectors/ssrf/ssrf.jsonl").read_text().splitlines()
    ]

    assert [row["url"] for row in rows if row["expect"].startswith("deny") and _hosts(row["url"], Rules())] == []
    assert [row["url"] for row in rows if row["expect"] == "allow-address" and not _hosts(row["url"], Rules())] == []


@BOTH_OPERATORS
def test_where_we_and_the_url_standard_differ_we_refuse(shared_material: Path, rules: Rules) -> None:
    """Threat E1: web-platform-tests."""
    rows = json.loads((shared_material / "security-vectors/url/urltestdata.json").read_text())
    wrong = [
        row["input"]
        for row in rows
        if isinstance(row, dict) and _hosts(row["input"], rules) not in (None, row.get("hostname", "").strip("[]"))
    ]

    assert wrong == []


@BOTH_OPERATORS
def test_an_international_name_is_the_standard_s_or_refused(shared_material: Path, rules: Rules) -> None:
    """Threat E1: web-platform-tests, toascii."""
    rows = json.loads((shared_material / "security-vectors/url/toascii.json").read_text())
    wrong = [
        row["input"]
        for row in rows
        if isinstance(row, dict) and _hosts(f"https://{row['input']}/", rules) not in (None, row["output"])
    ]

    assert wrong == []


def test_the_url_of_a_request_may_have_a_query_and_an_at_behind_its_host() -> None:
    url = parse_url("https://cdn.example.com/npm/x@1.2/y.png?v=1&at=a@b")

    assert (url.base.host, url.target) == ("cdn.example.com", "/npm/x@1.2/y.png?v=1&at=a@b")


@pytest.mark.parametrize(
    "text",
    ["https://a@b.example/", "https://a:1@b.example/", "https://a.example:443@b.example/", "https://@b.example/"],
)
def test_nobody_stands_before_the_host_of_a_request(text: str) -> None:
    """Threat E4."""
    with pytest.raises(InvalidRequest):
        parse_url(text)


@given(st.text(max_size=60))
def test_whatever_is_read_is_read_the_same_again(tail: str) -> None:
    try:
        base = parse_base_url("https://" + tail)
    except (InvalidRequest, AddressRefused):
        return

    assert parse_base_url(base.text) == base


def _hosts(text: str, rules: Rules) -> str | None:
    """The host that a URL names to us, None when it is refused."""
    try:
        return parse_base_url(text, rules).host
    except (InvalidRequest, AddressRefused):
        return None
