"""AWS's credentials: what signs, what is shown, and whose role is assumed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from shared.aws.signature import Credentials
from shared.egress.exchange import Outbound
from shared.errors import BadResponse, CredentialRejected, InvalidRequest, ProviderError, ProviderFailed, Throttled
from shared.gateway.asking.credentials.sigv4 import AssumedRoles, authorise, find_region
from shared.secrets import ApiKey
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import FixedClock

# The example credentials of AWS's documentation.
ACCESS_KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TEMPORARY, TOKEN = "ASIAIOSFODNN7EXAMPLE", "IQoJb3JpZ2luX2VjEXAMPLETOKEN+/="
ROLE = "arn:aws:iam::123456789012:role/team/bedrock"
URL = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/us.amazon.nova-lite-v1%3A0/converse-stream"
ASKED = Outbound("POST", URL, {"content-type": "application/json", "accept": "x"}, '{"messages":["Łódź"]}'.encode())


class Sts:
    """Gives credentials for roles; each time others."""

    def __init__(self, clock: FixedClock, *, lives: float = 3600.0) -> None:
        self.clock, self.lives, self.given = clock, lives, 0
        self.client = FakeClient(self._answer)

    def _answer(self, outbound: Outbound) -> Answer:
        self.given += 1
        given = {
            "AccessKeyId": f"ASIAROLE{self.given}",
            "SecretAccessKey": "role-secret",
            "SessionToken": "role-token",
            "Expiration": self.clock() + self.lives,
        }
        return FakeAnswer(200, {"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": given}}})


async def shown(
    key: str,
    *,
    outbound: Outbound = ASKED,
    owner: str = "owner1",
    client: FakeClient | None = None,
    clock: FixedClock | None = None,
    roles: AssumedRoles | None = None,
) -> Mapping[str, str]:
    return await authorise(
        ApiKey(key),
        outbound,
        owner=owner,
        client=client or FakeClient(lambda outbound: AssertionError("nobody is asked")),
        now=clock or FixedClock(),
        roles=roles or AssumedRoles(),
    )


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """This installation's own."""
    for name, value in {"ACCESS_KEY_ID": "AKIAOURSELVES", "SECRET_ACCESS_KEY": "our-secret"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ACCESS_KEY_ID",
        "SECRET_ACCESS_KEY",
        "SESSION_TOKEN",
        "PROFILE",
        "CONTAINER_CREDENTIALS_RELATIVE_URI",
    ):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")


async def test_a_bedrock_api_key_is_shown_as_it_is() -> None:
    assert await shown(" ABSKQmVkcm9ja0FQSUtleS0xMjM=\n") == {"authorization": "Bearer ABSKQmVkcm9ja0FQSUtleS0xMjM="}


async def test_an_access_key_signs_and_its_secret_stays_here() -> None:
    headers = await shown(f"{ACCESS_KEY}:{SECRET}")

    assert headers.keys() == {"authorization", "x-amz-date"}
    assert f"Credential={ACCESS_KEY}/" in headers["authorization"]
    assert "/eu-central-1/bedrock/aws4_request" in headers["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date," in headers["authorization"]
    assert SECRET not in str(headers)


async def test_a_temporary_key_shows_its_token() -> None:
    headers = await shown(f"{TEMPORARY}:{SECRET}:{TOKEN}")

    assert headers["x-amz-security-token"] == TOKEN
    assert "x-amz-security-token" in headers["authorization"]


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse", "eu-central-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/x", "us-gov-west-1"),
        ("https://bedrock-runtime.cn-north-1.amazonaws.com.cn/x", "cn-north-1"),
        ("https://vpce-0a1-b2c.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com/x", "ap-southeast-2"),
        ("https://bedrock-runtime.us-west-2.api.aws/x", "us-west-2"),
        ("https://bedrock-runtime.eusc-de-east-1.amazonaws.eu/x", "eusc-de-east-1"),
        ("https://my-proxy-1.example.com/x", None),
        ("https://us-west-2.example.com/x", None),
        ("http://127.0.0.1:8099/bedrock/x", None),
    ],
)
def test_hosts_of_aws_name_the_region(url: str, region: str | None) -> None:
    assert find_region(url) == region


@pytest.mark.parametrize(
    ("before", "url", "region"),
    [
        ("", "https://proxy.example.com/x", "us-east-1"),
        ("ap-south-1/", "https://proxy.example.com/x", "ap-south-1"),
        ("ap-south-1/", URL, "eu-central-1"),
    ],
)
async def test_elsewhere_the_region_stands_before_the_key_or_is_the_usual_one(
    before: str, url: str, region: str
) -> None:
    headers = await shown(f"{before}{ACCESS_KEY}:{SECRET}", outbound=Outbound("POST", url, {}, b"{}"))

    assert f"/{region}/bedrock/aws4_request" in headers["authorization"]


@pytest.mark.parametrize(
    "key",
    [
        ACCESS_KEY,
        f"{ACCESS_KEY}:",
        f"{ACCESS_KEY}:{SECRET}:{TOKEN}",
        f"{TEMPORARY}:{SECRET}",
        f"{ACCESS_KEY}:short",
        f"{ACCESS_KEY}: {SECRET}",
        "arn:aws:iam::123:role/x",
        "arn:aws:iam::123456789012:user/x",
        f"{ROLE}?x=y",
        f"us-east-1/{ACCESS_KEY}",
        "two words",
        "",
    ],
)
async def test_a_malformed_key_is_told_the_three_forms_and_not_repeated(key: str) -> None:
    """Trap 77."""
    with pytest.raises(InvalidRequest) as caught:
        await shown(key)

    assert caught.value.parameter == "apiKey"
    for form in ("Bedrock API key", "AKIA…:secret", "ASIA…:secret:token", "arn:aws:iam::"):
        assert form in caught.value.message
    assert not any(secret in caught.value.message for secret in (SECRET, TOKEN, ACCESS_KEY))


