"""What every recorded answer cost, by our reckoning and by the price table's own: `python -m tests.conformance.costs --corpus FOLDER`.

Ours: the dialect reads the recorded bytes, `shared.providers.prices` prices the usage. The table's: genai-prices reads the provider's own
usage object with its own extractors, and prices that. Embeddings, pictures and moderations too. They agree to the hundredth of a micro-dollar, or a rule of ours is named.
"""

import argparse
import base64
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import genai_prices
from genai_prices.data_snapshot import get_snapshot

from shared.chat.events import Annotation, ChatEvent, Start, Usage
from shared.chat.receipt import NOTHING, Cost
from shared.dialects.exchanges import Ask, Kind, Reply
from shared.errors import ProviderError
from shared.providers.dialects import load_dialect, load_exchange
from shared.providers.fees import is_fee
from shared.providers.find import find_provider
from shared.providers.prices import price
from shared.providers.provider import Offer, Provider
from tests.fakes.gateway import ROOT

SHARED = ROOT.parent / "shared" / "provider-traffic"
AT = datetime(2026, 11, 20, tzinfo=UTC)
CLOSE = Decimal("1e-8")
"""A hundredth of a micro-dollar."""

DIALECTS = {
    "chat": "openai",
    "responses": "responses",
    "messages": "anthropic",
    "generateContent": "gemini",
    "streamGenerateContent": "gemini",
    "converse": "bedrock",
    "converseStream": "bedrock",
    "cohere_chat_v2": "cohere",
}
FLAVOURS = {"chat": ("chat", "default"), "responses": ("responses", "default"), "messages": ("anthropic", "default")}
"""What the table's extractors are called, the likeliest first."""
KINDRED = {"chat": "openai", "responses": "openai", "messages": "anthropic"}
"""Whose extractors read the usage of a provider who speaks as they do, where the table has none for it."""
BESIDE: Mapping[str, Kind] = {"embeddings": "embeddings", "images": "images", "moderations": "moderations"}
ROWS = {"xai": "grok", "google-vertex": "vertex"}

