"""The environment, read once."""

from pathlib import Path

import pytest

from shared.settings import AwsHome, SettingError, read_settings


def test_nothing_set_is_the_embedded_home(tmp_path: Path) -> None:
    settings = read_settings({"HOME": str(tmp_path), "PATH": "/bin"})

    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8000, tmp_path / ".realmultillm")


def test_every_setting_is_read() -> None:
    settings = read_settings(
        {
            "REALMULTILLM_HOST": "0.0.0.0",
            "REALMULTILLM_PORT": "9000",
            "REALMULTILLM_HOME": "/srv/rml",
            "REALMULTILLM_PROVIDER_URLS": '{"openai": "https://proxy.example/v1"}',
            "REALMULTILLM_EGRESS_ALLOW": "127.0.0.1:8099, [::1]:11434,",
            "REALMULTILLM_BROWSER_ORIGINS": "http://localhost:3000, https://Chat.example",
            "REALMULTILLM_LOG_LEVEL": "debug",
            "REALMULTILLM_MOST_AT_ONCE": "20",
        }
    )

    assert (settings.host, settings.port, settings.home) == ("0.0.0.0", 9000, Path("/srv/rml"))
    assert settings.provider_urls == {"openai": "https://proxy.example/v1"}
    assert settings.egress_allow == {"127.0.0.1:8099", "[::1]:11434"}
    assert settings.browser_origins == {"http://localhost:3000", "https://chat.example"}
    assert (settings.log_level, settings.most_at_once) == ("DEBUG", 20)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("LOG_LEVEL", "loud"),
        ("MOST_AT_ONCE", "0"),
        ("MOST_AT_ONCE", "many"),
        ("MOST_AT_ONCE", "65536"),
        ("PROVIDER_URLS", "openai=x"),
        ("PROVIDER_URLS", "[]"),
        ("PROVIDER_URLS", '{"openai": 1}'),
        ("EGRESS_ALLOW", "localhost"),
        ("EGRESS_ALLOW", "host:port"),
        ("EGRESS_ALLOW", "host:\u00b2"),
        ("EGRESS_ALLOW", "host:" + "9" * 5000),
        ("BROWSER_ORIGINS", "*"),
        ("BROWSER_ORIGINS", "null"),
        ("BROWSER_ORIGINS", "localhost:3000"),
        ("BROWSER_ORIGINS", "https://chat.example/"),
        ("PORT", "9" * 5000),
        ("EGRESS_ALOW", "127.0.0.1:1"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"REALMULTILLM_{name}"):
        read_settings({f"REALMULTILLM_{name}": value})


ON_AWS = {
    "AWS_REGION": "eu-central-1",
    "REALMULTILLM_TABLE": "RealMultiLLM-prod-Data",
    "REALMULTILLM_KEY": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "REALMULTILLM_USER_POOL": "eu-central-1_AbCdEf123",
    "REALMULTILLM_USER_POOL_CLIENT": "3n4b5urk1ft4fl3mg5e62d9ado",
    "REALMULTILLM_SETTLEMENTS": "https://sqs.eu-central-1.amazonaws.com/123456789012/RealMultiLLM-prod-Settlements",
}


def on_aws(**changes: str) -> AwsHome:
    aws = read_settings({**ON_AWS, **changes}).aws
    assert aws is not None
    return aws


def test_all_five_ids_are_the_home_on_aws() -> None:
    aws = on_aws()

    assert (aws.table, aws.region) == ("RealMultiLLM-prod-Data", "eu-central-1")
    assert aws.endpoints == {
        service: f"https://{service}.eu-central-1.amazonaws.com"
        for service in ("dynamodb", "kms", "cognito-idp", "sqs")
    }
    assert aws.issuer == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123"


def test_none_of_them_is_the_embedded_home(tmp_path: Path) -> None:
    empty = dict.fromkeys((name for name in ON_AWS if name.startswith("REALMULTILLM_")), " ")

    assert read_settings({"HOME": str(tmp_path), "AWS_REGION": "eu-central-1"}).aws is None
    assert read_settings({"HOME": str(tmp_path), **empty}).aws is None


@pytest.mark.parametrize("left", [name for name in ON_AWS if name.startswith("REALMULTILLM_")])
def test_some_of_them_are_a_mistake_that_names_the_missing_ones(left: str) -> None:
    missing = {name: value for name, value in ON_AWS.items() if name != left}
    with pytest.raises(SettingError, match=f"{left} missing") as one:
        read_settings(missing)
    with pytest.raises(SettingError) as others:
        read_settings({"AWS_REGION": "eu-central-1", left: ON_AWS[left]})

    assert "arn:" not in str(one.value)
    for name in set(ON_AWS) - {"AWS_REGION", left}:
        assert name in str(others.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_REGION", ""),
        ("AWS_REGION", "eu-central-1.evil.example/"),
        ("REALMULTILLM_TABLE", "t!"),
        ("REALMULTILLM_TABLE", "arn:aws:dynamodb:eu-central-1:1:table/t"),
        ("REALMULTILLM_KEY", "alias/mine"),
        ("REALMULTILLM_KEY", "arn:aws:kms:eu-central-1:123456789012:alias/mine"),
        ("REALMULTILLM_USER_POOL", "XyZ"),
        ("REALMULTILLM_USER_POOL", "eu-central-1_AbC/../x"),
        ("REALMULTILLM_USER_POOL_CLIENT", "a b"),
        ("REALMULTILLM_SETTLEMENTS", "RealMultiLLM-prod-Settlements"),
        ("REALMULTILLM_SETTLEMENTS", "https://user@sqs.eu-central-1.amazonaws.com/123456789012/q"),
        ("AWS_ENDPOINT_URL", "http://dynamodb.example"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1.evil.example:80"),
        ("AWS_ENDPOINT_URL", "ftp://127.0.0.1"),
        ("AWS_ENDPOINT_URL", "https://user:secret@host.example"),
        ("AWS_ENDPOINT_URL", "https://host.example/path"),
        ("AWS_ENDPOINT_URL_KMS", "kms.example"),
    ],
)
def test_a_wrong_setting_of_the_home_on_aws_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name) as refused:
        on_aws(**{name: value})

    assert not value or value not in str(refused.value)


def test_an_endpoint_of_one_service_goes_before_that_of_all() -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
    aws = on_aws(
        AWS_ENDPOINT_URL="http://127.0.0.1:4566/",
        AWS_ENDPOINT_URL_DYNAMODB="http://[::1]:8000",
        AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="https://vpce-1.cognito-idp.eu-central-1.vpce.amazonaws.com",
    )

    assert aws.endpoints == {
        "dynamodb": "http://[::1]:8000",
        "kms": "http://127.0.0.1:4566",
        "sqs": "http://127.0.0.1:4566",
        "cognito-idp": "https://vpce-1.cognito-idp.eu-central-1.vpce.amazonaws.com",
    }


def test_the_issuer_is_where_the_pool_is_and_not_where_it_is_asked() -> None:
    china = on_aws(
        AWS_REGION="cn-north-1", REALMULTILLM_USER_POOL="cn-north-1_Ab1", AWS_ENDPOINT_URL="http://localhost:4566"
    )

    assert china.issuer == "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Ab1"


def test_settings_show_no_credentials() -> None:
    """Threat K8: they hold the living environment, and show nothing of it."""
    settings = read_settings(
        {**ON_AWS, "AWS_SECRET_ACCESS_KEY": "planted-secret", "AWS_SESSION_TOKEN": "planted-token"}
    )

    assert "planted" not in repr(settings)
