"""What vendors do beside chats."""

from importlib import import_module

import pytest

from shared.errors import UnsupportedParameter
from shared.providers.beside import in_base64, sides
from shared.providers.find import get_provider
from shared.providers.rows import PROVIDERS


def test_every_offer_has_its_file() -> None:
    offers = [(row, kind, offer) for row in PROVIDERS for kind, offer in row.beside.items()]
    files = [import_module(f"shared.dialects.{offer.dialect}.{offer.file or kind}") for _, kind, offer in offers]

    assert len(files) > 30
    assert [hasattr(file, "COUNTER") for file in files] == [kind == "counts" for _, kind, _ in offers]


def test_who_embeds_by_its_features_offers_it() -> None:
    told = {row.id for row in PROVIDERS if "embeddings" in row.features}

    assert told <= {row.id for row in PROVIDERS if "embeddings" in row.beside}


def test_an_offer_may_be_for_some_models() -> None:
    bedrock = get_provider("bedrock")

    assert bedrock.find_offer("counts", "us.anthropic.claude-sonnet-4-20250514-v1:0") is not None
    assert bedrock.find_offer("counts", "us.amazon.nova-lite-v1:0") is None
    assert bedrock.find_offer("images", "us.amazon.nova-lite-v1:0") is None


@pytest.mark.parametrize(
    ("asked", "spelt"),
    [
        ({"size": "640x480"}, {"width": 640, "height": 480}),
        ({"size": "auto"}, {}),
        ({"size": None}, {}),
        ({"response_format": "b64_json"}, {"response_format": "base64"}),
        ({"response_format": "url", "steps": 4}, {"response_format": "url", "steps": 4}),
    ],
)
def test_together_has_its_own_words_for_pictures(asked: dict[str, object], spelt: dict[str, object]) -> None:
    assert sides({"prompt": "a", **asked}) == {"prompt": "a", **spelt}


@pytest.mark.parametrize("size", ["large", "0x5", "5x", "1x2x3", "-1x5"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(UnsupportedParameter):
        sides({"prompt": "a", "size": size})


@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-1-mini", "chatgpt-image-latest"])
def test_pictures_that_are_base64_anyway_are_not_asked_for_in_base64(model: str) -> None:
    """Vercel's client knows such a model by its bare name alone, and asks `openai/gpt-image-1` for it."""
    asked = {"model": model, "prompt": "a"}

    assert in_base64({**asked, "response_format": "b64_json"}) == asked
    assert in_base64(asked) == asked


def test_links_to_pictures_of_such_models_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        in_base64({"model": "gpt-image-1", "prompt": "a", "response_format": "url"})

    assert caught.value.parameter == "response_format"


def test_who_may_choose_the_form_of_pictures_does() -> None:
    asked = {"model": "dall-e-3", "prompt": "a", "response_format": "b64_json"}

    assert in_base64(asked) == asked
