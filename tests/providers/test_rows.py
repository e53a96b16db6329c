"""The rows: true, complete, and cheap to load."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.chat.request import ChatRequest, Message, Text
from shared.errors import NotFound
from shared.providers.dialects import load_dialect
from shared.providers.find import find_provider, get_provider
from shared.providers.provider import Provider
from shared.providers.rows import PROVIDERS
from shared.secrets import ApiKey

ROOT = Path(__file__).parents[2]
FIRST = ["openai", "anthropic", "google", "openrouter", "huggingface", "grok", "github"]
ALIASES = {"claude": "anthropic", "google-ai": "google", "gemini": "google", "llama": "huggingface"}
ALIASES |= {"xai": "grok", "copilot": "github"}
each_row = pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.id)


def test_the_first_seven_come_first_and_no_name_is_taken_twice() -> None:
    names = [name for row in PROVIDERS for name in (row.id, *row.aliases)]

    assert [row.id for row in PROVIDERS[:7]] == FIRST
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("alias", "provider"), ALIASES.items())
def test_aliases_that_callers_use_are_known(alias: str, provider: str) -> None:
    assert get_provider(alias.upper()).id == provider


def test_an_unknown_name_finds_nothing_and_is_not_repeated() -> None:
    assert find_provider("sk-secret") is None
    with pytest.raises(NotFound) as caught:
        get_provider("sk-secret")
    assert "secret" not in caught.value.message


@each_row
def test_a_row_is_whole(row: Provider) -> None:
    assert re.fullmatch(r"[a-z][a-z-]{1,30}", row.id)
    assert re.fullmatch(r"#[0-9a-f]{6}", row.colour)
    assert row.docs.startswith("https://")
    assert row.base_url is None or (
        row.base_url.startswith(("https://", "http://localhost:")) and not row.base_url.endswith("/")
    )
    assert row.base_url or row.allows_base_url
    assert row.models_path is None or row.models_path.startswith("/")
    assert (ROOT / "shared" / "dialects" / row.dialect / "__init__.py").is_file()


@each_row
def test_the_key_is_shown_in_a_header_and_nowhere_else(row: Provider) -> None:
    """Trap 50."""
    shown = row.headers(ApiKey("k-1"))

    assert [name for name, value in shown.items() if "k-1" in value] in (
        [["authorization"], ["x-api-key"], ["x-goog-api-key"], ["api-key"]]
    )
    assert row.headers(None) == {}
    assert "key=" not in f"{row.base_url}{row.models_path}{row.models_query}"


def test_azure_takes_a_key_of_the_resource_or_a_token_of_entra() -> None:
    """Trap 50."""
    token = "eyJ0eXAi.eyJhdWQi.c2ln"

    assert get_provider("azure").headers(ApiKey("0f" * 16)) == {"api-key": "0f" * 16}
    assert get_provider("azure").headers(ApiKey(token)) == {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("claude-haiku-4-5@20251001", 64_000), ("claude-opus-4-1@20250805", 32_000), ("claude-opus-9@20300101", None)],
)
def test_claude_on_vertex_says_as_much_as_elsewhere(model: str, tokens: int | None) -> None:
    """Trap 55."""
    assert get_provider("vertex-anthropic").find_largest_output(model) == tokens


def test_facts_that_others_got_wrong() -> None:
    """Traps 63, 64."""
    assert get_provider("github").base_url == "https://models.github.ai/inference"
    assert get_provider("huggingface").base_url == "https://router.huggingface.co/v1"


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-haiku-4-5", 64_000),
        ("claude-haiku-4-5-20251001", 64_000),
        ("claude-3-5-haiku-latest", 8_192),
        ("claude-3-haiku-20240307", 4_096),
        ("claude-opus-9", None),
        ("claude-opus-5-5", None),
    ],
)
def test_the_largest_output_is_what_anthropic_says_or_unknown(model: str, tokens: int | None) -> None:
    """Trap 55."""
    assert get_provider("anthropic").find_largest_output(model) == tokens


def test_dialects_load_late_and_once() -> None:
    assert load_dialect("openai") is load_dialect("openai")
    assert load_dialect("openai").name == "openai"


def test_rows_load_no_dialect_and_nothing_heavy() -> None:
    """Promise 7."""
    script = "import sys, shared.providers.find; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "shared.providers.rows" in loaded
    assert {"shared.dialects.openai", "genai_prices", "pydantic", "msgspec", "httpx"}.isdisjoint(loaded)


def test_no_code_asks_for_a_provider_by_its_name() -> None:
    names = {name for row in PROVIDERS for name in (row.id, *row.aliases)}
    asked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("shared", "functions")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(side, ast.Constant) and side.value in names for side in (node.left, *node.comparators))
    ]

    assert asked == []


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("openai", "https://api.openai.com/v1/chat/completions"),
        ("anthropic", "https://api.anthropic.com/v1/messages"),
        ("google", "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"),
        ("groq", "https://api.groq.com/openai/v1/chat/completions"),
        ("cohere", "https://api.cohere.com/v2/chat"),
        ("vertex", "https://aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent"),
    ],
)
def test_base_url_and_path_make_the_vendors_address(provider: str, url: str) -> None:
    row = get_provider(provider)
    request = ChatRequest("m", (Message("user", (Text("Hi"),)),), max_tokens=9)

    assert f"{row.base_url}{row.place(load_dialect(row.dialect).write(request, None)).path}" == url