RULES: Mapping[str, str] = {
    "the provider's word": "the provider itself says what it took, which no table knows better",
    "unknown to both": "neither knows a price",
    "paid by use": "the answer shows tools of the provider's that are paid by their use, and the usage does not count them",
    "no usage": "the provider reported no usage, or not both totals",
    "no split": "the table needs to know how many cached tokens were sound or pictures, and nobody tells",
    "unknown tier": "the table passes over a tier that it has no price of and reckons the usual one; we do not",
    "not by the token": "the table has no price a token for this model",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One answer: `ours` and `theirs` in US dollars, and the rule that explains why they differ; "" where nothing does."""

    id: str
    provider: str
    model: str
    ours: Cost
    theirs: Decimal | None
    rule: str = ""

    @property
    def equal(self) -> bool:
        """To the hundredth of a micro-dollar."""
        return self.ours.usd is not None and self.theirs is not None and abs(self.ours.usd - self.theirs) < CLOSE


@dataclass(slots=True)
class _Heard:
    """What of an answer has to do with its price."""

    usage: Usage | None = None
    model: str | None = None
    tier: str | None = None
    fees: bool = False
    said: int = field(default=0)

    def hear(self, events: Sequence[ChatEvent]) -> None:
        for event in events:
            match event:
                case Usage():
                    self.usage = event
                case Start():
                    self.model = event.model or self.model
                case Annotation(name="service_tier", value=str(tier)):
                    self.tier = tier
                case Annotation():
                    self.fees = self.fees or is_fee(event.name, event.value)
                case _:
                    pass


def compare(folder: Path) -> Iterator[Compared]:
    """Every recorded chat, embedding, picture and judgement that was answered with usage or takes nothing, by a provider of the catalogue. Raises FileNotFoundError for an empty folder."""
    files = [file for file in sorted(folder.glob("*.jsonl")) if not file.name.endswith(".expected.jsonl")]
    if not files:
        raise FileNotFoundError(f"{folder} holds no recorded chats: <provider>.jsonl")
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield from _compare(json.loads(line))


def _compare(recorded: dict[str, Any]) -> Iterator[Compared]:
    name = ROWS.get(recorded["provider"], recorded["provider"])
    if recorded["provider"] == "google-vertex" and recorded["api"] == "messages":
        name = "vertex-anthropic"
    row = find_provider(name)
    if row is None or recorded["response"]["status"] != 200:
        return
    if recorded["api"] in BESIDE:
        yield from _compare_beside(recorded, row)
        return
    if recorded["api"] not in DIALECTS:
        return
    heard = _hear(recorded)
    if heard.usage is None:
        return
    model = heard.model or recorded.get("model") or ""
    ours = _priced(row, model, heard)
    if ours.usd is None and recorded.get("model") and recorded["model"] != model:
        model = recorded["model"]
        ours = _priced(row, model, heard)
    theirs = _theirs(row, recorded["api"], model, heard)
    compared = Compared(recorded["id"], row.id, model, ours, theirs)
    yield compared if compared.equal else Compared(recorded["id"], row.id, model, ours, theirs, _rule(ours, theirs))


def _compare_beside(recorded: dict[str, Any], row: Provider) -> Iterator[Compared]:
    model = recorded.get("model") or ""
    offer = row.find_offer(BESIDE[recorded["api"]], model) or Offer()
    said = json.loads(recorded["response"]["body_text"])
    reply = _read_beside(recorded, offer, said)
    if reply.usage is None and not offer.free:
        return
    heard, ours = _Heard(reply.usage or Usage()), NOTHING
    for name in filter(None, (reply.model, model)):
        if reply.usage is not None and (ours := _priced(row, name, heard)).usd is not None:
            model = name
            break
    theirs = _theirs_beside(row, recorded["api"], model, {**said, "model": model, "modelVersion": model})
    compared = Compared(recorded["id"], row.id, model, ours, theirs)
    yield compared if compared.equal else Compared(recorded["id"], row.id, model, ours, theirs, _rule(ours, theirs))


def _read_beside(recorded: dict[str, Any], offer: Offer, said: dict[str, Any]) -> Reply:
    """The answer, read as one to a question of ours: of each form that is one text for each vector, and floats."""
    asked, model = recorded["request"]["json"] or {}, recorded.get("model") or ""
    texts = asked.get("input") or asked.get("texts") or ["x"] * len(asked.get("requests", "x"))
    if isinstance(vectors := said.get("embeddings"), dict):
        said = {**said, "embeddings": {"float": next(iter(vectors.values()))}}  # Cohere's int8, for which we never ask
    exchange = load_exchange(offer.dialect, offer.file or BESIDE[recorded["api"]])
    return exchange.read(json.dumps(said).encode(), Ask(model, {"input": texts, "prompt": "x"}))


def _theirs_beside(row: Provider, api: str, model: str, said: dict[str, Any]) -> Decimal | None:
    known = {provider.id: provider for provider in get_snapshot().providers}
    readers = [(name, flavour) for name in row.price_ids for flavour in (api, "default")] + [("openai", api)]
    for price_id in row.price_ids:
        for reader, flavour in readers:
            try:
                usage = (
                    genai_prices.Usage()
                    if api == "moderations" and "usage" not in said
                    else known[reader].extract_usage(said, api_flavor=flavour)[1]
                )
                return genai_prices.calc_price(
                    usage, model, provider_id=price_id, genai_request_timestamp=AT
                ).total_price
            except (LookupError, ValueError):
                continue
    return None


def _priced(row: Provider, model: str, heard: _Heard) -> Cost:
    assert heard.usage is not None
    return price(row, model, heard.usage, AT.timestamp(), service_tier=heard.tier, fees=heard.fees)


def _hear(recorded: dict[str, Any]) -> _Heard:
    response, dialect, heard = recorded["response"], load_dialect(DIALECTS[recorded["api"]]), _Heard()
    body = (
        base64.b64decode(response["body_b64"]) if "body_b64" in response else (response.get("body_text") or "").encode()
    )
    try:
        if response["is_stream"]:
            reader = dialect.stream()
            heard.hear(reader.feed(body))
            heard.hear(reader.close())
        else:
            heard.hear(dialect.read(body))
    except ProviderError:
        pass  # what was used before it failed counts all the same
    return heard


def _theirs(row: Provider, api: str, model: str, heard: _Heard) -> Decimal | None:
    assert heard.usage is not None
    root = "usageMetadata" if DIALECTS[api] == "gemini" else "usage"
    data = {root: dict(heard.usage.raw), "model": model, "modelVersion": model}
    known = {provider.id: provider for provider in get_snapshot().providers}
    readers = [(name, flavour) for name in row.price_ids for flavour in FLAVOURS.get(api, ("default",))]
    readers += [(KINDRED[api], flavour) for flavour in FLAVOURS.get(api, ()) if api in KINDRED]
    for price_id in row.price_ids:
        for reader, flavour in readers:
            try:
                _, usage = known[reader].extract_usage(data, api_flavor=flavour)
                return genai_prices.calc_price(
                    usage, model, provider_id=price_id, genai_request_timestamp=AT, price_context=_context(heard)
                ).total_price
            except (LookupError, ValueError):
                continue
    return None


def _context(heard: _Heard) -> dict[str, str] | None:
    assert heard.usage is not None
    tier = heard.tier or heard.usage.raw.get("service_tier")
    return {"service_tier": tier} if isinstance(tier, str) else None


def _rule(ours: Cost, theirs: Decimal | None) -> str:
    reason = ours.reason or ""
    match ours.source:
        case "provider":
            return "the provider's word"
        case None if "paid by their use" in reason:
            return "paid by use"
        case None if "did not report" in reason:
            return "no usage"
        case None if "how many of the cached" in reason:
            return "no split"
        case None if "no price a token" in reason:
            return "not by the token"
        case None if "service tier" in reason:
            return "unknown tier"
        case None if theirs is None:
            return "unknown to both"
        case _:
            return ""


def report(found: Sequence[Compared]) -> Iterator[str]:
    """Totals by provider, and what differs by rule."""
    yield f"{'provider':18} {'answers':>8} {'equal':>6} {'unknown':>8} {'ours, USD':>18} {'table, USD':>18}"
    for name in sorted({each.provider for each in found}):
        of_one = [each for each in found if each.provider == name]
        equal = [each for each in of_one if each.equal]
        ours = sum((each.ours.usd or Decimal() for each in equal), Decimal())
        theirs = sum((each.theirs or Decimal() for each in equal), Decimal())
        unknown = sum(each.ours.usd is None for each in of_one)
        yield f"{name:18} {len(of_one):>8} {len(equal):>6} {unknown:>8} {ours:>18.10f} {theirs:>18.10f}"
    for rule, count in sorted(Counter(each.rule for each in found if not each.equal).items()):
        yield f"{count:5} differ: {RULES.get(rule, 'NOT EXPLAINED')}"
    for each in found:
        if not each.equal and not each.rule:
            yield f"  {each.id} {each.provider} {each.model}: {each.ours.usd} ({each.ours.reason}) against {each.theirs}"


def main() -> int:
    """0 when all is equal or explained, 1 when not, 2 when there is nothing to compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.costs", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=SHARED, help="a folder with <provider>.jsonl")
    try:
        found = list(compare(parser.parse_args().corpus))
    except FileNotFoundError as error:
        print(f"costs: {error}", file=sys.stderr)  # noqa: T201 - what a person at a terminal reads
        return 2
    for line in report(found):
        print(line)  # noqa: T201 - the same
    return 0 if all(each.equal or each.rule for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
