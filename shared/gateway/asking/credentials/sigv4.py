"""AWS's credentials: a Bedrock API key, an access key that signs (Signature Version 4), or a role that this installation assumes.

https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (2026-11). The owner's id is the role's external id, so that nobody
uses a role that trusts us on somebody else's behalf: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html (2026-11).

The region is the one in the URL's host; a host of AWS always names it. At any other (a proxy, a private name of a VPC endpoint) it is the one
before the key, `eu-central-1/AKIA…:…`, else us-east-1.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from shared.aws.signature import Credentials, sign
from shared.dialects.explain import read_body
from shared.dialects.failures import failure
from shared.dialects.lenient import find_text, record
from shared.egress.exchange import Client, Inbound, Outbound, Timeouts
from shared.errors import BadResponse, CredentialRejected, InvalidRequest, KeyServiceUnavailable, ProviderError
from shared.secrets import ApiKey

SERVICE: Final = "bedrock"
DEFAULT_REGION: Final = "us-east-1"
LIFETIME: Final = 3600
"""Seconds that a role is assumed for; every role allows that."""
EARLY: Final = 300.0
"""Seconds before its end from which on an assumed role is not used any more."""
PATIENCE: Final = Timeouts(connect=5.0, first_byte=15.0, idle=10.0, total=20.0)
_MOST: Final = 1000
_LARGEST: Final = 64 * 1024

_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}"
_LABEL: Final = re.compile(_REGION)
_BEFORE: Final = re.compile(rf"({_REGION})/(?=AKIA|ASIA|arn:)")
_OF_AWS: Final = re.compile(r".*\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws)")
_PAIR: Final = re.compile(r"(AKIA[A-Z0-9]{12,124}):([A-Za-z0-9/+=]{16,128})")
_SESSION: Final = re.compile(r"(ASIA[A-Z0-9]{12,124}):([A-Za-z0-9/+=]{16,128}):([A-Za-z0-9/+=_-]{16,8192})")
_ROLE: Final = re.compile(r"arn:aws(?:-[a-z-]+)?:iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
_BEARER: Final = re.compile(r"(?!AKIA|ASIA|arn:)[!-~]{1,8192}")
_SUFFIXES: Final[Mapping[str, str]] = {"-cn": "amazonaws.com.cn", "-eusc": "amazonaws.eu"}
_PARTITION: Final = re.compile(r"arn:aws(-[a-z-]+)?:")
_WORD: Final = re.compile(r"[A-Za-z]{1,60}")
_REFUSALS: Final = frozenset({400, 401, 403})


class AssumedRoles:
    """The credentials of roles until shortly before their end, for each owner apart."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], tuple[float, Credentials]] = OrderedDict()

    def find(self, place: tuple[str, str, str], now: float) -> Credentials | None:
        """The credentials, if they are still good."""
        kept = self._kept.get(place)
        return kept[1] if kept is not None and kept[0] > now else None

    def keep(self, place: tuple[str, str, str], credentials: Credentials, until: float) -> None:
        """Remember them; the oldest go when there are too many."""
        self._kept[place] = (until, credentials)
        self._kept.move_to_end(place)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)


_ROLES: Final = AssumedRoles()


async def authorise(
    key: ApiKey,
    outbound: Outbound,
    *,
    owner: str,
    client: Client,
    now: Callable[[], float],
    roles: AssumedRoles = _ROLES,
) -> Mapping[str, str]:
    """The headers to add.

    Raises:
        InvalidRequest: the key has none of the three forms, or names a role that this installation has no identity to assume.
        ProviderError: the role does not let us in, or nobody says so.
        KeyServiceUnavailable: this installation's own identity cannot be had now.
    """
    text = key.reveal().strip()
    if _BEARER.fullmatch(text) and not _BEFORE.match(text):
        return {"authorization": f"Bearer {text}"}
    region = find_region(outbound.url) or _region_before(text) or DEFAULT_REGION
    credentials = _read(_BEFORE.sub("", text, count=1))
    if isinstance(credentials, str):
        credentials = await _assume(credentials, region, owner=owner, client=client, now=now, roles=roles)
    return await asyncio.to_thread(
        sign, outbound, credentials, SERVICE, region, now()
    )  # bodies with pictures take their time


def find_region(url: str) -> str | None:
    """The region that a host of AWS names: `bedrock-runtime.eu-central-1.amazonaws.com`; None at any other host."""
    host = urlsplit(url).hostname or ""
    if not _OF_AWS.fullmatch(host):
        return None
    return next((label for label in host.split(".") if _LABEL.fullmatch(label)), None)


