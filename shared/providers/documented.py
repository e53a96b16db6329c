"""What vendors document of their models and do not tell in their lists, by name (pages read 2026-11). Only what is sure; the rest stays unknown.

A name with a `*` stands for all that fit it. Earlier entries come first; a date or `-latest` behind a name changes nothing unless it has its own.
"""

from collections.abc import Mapping
from typing import Final

from shared.dialects.listed import Ability, Facts, Modalities

type Documented = Mapping[str, Facts]


def _table(groups: Mapping[tuple[str, ...], Facts]) -> Documented:
    return {name: facts for names, facts in groups.items() for name in names}


def _chat(
    takes: str, *abilities: Ability, window: int | None = None, largest: int | None = None, gives: str = "text"
) -> Facts:
    """A model that chats. `takes` and `gives` are modalities, `text image`."""
    modalities = Modalities.find(takes.split(), gives.split())
    said = dict.fromkeys(abilities, True)  # what is not named is not said
    return Facts.told(said, context_window=window, largest_output=largest, modalities=modalities)


def _other(takes: str, gives: str) -> Facts:
    """A model for something else than chats."""
    modalities = Modalities.find(takes.split(), gives.split())
    abilities: frozenset[Ability] = frozenset({"embeddings"}) if gives == "embeddings" else frozenset()
    return Facts(modalities=modalities, abilities=abilities, lacks=frozenset({"chat"}))


_NO_CHAT: Final = Facts(lacks=frozenset({"chat"}))
_EMBEDDING: Final = _other("text", "embeddings")
_SPEAKING: Final = _other("text", "audio")
_HEARING: Final = _other("audio", "text")

OPENAI: Final = _table(  # https://platform.openai.com/docs/models, the page of each
    {
        ("gpt-5.4",): _chat("text image", "tools", "schema", "reasoning", window=1_050_000, largest=128_000),
        ("gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5.1", "gpt-5.2", "gpt-5.4-mini", "gpt-5.4-nano"): _chat(
            "text image", "tools", "schema", "reasoning", window=400_000, largest=128_000
        ),
        ("gpt-5-chat", "gpt-5.1-chat", "gpt-5.2-chat"): _chat("text image", window=128_000, largest=16_384),
        ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"): _chat(
            "text image", "tools", "json", "schema", window=1_047_576, largest=32_768
        ),
        ("gpt-4o-2024-05-13",): _chat("text image", "tools", "json", window=128_000, largest=4_096),
        ("gpt-4o", "gpt-4o-mini"): _chat("text image", "tools", "json", "schema", window=128_000, largest=16_384),
        ("chatgpt-4o",): _chat("text image", window=128_000, largest=16_384),
        ("gpt-4o-audio-preview", "gpt-4o-mini-audio-preview", "gpt-audio", "gpt-audio-mini"): _chat(
            "text audio", "tools", window=128_000, largest=16_384, gives="text audio"
        ),
        ("gpt-4-turbo",): _chat("text image", "tools", "json", window=128_000, largest=4_096),
        ("gpt-4", "gpt-4-0613"): _chat("text", "tools", window=8_192, largest=8_192),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-3.5-turbo-1106"): _chat(
            "text", "tools", "json", window=16_385, largest=4_096
        ),
        ("o1", "o3", "o4-mini"): _chat("text image", "tools", "schema", "reasoning", window=200_000, largest=100_000),
        ("o3-mini",): _chat("text", "tools", "schema", "reasoning", window=200_000, largest=100_000),
        ("text-embedding-*",): _EMBEDDING,
        ("dall-e-*",): _other("text", "image"),
        ("gpt-image-*", "chatgpt-image-*"): _other("text image", "image"),
        ("sora-*",): _other("text image", "video audio"),
        ("tts-*", "*-tts", "*-tts-*"): _SPEAKING,
        ("whisper-*", "*-transcribe", "*-transcribe-*"): _HEARING,
        ("omni-moderation-*",): _other("text image", "text"),
        ("text-moderation-*",): _other("text", "text"),
        ("gpt-realtime", "gpt-realtime-*", "*-realtime-*"): _NO_CHAT,
        ("ada", "babbage", "curie", "davinci", "babbage-*", "davinci-*", "text-davinci-*"): _other("text", "text"),
        ("gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct-*"): _other("text", "text"),
    }
)

