"""What a month costs on AWS: `python -m infra.cost --chats 1000000 --seconds 20 --memory 512`. US dollars, without tax and without free tiers.

Prices of us-east-1, as AWS published them in September 2026: aws.amazon.com/lambda/pricing, /dynamodb/pricing, /kms/pricing, /cloudwatch/pricing,
/api-gateway/pricing, /waf/pricing, /sqs/pricing. What providers charge for their models is on the callers' own keys, and not in here.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Architecture = Literal["arm64", "x86_64"]

GB_SECOND: Final[Mapping[Architecture, Decimal]] = {
    "arm64": Decimal("0.0000133334"),
    "x86_64": Decimal("0.0000166667"),
}
CALL: Final = Decimal("0.20") / 1_000_000
WRITE: Final = Decimal("0.625") / 1_000_000
READ: Final = Decimal("0.125") / 1_000_000
"""Strongly consistent, of 4 KB at most; half of it where not."""
KMS_CALL: Final = Decimal("0.03") / 10_000
KMS_KEY: Final = Decimal(1)
LOG_GB: Final = Decimal("0.50")
QUEUE_CALL: Final = Decimal("0.40") / 1_000_000
OUT_GB: Final = Decimal("0.09")
STREAM_GB: Final = Decimal("0.008")
ALARM: Final = Decimal("0.10")
METRIC: Final = Decimal("0.30")
REST_CALL: Final = Decimal("3.50") / 1_000_000
FIREWALL: Final = Decimal(5) + 3 * Decimal(1)
"""The list itself, and its three rules."""
FIREWALL_CALL: Final = Decimal("0.60") / 1_000_000

WRITES_A_CHAT: Final = 5
"""The place and its return, the ledger's row, the day's usage, how the provider fares. Each item is below 1 KB. The hour's spending is written each five cents."""
READS_A_CHAT: Final = Decimal("4.5")
"""Of a chat by itself: token, account and limits of the user; policies, config and breaker at half the price. Chats that follow at once read less (docs/limits.md)."""
READS_A_SECOND: Final = Decimal("0.5")
"""Of a stream: whether its owner stops it, at half the price."""
KMS_CALLS_A_CHAT: Final = Decimal("0.2")
"""A data key stays open for a minute in each environment."""
LOG_BYTES_A_CHAT: Final = 1500
OUT_BYTES_A_CHAT: Final = 30_000
ALARMS: Final = 9
"""Metrics that alarms look at (infra/watch.py)."""
METRICS: Final = 56
"""Sets of dimensions, where five providers are in use, two kinds of tokens in each; those of breakers, refusals, errors and unknown costs are billed for the hours alone in which there were some."""
_MB_IN_GB: Final = 1024
SWEEPS: Final = 60 * 24 * 30
"""Of a month, one a minute, whether anybody calls or not; each asks the queue once and the table for a secret and for where holds were taken."""
SWEEP_SECONDS: Final = Decimal("0.25")
"""Of a warm one: three answers of AWS, and what Lambda adds."""
SWEEP_MEMORY: Final = 256
READS_A_SWEEP: Final = Decimal("1.5")
"""The secret must be consistent, the list of holds need not be."""
TELLINGS: Final = SWEEPS // 2
"""Of a month, one every two minutes, as long and as large as a sweep."""
READS_A_TELLING: Final = Decimal("0.5")
"""Policies, which say whether there is a webhook, at half the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A month's chats. Memory in MB; `seconds` as long as the stream runs, for Lambda counts them all."""

    chats: int
    seconds: Decimal
    memory: int
    architecture: Architecture = "arm64"
    edge: bool = False


def idle(*, edge: bool = False) -> Iterator[tuple[str, Decimal]]:
    """What a month costs in which nobody calls, line by line."""
    yield "KMS key", KMS_KEY
    yield "alarms", ALARMS * ALARM
    yield "sweeper", SWEEPS * (CALL + READS_A_SWEEP * READ + QUEUE_CALL) + _time_of(SWEEPS)
    yield "teller", TELLINGS * (CALL + READS_A_TELLING * READ) + _time_of(TELLINGS)
    if edge:
        yield "AWS WAF", FIREWALL


def _time_of(calls: int) -> Decimal:
    """Of either's calls, on arm64 as a stage has it by itself."""
    return calls * SWEEP_SECONDS * SWEEP_MEMORY / _MB_IN_GB * GB_SECOND["arm64"]


def month(load: Load) -> Iterator[tuple[str, Decimal]]:
    """What a month costs, line by line."""
    yield from idle(edge=load.edge)
    yield "Lambda, time", load.chats * load.seconds * load.memory / _MB_IN_GB * GB_SECOND[load.architecture]
    yield "Lambda, calls", load.chats * CALL
    yield "DynamoDB", load.chats * (WRITES_A_CHAT * WRITE + (READS_A_CHAT + READS_A_SECOND * load.seconds) * READ)
    yield "KMS, calls", load.chats * KMS_CALLS_A_CHAT * KMS_CALL
    yield "CloudWatch logs", Decimal(load.chats * LOG_BYTES_A_CHAT) / 10**9 * LOG_GB
    yield "CloudWatch metrics", METRICS * METRIC if load.chats else Decimal(0)
    yield "data out", Decimal(load.chats * OUT_BYTES_A_CHAT) / 10**9 * (OUT_GB + STREAM_GB)
    if load.edge:
        yield "API Gateway and WAF, calls", load.chats * (REST_CALL + FIREWALL_CALL)


def page(load: Load) -> Iterator[str]:
    """As a person reads it."""
    yield f"{load.chats:,} chats of {load.seconds} s at {load.memory} MB on {load.architecture}{', with the edge' if load.edge else ''}:"
    lines = list(month(load))
    yield from (f"  {name:28}{dollars:12,.2f}" for name, dollars in lines)
    yield f"  {'a month':28}{sum(dollars for _, dollars in lines):12,.2f}"
    yield f"  {'of it while nobody calls':28}{sum(dollars for _, dollars in idle(edge=load.edge)):12,.2f}"


def main() -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description=__doc__)
    parser.add_argument("--chats", type=_count, default=1_000_000, help="a month")
    parser.add_argument("--seconds", type=_seconds, default=Decimal(20), help="of one chat, until its stream ends")
    parser.add_argument("--memory", type=_count, default=512, help="MB of the chat door")
    parser.add_argument("--architecture", choices=sorted(GB_SECOND), default="arm64")
    parser.add_argument("--edge", action="store_true", help="with the REST API and AWS WAF before it")
    for line in page(Load(**vars(parser.parse_args()))):
        print(line)  # noqa: T201 - what a person at a terminal reads
    return 0


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("a whole number, without signs or separators")
    return int(text)


def _seconds(text: str) -> Decimal:
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        raise argparse.ArgumentTypeError("seconds, for example 20 or 7.5")
    return Decimal(text)


if __name__ == "__main__":
    sys.exit(main())
