"""A body for each operation that takes one, which it carries out. A route to come fails in two walks until it has one here."""

from typing import Any

from tests.fakes.house import HELLO, KEY

CHAT = {"model": "hello", "messages": HELLO}
SIGN_IN = {"email": "root@example.com", "password": "correct horse"}
STORE = {"provider": "openai", "apiKey": KEY}
GOOD: dict[tuple[str, str], Any] = {
    ("POST", "/api/llm/chat"): {"provider": "openai", **CHAT},
    ("POST", "/api/llm/stream"): {"provider": "openai", **CHAT},
    ("POST", "/api/chat/{provider}"): CHAT,
    ("POST", "/api/chat/{provider}/stream"): CHAT,
    ("POST", "/v1/chat/completions"): {**CHAT, "model": "openai/hello"},
    ("POST", "/v1/messages"): {**CHAT, "model": "openai/hello", "max_tokens": 64},
    ("POST", "/v1/responses"): {"model": "openai/gpt-4o-mini", "input": "hello"},
    ("POST", "/v1/responses/input_tokens"): {"model": "openai/gpt-4o-mini", "input": "hello"},
    ("POST", "/v1/embeddings"): {"model": "openai/hello", "input": ["hello"], "encoding_format": "base64"},
    ("POST", "/v1/images/generations"): {"model": "openai/hello", "prompt": "hello", "n": 1},
    ("POST", "/v1/moderations"): {"model": "openai/hello", "input": "hello"},
    ("POST", "/v1/messages/count_tokens"): {**CHAT, "model": "openai/hello"},
    ("POST", "/api/auth/signup"): {"email": "new@example.com", "password": "correct horse"},
    ("POST", "/api/auth/signin"): SIGN_IN,
    ("POST", "/api/tokens"): {"name": "ci", "budgetUsd": "25.00", "expiresAt": "2099-01-01T00:00:00Z"},
    ("PATCH", "/api/tokens/{token_id}"): {"name": "ci 2", "requestsPerMinute": 5},
    ("POST", "/api/providers/{provider}/test"): {},
    ("POST", "/api/provider-config/test"): {"provider": "openai"},
    ("POST", "/api/test-api-key"): STORE,
    **{("POST", f"/api/provider-config{s}"): STORE for s in ("", "s")},
    **{("PUT", f"/api/provider-config{s}"): {"provider": "openai", "isActive": True} for s in ("", "s")},
    **{("POST", f"/api/provider-config{s}/{{provider}}"): {"apiKey": KEY} for s in ("", "s")},
    **{("PUT", f"/api/provider-config{s}/{{provider}}"): {"settings": {"temperature": 1}} for s in ("", "s")},
    **{("POST", f"/api/provider-config{s}/{{provider}}/rotate"): {"apiKey": KEY} for s in ("", "s")},
    ("POST", "/api/chat/compare"): {"messages": HELLO, "targets": [{"model": "openai/hello"}, {"model": "none/x"}]},
    ("POST", "/api/tokens/count"): {"provider": "openai", **CHAT},
    ("PATCH", "/api/chat/history/{conversation}"): {"title": "Sky"},
    ("POST", "/api/models/recommend"): {"task": "vision", "maxCostUsd": "0.05"},
    ("PUT", "/api/routes/{name}"): {"targets": [{"provider": "openai", "model": "hello"}]},
    ("PATCH", "/api/admin/users/{user_id}"): {"role": "admin", "isActive": True},
    ("PUT", "/api/admin/providers/{provider}"): {
        "isEnabled": True,
        "sharing": {"to": "all"},
        "sharedKey": {"apiKey": KEY},
    },
    ("PUT", "/api/admin/sign-up"): {"signUp": "open"},
    ("PUT", "/api/admin/limits"): {
        "scope": "model",
        "id": "openai/gpt-4o-mini",
        "requestsPerMinute": 1000,
        "budgetUsd": "9.50",
    },
    ("PUT", "/api/admin/alerts/webhook"): {"url": None},
    ("PUT", "/api/admin/moderation"): {"before": True, "words": ["forbidden word"]},
    ("DELETE", "/api/account"): {"password": SIGN_IN["password"]},
    ("POST", "/api/models/compare"): {"models": ["openai/gpt-5-mini", "anthropic/claude-opus-4-5"]},
}
"""One body for each operation that takes one. `refresh` needs what signing in gave."""
