"""OpenAI, Anthropic and Gemini as a program meets them: over real sockets, strict about what they are sent, and quick to answer.

The last words of the user choose what happens: `scene:tool` in them calls a tool, `scene:error-429` throttles (scenes.py has them all).
Nothing here is imported from the product, nor from any package: these upstreams run in whatever environment a client needs.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.fakes.http_server import HttpServer, http_server
from tests.fakes.upstreams import anthropic, files, google, openai
from tests.fakes.upstreams.serve import served

OPENAI_KEY = "sk-proj-UpstreamKeyOfOpenAiForTests0123456789abcdef"
ANTHROPIC_KEY = "sk-ant-api03-UpstreamKeyOfAnthropicForTests0123456789"
GOOGLE_KEY = "AIzaSyUpstreamKeyOfGoogleForTests01234567"


@dataclass(frozen=True)
class Upstreams:
    """All of them, running."""

    openai: HttpServer
    anthropic: HttpServer
    google: HttpServer
    files: HttpServer

    @property
    def origins(self) -> str:
        """For REALMULTILLM_EGRESS_ALLOW."""
        return ",".join(server.origin for server in (self.openai, self.anthropic, self.google, self.files))

    @property
    def urls(self) -> dict[str, str]:
        """For REALMULTILLM_PROVIDER_URLS."""
        return {"openai": self.openai.url("/v1"), "anthropic": self.anthropic.url(""), "google": self.google.url("")}


@asynccontextmanager
async def upstreams() -> AsyncIterator[Upstreams]:
    """Running, until the context is left."""
    async with AsyncExitStack() as stack:
        yield Upstreams(
            *[
                await stack.enter_async_context(http_server(script))
                for script in (
                    served(openai.Upstream(OPENAI_KEY)),
                    served(anthropic.Upstream(ANTHROPIC_KEY)),
                    served(google.Upstream(GOOGLE_KEY)),
                    files.script,
                )
            ]
        )