ANTHROPIC: Final = _table(  # https://platform.claude.com/docs/en/about-claude/models/overview, and the API's own list
    {
        (
            "claude-opus-5",
            "claude-sonnet-5",
            "claude-fable-5",
            "claude-opus-4-8",
            "claude-opus-4-7",
            "claude-opus-4-6",
            "claude-sonnet-4-6",
        ): _chat("text image file", "tools", "schema", "reasoning", window=1_000_000, largest=128_000),
        ("claude-opus-4-5", "claude-haiku-4-5"): _chat(
            "text image file", "tools", "schema", "reasoning", window=200_000, largest=64_000
        ),
        ("claude-sonnet-4-5",): _chat("text image file", "tools", "schema", "reasoning", largest=64_000),
        ("claude-sonnet-4", "claude-sonnet-4-0"): _chat("text image file", "tools", "reasoning", largest=64_000),
        ("claude-3-7-sonnet",): _chat("text image file", "tools", "reasoning", window=200_000, largest=64_000),
        ("claude-opus-4-1",): _chat("text image file", "tools", "schema", "reasoning", window=200_000, largest=32_000),
        ("claude-opus-4", "claude-opus-4-0"): _chat(
            "text image file", "tools", "reasoning", window=200_000, largest=32_000
        ),
        ("claude-3-5-sonnet", "claude-3-5-haiku"): _chat("text image file", "tools", window=200_000, largest=8_192),
        ("claude-3-opus", "claude-3-sonnet", "claude-3-haiku"): _chat(
            "text image", "tools", window=200_000, largest=4_096
        ),
        ("claude-v*", "claude-1*", "claude-2*", "claude-instant-*"): _chat("text"),
        ("claude-*",): _chat("text image", "tools"),
    }
)

VERTEX_CLAUDE: Final = {  # a date stands behind an `@`: https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
    **{f"{name}@*": facts for name, facts in ANTHROPIC.items() if "*" not in name},
    **ANTHROPIC,
}

_GEMINI: Final = "text image file audio video"
GOOGLE: Final = _table(  # https://ai.google.dev/gemini-api/docs/models and /document-processing
    {
        (
            "gemini-2.5-pro",
            "gemini-2.5-flash",
            "gemini-2.5-flash-lite",
            "gemini-3-pro-preview",
            "gemini-3-flash-preview",
            "gemini-3.1-pro-preview",
        ): _chat(_GEMINI, "tools", "json", "schema", "reasoning", window=1_048_576, largest=65_536),
        ("gemini-2.0-flash", "gemini-2.0-flash-001", "gemini-2.0-flash-lite", "gemini-2.0-flash-lite-001"): _chat(
            _GEMINI, "tools", "json", "schema", window=1_048_576, largest=8_192
        ),
        ("gemini-2.5-flash-image",): _chat("text image", gives="text image"),
        ("gemini-embedding-*", "text-embedding-*"): _EMBEDDING,
        ("imagen-*",): _other("text", "image"),
        ("*-tts", "*-tts-*"): _SPEAKING,
        ("gemini-live-*", "*-live", "*-live-*", "*-native-audio-*", "veo-*"): _NO_CHAT,
    }
)

