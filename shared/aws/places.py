"""Where the services of a region are: https://docs.aws.amazon.com/general/latest/gr/rande.html (2026-11)."""

from collections.abc import Mapping
from typing import Final

_SUFFIXES: Final[Mapping[str, str]] = {"cn": "amazonaws.com.cn", "eusc": "amazonaws.eu"}
"""By the first part of the region's name; elsewhere it is the one that everybody knows."""

ENDPOINTS: Final[Mapping[str, str]] = {
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "kms": "AWS_ENDPOINT_URL_KMS",
    "cognito-idp": "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "sqs": "AWS_ENDPOINT_URL_SQS",
}
"""The settings by which an operator moves one service; `AWS_ENDPOINT_URL` moves all: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html."""


def place_of(service: str, region: str) -> str:
    """The URL of a service, without a slash at its end."""
    return f"https://{service}.{region}.{suffix_of(region)}"


def suffix_of(region: str) -> str:
    """Under which name the region's services are."""
    return _SUFFIXES.get(region.partition("-")[0], "amazonaws.com")
