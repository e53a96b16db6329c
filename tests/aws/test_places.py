import pytest
from botocore.session import get_session

from shared.aws.places import ENDPOINTS, place_of


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
@pytest.mark.parametrize("service", ENDPOINTS)
def test_places_are_where_botocore_looks(service: str, region: str) -> None:
    theirs = get_session().create_client(service, region_name=region, aws_access_key_id="a", aws_secret_access_key="s")

    assert place_of(service, region) == theirs.meta.endpoint_url
