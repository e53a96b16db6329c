"""Signature Version 4: what AWS publishes of it, and botocore's own signer beside ours."""

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from shared.aws.signature import Credentials, sign
from shared.egress.exchange import Outbound

# The example credentials of AWS's documentation.
ACCESS_KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN+/="
SUITE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
URL = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/us.amazon.nova-lite-v1%3A0/converse-stream"
ASKED = Outbound("POST", URL, {"content-type": "application/json", "accept": "x"}, '{"messages":["Łódź"]}'.encode())

PATHS = st.lists(
    st.one_of(
        st.sampled_from([".", "..", "", "a%3Ab", "x%20y", "~tilde", "a+b", "a=b", "a:b", "a@b", "(a)", "a,b", "a;b"]),
        st.text("abcXYZ019-._~", min_size=1, max_size=8),
    ),
    max_size=6,
).map("/".join)
QUERIES = st.lists(
    st.tuples(st.sampled_from(["a", "A", "b", "Action", "a%20", ""]), st.sampled_from(["", "1", "x%2Fy", "~", "="])),
    max_size=5,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
TARGETS = st.sampled_from([None, "DynamoDB_20120810.GetItem", "two  spaces", " led by one"])


def botocores(outbound: Outbound, credentials: Credentials, service: str, region: str) -> tuple[dict[str, str], float]:
    """The headers that its own `add_auth` adds, and when it did."""
    signed = {name: value for name, value in outbound.headers.items() if name != "accept"}
    request = AWSRequest(outbound.method, outbound.url, headers=signed, data=outbound.body)
    own = BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    SigV4Auth(own, service, region).add_auth(request)
    at = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    return {name.lower(): value for name, value in request.headers.items() if name.lower() not in signed}, at


@pytest.mark.parametrize(
    ("outbound", "service", "signature"),
    [
        # `get-vanilla` and `get-vanilla-query-order-key-case` of AWS's test suite for Signature Version 4, and the example of its documentation:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
        (
            Outbound("GET", "https://example.amazonaws.com/"),
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            Outbound("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1"),
            "service",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            Outbound(
                "GET",
                "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
            ),
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ],
)
def test_signatures_are_those_that_aws_publishes(outbound: Outbound, service: str, signature: str) -> None:
    headers = sign(outbound, SUITE, service, "us-east-1", THEN)

    assert headers["x-amz-date"] == "20150830T123600Z"
    assert headers["authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize("token", [None, TOKEN])
def test_real_requests_are_signed_as_botocore_does(token: str | None) -> None:
    """Its own `add_auth`, at its own time."""
    credentials = Credentials(ACCESS_KEY, SECRET, token)
    theirs, at = botocores(ASKED, credentials, "bedrock", "eu-central-1")

    assert sign(ASKED, credentials, "bedrock", "eu-central-1", at) == theirs


@given(
    PATHS,
    QUERIES,
    TARGETS,
    st.sampled_from(["https://kms.eu-central-1.amazonaws.com", "http://127.0.0.1:8000", "http://[::1]:8000"]),
    st.binary(max_size=40),
)
def test_any_request_is_signed_as_botocore_does(
    path: str, query: str, target: str | None, place: str, body: bytes
) -> None:
    url = f"{place}/{path}" + (f"?{query}" if query else "")
    headers = {"content-type": "application/x-amz-json-1.0"} | ({"x-amz-target": target} if target else {})
    outbound, credentials = Outbound("POST", url, headers, body), Credentials(ACCESS_KEY, SECRET, TOKEN)
    theirs, at = botocores(outbound, credentials, "kms", "eu-central-1")

    assert sign(outbound, credentials, "kms", "eu-central-1", at) == theirs


def test_credentials_are_shy() -> None:
    """Threat K8."""
    shown = repr(Credentials(ACCESS_KEY, SECRET, TOKEN))

    assert SECRET not in shown
    assert TOKEN not in shown
