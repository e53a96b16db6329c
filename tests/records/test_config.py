"""Where the key of a config belongs."""

from shared.crypto.binding import Binding
from shared.records.config import ProviderConfig


def test_a_key_belongs_to_the_place_that_is_asked_whatever_the_row_says() -> None:
    """Threat K1."""
    config = ProviderConfig(
        owner="o1",
        id="c1",
        provider="custom",
        created_at=1,
        updated_at=1,
        base_url="https://evil.example/v1",
        key_version=3,
    )

    assert config.binding("https://good.example:443") == Binding("o1", "c1", "custom", "https://good.example:443", 3)