def _region_before(text: str) -> str | None:
    found = _BEFORE.match(text)
    return found[1] if found else None


def _read(text: str) -> Credentials | str:
    """What signs, or the ARN of the role that will. Raises InvalidRequest, which repeats nothing of it."""
    if found := _PAIR.fullmatch(text):
        return Credentials(found[1], found[2])
    if found := _SESSION.fullmatch(text):
        return Credentials(found[1], found[2], found[3])
    if _ROLE.fullmatch(text):
        return text
    raise InvalidRequest(
        "`apiKey` has none of the forms of a key for Bedrock: a Bedrock API key; an access key with its secret, `AKIA…:secret`"
        " (a temporary one with its token, `ASIA…:secret:token`); or a role, `arn:aws:iam::123456789012:role/name`",
        parameter="apiKey",
    )


async def _assume(
    role: str, region: str, *, owner: str, client: Client, now: Callable[[], float], roles: AssumedRoles
) -> Credentials:
    place = (owner, role, region)
    kept = roles.find(place, now())
    if kept is not None:
        return kept
    began = now()
    asked = _question(role, region, owner)
    shown = await asyncio.to_thread(_sign_as_ourselves, asked, region, began)
    credentials, until = await _ask(
        Outbound(asked.method, asked.url, {**asked.headers, **shown}, asked.body), client, owner
    )
    roles.keep(place, credentials, (until or began + LIFETIME) - EARLY)
    return credentials


def _question(role: str, region: str, owner: str) -> Outbound:
    partition = _PARTITION.match(role)
    suffix = _SUFFIXES.get(partition[1] or "" if partition else "", "amazonaws.com")
    asked = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": "realmultillm",
        "ExternalId": owner,
        "DurationSeconds": str(LIFETIME),
    }
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "accept": "application/json"}
    return Outbound("POST", f"https://sts.{region}.{suffix}/", headers, urlencode(asked).encode())


def _sign_as_ourselves(asked: Outbound, region: str, at: float) -> Mapping[str, str]:
    """With the identity that this installation runs under, as botocore finds it: environment, profile, container or machine."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - only roles need it
    from botocore.session import get_session  # noqa: PLC0415 - the same

    try:
        found = get_session().get_credentials()
        own = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise KeyServiceUnavailable(
            "This installation's own AWS identity cannot be had now, so it assumes no role. Try again shortly.",
            retry_after=1.0,
        ) from error
    if own is None or not own.access_key or not own.secret_key:
        raise InvalidRequest(
            "`apiKey` names a role, but this installation has no AWS identity of its own to assume it with; use a Bedrock API key or an access key",
            parameter="apiKey",
        )
    return sign(asked, Credentials(own.access_key, own.secret_key, own.token), "sts", region, at)


async def _ask(asked: Outbound, client: Client, owner: str) -> tuple[Credentials, float | None]:
    """The role's credentials, and when they end (epoch seconds), if that was told."""
    async with client.send(asked, PATIENCE) as inbound:
        said = record(read_body(await inbound.read(_LARGEST)))
        if inbound.status != 200:  # noqa: PLR2004 - the one status that carries credentials
            raise _refused(inbound, said, owner)
    result = record(record(said.get("AssumeRoleResponse")).get("AssumeRoleResult"))
    given = record(result.get("Credentials"))
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    access_key, secret_key, token = (find_text(given.get(name)) for name in names)
    if access_key is None or secret_key is None or token is None:
        raise BadResponse("AWS answered the wish to assume the role with something that holds no credentials")
    return Credentials(access_key, secret_key, token), _epoch(given.get("Expiration"))


def _epoch(moment: Any) -> float | None:
    """JSON has seconds, XML a date; both have been seen."""
    if isinstance(moment, int | float) and not isinstance(moment, bool):
        return float(moment)
    try:
        return datetime.fromisoformat(moment).timestamp() if isinstance(moment, str) else None
    except (ValueError, OverflowError):
        return None


def _refused(inbound: Inbound, said: Mapping[str, Any], owner: str) -> ProviderError:
    """Why, in AWS's word; its sentence names our own identity, which is not the caller's to know."""
    word = find_text(record(said.get("Error")).get("Code")) or ""
    word = word if _WORD.fullmatch(word) else "no reason given"
    if inbound.status in _REFUSALS:
        return CredentialRejected(
            f"AWS does not let us assume the role ({word}). Its trust policy must name this installation, with the external id {owner}",
            details={"providerStatus": inbound.status, "providerCode": word},
        )
    return failure(inbound.status, f"AWS could not say whether we may assume the role ({word})", code=word)