def test_credentials_are_shy() -> None:
    """Trap 77."""
    said = repr(Credentials(TEMPORARY, SECRET, TOKEN))

    assert SECRET not in said
    assert TOKEN not in said


@pytest.mark.usefixtures("identity")
async def test_a_role_is_assumed_for_its_owner_alone() -> None:
    """The external id is the owner's, so nobody uses the role of somebody else that trusts us."""
    sts = Sts(clock := FixedClock())
    headers = await shown(ROLE, client=sts.client, clock=clock)
    (asked,) = sts.client.asked
    form = {name: value for name, (value,) in parse_qs(asked.body.decode()).items()}

    assert (asked.method, asked.url) == ("POST", "https://sts.eu-central-1.amazonaws.com/")
    assert form == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "realmultillm",
        "ExternalId": "owner1",
        "DurationSeconds": "3600",
    }
    assert asked.headers["accept"] == "application/json"
    assert "Credential=AKIAOURSELVES/" in asked.headers["authorization"]
    assert "/eu-central-1/sts/aws4_request" in asked.headers["authorization"]
    assert "Credential=ASIAROLE1/" in headers["authorization"]
    assert headers["x-amz-security-token"] == "role-token"


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize(
    ("role", "url", "place"),
    [
        (
            "arn:aws-cn:iam::123456789012:role/x",
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/x",
            "https://sts.cn-north-1.amazonaws.com.cn/",
        ),
        (
            "arn:aws-us-gov:iam::123456789012:role/x",
            "https://bedrock-runtime.us-gov-west-1.amazonaws.com/x",
            "https://sts.us-gov-west-1.amazonaws.com/",
        ),
        (f"ap-south-1/{ROLE}", "https://proxy.example.com/x", "https://sts.ap-south-1.amazonaws.com/"),
    ],
)
async def test_aws_is_asked_where_it_is_and_never_at_the_base_url(role: str, url: str, place: str) -> None:
    sts = Sts(clock := FixedClock())
    await shown(role, outbound=Outbound("POST", url, {}, b"{}"), client=sts.client, clock=clock)

    assert [asked.url for asked in sts.client.asked] == [place]


@pytest.mark.usefixtures("identity")
async def test_an_assumed_role_is_kept_until_five_minutes_before_its_end_for_each_owner_apart() -> None:
    sts, roles = Sts(clock := FixedClock()), AssumedRoles()

    async def ask(owner: str) -> None:
        await shown(ROLE, owner=owner, client=sts.client, clock=clock, roles=roles)

    await ask("owner1")
    clock.pass_by(3299)
    await ask("owner1")
    assert sts.given == 1
    await ask("owner2")
    assert sts.given == 2
    clock.pass_by(2)
    await ask("owner1")
    assert sts.given == 3


def test_few_assumed_roles_are_kept() -> None:
    roles, credentials = AssumedRoles(), Credentials("a", "b", "c")
    for number in range(1001):
        roles.keep((str(number), "r", "e"), credentials, 9.0)

    assert roles.find(("0", "r", "e"), 0.0) is None
    assert roles.find(("1", "r", "e"), 0.0) is credentials


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize(
    ("expiration", "kept"), [("2030-01-01T00:00:00Z", True), (None, True), ("soon", True), (5, False)]
)
async def test_an_end_may_be_a_date_or_left_out(expiration: Any, kept: bool) -> None:  # noqa: FBT001 - a column of the table
    given = {"AccessKeyId": "A", "SecretAccessKey": "B", "SessionToken": "C", "Expiration": expiration}
    client = FakeClient(
        lambda outbound: FakeAnswer(200, {"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": given}}})
    )
    roles, clock = AssumedRoles(), FixedClock()
    await shown(ROLE, client=client, clock=clock, roles=roles)
    await shown(ROLE, client=client, clock=clock, roles=roles)

    assert len(client.asked) == (1 if kept else 2)


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize(
    ("status", "body", "kind", "word"),
    [
        (403, {"Error": {"Code": "AccessDenied", "Message": "User: arn:aws:iam::999:x is not"}}, CredentialRejected, "AccessDenied"),
        (400, {"Error": {"Code": "ValidationError", "Message": "x"}}, CredentialRejected, "ValidationError"),
        (403, b"<ErrorResponse/>", CredentialRejected, "no reason given"),
        (429, {"Error": {"Code": "Throttling"}}, Throttled, "Throttling"),
        (500, {"Error": {"Code": "not a word!"}}, ProviderFailed, "no reason given"),
        (200, {"AssumeRoleResponse": {}}, BadResponse, "credentials"),
        (200, b"<html>", BadResponse, "credentials"),
    ],
)  # fmt: skip
async def test_why_a_role_is_not_ours_is_told_in_one_word(
    status: int, body: Any, kind: type[ProviderError], word: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        await shown(ROLE, client=FakeClient(lambda outbound: FakeAnswer(status, body)))

    assert type(caught.value) is kind
    assert word in caught.value.message
    assert "999" not in caught.value.message
    assert kind is not CredentialRejected or "external id owner1" in caught.value.message


@pytest.mark.usefixtures("nobody")
async def test_an_installation_without_an_identity_assumes_no_role() -> None:
    with pytest.raises(InvalidRequest) as caught:
        await shown(ROLE)
    assert caught.value.parameter == "apiKey"
    assert "no AWS identity" in caught.value.message


async def test_what_is_signed_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Trap 77: botocore's own way to sign would tell the token, at the level DEBUG."""
    with caplog.at_level("DEBUG"):
        await shown(f"{TEMPORARY}:{SECRET}:{TOKEN}")

    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text
