"""Bodies of the key test: which key to try, given or stored."""

from typing import Annotated

from pydantic import Field

from shared.web.keys import KeyText
from shared.web.schemas import Body

Name = Annotated[str, Field(min_length=1, max_length=256)]


class TrialBody(Body):
    """Without `apiKey` the stored key is tried, and that at its stored place alone."""

    provider: Name | None = Field(default=None, description="Provider id or alias, where the path does not name it.")
    api_key: KeyText | None = None
    base_url: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None, description="Where to try a given key, if the provider's place may be chosen."
    )
    model: Name | None = Field(default=None, description="Asked for one token where listing models proves nothing.")
