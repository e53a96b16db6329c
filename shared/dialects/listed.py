"""What a provider's list tells of its models, in our words. What it does not tell is absent, never guessed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, get_args

Modality = Literal["text", "image", "file", "audio", "video", "embeddings"]
Ability = Literal["chat", "tools", "json", "schema", "reasoning", "vision", "files", "audio", "video", "embeddings"]
"""`json`: answers in JSON when asked to. `schema`: in the JSON of a given schema. `vision`, `files`, `audio`, `video`: takes them."""

SENSES: Final[Mapping[Modality, Ability]] = {"image": "vision", "file": "files", "audio": "audio", "video": "video"}
"""What a model can do that takes it."""


@dataclass(frozen=True, slots=True)
class Modalities:
    """What goes in and what comes out, each at least one, in the order of `Modality`."""

    input: tuple[Modality, ...]
    output: tuple[Modality, ...]

    @classmethod
    def find(cls, taken: Iterable[str], given: Iterable[str]) -> Self | None:
        """Of any words, those that we know; None when a side is left without."""
        sides = _known(taken), _known(given)
        return cls(*sides) if all(sides) else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What somebody told of a model. Tokens are counted; what is neither in `abilities` nor in `lacks` was not told."""

    context_window: int | None = None
    largest_output: int | None = None
    modalities: Modalities | None = None
    abilities: frozenset[Ability] = frozenset()
    lacks: frozenset[Ability] = frozenset()

    @classmethod
    def told(
        cls,
        said: Mapping[Ability, bool],
        *,
        context_window: int | None = None,
        largest_output: int | None = None,
        modalities: Modalities | None = None,
    ) -> Self:
        """From what was said of each ability, and from what the model takes and gives."""
        if modalities is not None:
            said = {**_shown(modalities), **said}
        has = frozenset(ability for ability, yes in said.items() if yes)
        return cls(context_window or None, largest_output or None, modalities, has, frozenset(said) - has)

    def over(self, other: "Facts") -> "Facts":
        """Where both tell something, this is right."""
        return Facts(
            self.context_window or other.context_window,
            self.largest_output or other.largest_output,
            self.modalities or other.modalities,
            self.abilities | (other.abilities - self.lacks),
            self.lacks | (other.lacks - self.abilities),
        )


UNKNOWN: Final = Facts()


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model that the key may use. `name` is for people."""

    id: str
    name: str | None = None
    facts: Facts = UNKNOWN
    created: int | None = None
    """Unix seconds, where the provider tells when it came."""


def name_of(provider: str | None, model: ListedModel) -> str:
    """As callers name it: a model of a provider, or a route of their own."""
    return f"{provider}/{model.id}" if provider else model.id


def _known(words: Iterable[str]) -> tuple[Modality, ...]:
    among = set(words)
    return tuple(word for word in get_args(Modality) if word in among)


def _shown(modalities: Modalities) -> dict[Ability, bool]:
    shown = {ability: modality in modalities.input for modality, ability in SENSES.items()}
    return {**shown, "chat": "text" in modalities.input and "text" in modalities.output}