GROK: Final = _table(  # https://docs.x.ai/docs/models
    {
        ("grok-4", "grok-4-0709"): _chat("text image", "tools", "schema", "reasoning", window=256_000),
        ("grok-4-fast", "grok-4-fast-reasoning", "grok-4-1-fast", "grok-4-1-fast-reasoning"): _chat(
            "text image", "tools", "schema", "reasoning", window=2_000_000
        ),
        ("grok-4-fast-non-reasoning", "grok-4-1-fast-non-reasoning"): _chat(
            "text image", "tools", "schema", window=2_000_000
        ),
        ("grok-3", "grok-3-fast"): _chat("text", "tools", "schema", window=131_072),
        ("grok-3-mini", "grok-3-mini-fast"): _chat("text", "tools", "schema", "reasoning", window=131_072),
        ("grok-code-fast", "grok-code-fast-1"): _chat("text", "tools", "schema", "reasoning", window=256_000),
        ("grok-2-vision", "grok-2-vision-1212"): _chat("text image", "tools", "schema", window=32_768),
        ("grok-2-image*", "grok-imagine-*", "grok-voice-*"): _NO_CHAT,
    }
)

DEEPSEEK: Final = _table(  # https://api-docs.deepseek.com/quick_start/pricing
    {
        ("deepseek-chat",): _chat("text", "tools", "json"),
        ("deepseek-reasoner",): _chat("text", "tools", "json", "reasoning"),
        ("deepseek-v4-pro", "deepseek-v4-flash", "deepseek-flash"): Facts(
            abilities=frozenset({"chat", "tools", "json", "reasoning"})
        ),
    }
)

MISTRAL: Final = _table(  # https://docs.mistral.ai/models
    {
        ("magistral-*",): Facts(abilities=frozenset({"chat", "tools", "reasoning"})),
        ("mistral-embed", "mistral-embed-*", "codestral-embed", "codestral-embed-*"): _EMBEDDING,
        ("mistral-ocr-*", "mistral-moderation-*"): _NO_CHAT,
    }
)

GROQ: Final = _table(  # https://console.groq.com/docs/models
    {
        ("llama-3.3-70b-versatile", "llama-3.1-8b-instant"): _chat("text", "tools", "json"),
        ("openai/gpt-oss-120b", "openai/gpt-oss-20b"): _chat("text", "tools", "json", "schema", "reasoning"),
        ("whisper-*", "distil-whisper-*"): _HEARING,
        ("playai-tts", "playai-tts-*"): _SPEAKING,
    }
)

COHERE: Final = _table(  # https://docs.cohere.com/docs/models; how long a context may be is told by the API's own list
    {
        ("command-a-03-2025", "command-r7b-12-2024", "command-r-08-2024", "command-r-plus-08-2024"): _chat(
            "text", "tools", "json", "schema"
        ),
        ("command-a-reasoning-08-2025",): _chat("text", "tools", "json", "schema", "reasoning"),
        ("command-a-vision-07-2025", "command-a-plus-05-2026"): _chat("text image"),
        ("command-a-translate-08-2025",): _chat("text"),
        ("embed-v4.0", "embed-*"): _EMBEDDING,
        ("rerank-*",): _NO_CHAT,
    }
)

BEDROCK: Final = _table(  # https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html; the same Claudes as Anthropic's
    {
        ("*anthropic.claude-opus-4-5-*", "*anthropic.claude-haiku-4-5-*"): _chat(
            "text image file", "tools", "schema", "reasoning", window=200_000, largest=64_000
        ),
        ("*anthropic.claude-sonnet-4-5-*",): _chat("text image file", "tools", "schema", "reasoning", largest=64_000),
        ("*anthropic.claude-sonnet-4-20*",): _chat("text image file", "tools", "reasoning", largest=64_000),
        ("*anthropic.claude-opus-4-1-*", "*anthropic.claude-opus-4-20*"): _chat(
            "text image file", "tools", "reasoning", window=200_000, largest=32_000
        ),
        ("*anthropic.claude-3-7-sonnet-*",): _chat("text image file", "tools", "reasoning", window=200_000),
        ("*amazon.nova-micro-*",): _chat("text", "tools", window=128_000),
        ("*amazon.nova-lite-*", "*amazon.nova-pro-*"): _chat("text image file video", "tools", window=300_000),
        ("*amazon.titan-embed-*", "*cohere.embed-*"): _EMBEDDING,
    }
)
