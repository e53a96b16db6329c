"""Bodies of the door that uses keys: which key to try, given or stored, and which models a key may use."""

from typing import Annotated, Literal

from pydantic import Field

from shared.web.keys import KeyText
from shared.web.models import ModelAnswer
from shared.web.schemas import Answer, Body

Name = Annotated[str, Field(min_length=1, max_length=256)]


class TrialBody(Body):
    """Without `apiKey` the stored key is tried, and that at its stored place alone."""

    provider: Name | None = Field(default=None, description="Provider id or alias, where the path does not name it.")
    api_key: KeyText | None = None
    base_url: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None, description="Where to try a given key, if the provider's place may be chosen."
    )
    model: Name | None = Field(default=None, description="Asked for one token where listing models proves nothing.")


class ProviderModels(Answer):
    """The models of one provider. `source` is `provider` when it was asked with the caller's key within the last hour.

    `reason` says why it was not: `no_key`, `no_list` (it has none), or the code of its failure.
    """

    provider: str
    source: Literal["provider", "catalogue"]
    reason: str | None = None
    models: list[ModelAnswer]
