"""The real clients, where each lives, and which checks its program has; without running any of it."""

import ast
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.gateway import ROOT

HERE = Path(__file__).parent
ENVIRONMENTS = {name: ROOT / ".clients" / name / "bin" / "python" for name in ("newest", "held-back")}
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True)
class Client:
    """One program of checks."""

    name: str
    """Of the client, as its users call it."""
    program: str
    lives_in: str
    """`newest`, `held-back`, `node` or `shell`."""
    straight: tuple[str, ...]
    """The upstreams that this client can ask without us."""

    @property
    def path(self) -> Path:
        suffix, folder = (".mjs", "node") if self.lives_in == "node" else (".py", "python")
        return HERE / folder / f"{self.program}{suffix}"

    @property
    def command(self) -> tuple[str, ...]:
        if self.lives_in == "node":
            return ("node", str(self.path))
        return (str(ENVIRONMENTS[self.lives_in]), "-m", f"tests.journeys.clients.python.{self.program}")

    @property
    def missing(self) -> str:
        """What has to be there and is not, if anything."""
        if self.lives_in == "node":
            there = shutil.which("node") is not None and (HERE / "node" / "node_modules").is_dir()
        else:
            there = ENVIRONMENTS[self.lives_in].is_file() and (
                self.program != "curl" or shutil.which("curl") is not None
            )
        return "" if there else f"{self.name} is not installed: `make clients` does that, where node, npm and curl are"

    @property
    def checks(self) -> list[str]:
        """The names of its checks, read from the program."""
        text = self.path.read_text(encoding="utf-8")
        if self.lives_in == "node":
            return re.findall(r'^check\("(\w+)"', text, re.MULTILINE)
        return [
            node.name
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(isinstance(each, ast.Name) and each.id == "check" for each in node.decorator_list)
        ]

    def environment(self, journey: str) -> dict[str, str]:
        """Of its process: no key of the person who runs the tests is in it."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, "JOURNEY": journey, "NO_COLOR": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


CLIENTS = (
    Client("openai (Python), chat", "openai_chat", "newest", ("openai",)),
    Client("openai (Python), responses and more", "openai_more", "newest", ("openai",)),
    Client("anthropic (Python)", "anthropic_messages", "newest", ("anthropic",)),
    Client("LangChain (Python)", "langchain_clients", "newest", ("openai", "anthropic")),
    Client("pydantic-ai", "pydantic_ai_agents", "newest", ("openai", "anthropic")),
    Client("LiteLLM", "litellm_client", "newest", ("openai", "anthropic")),
    Client("OpenAI Agents SDK", "openai_agents", "newest", ("openai",)),
    Client("instructor", "instructor_client", "held-back", ("openai", "anthropic")),
    Client("llm", "llm_tool", "held-back", ("openai",)),
    Client("openai (Node.js)", "openai_sdk", "node", ("openai",)),
    Client("anthropic (Node.js)", "anthropic_sdk", "node", ("anthropic",)),
    Client("Vercel AI SDK", "ai_sdk", "node", ("openai", "anthropic")),
    Client("LangChain (JavaScript)", "langchain_js", "node", ("openai",)),
    Client("curl", "curl", "newest", ("openai",)),
)
