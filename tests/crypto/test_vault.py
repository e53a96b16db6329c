"""The vault: keys open where they belong, are forgotten soon, and every fault fails closed."""

import asyncio
import gc
from dataclasses import replace
from itertools import permutations, product

import pytest

from shared.crypto.binding import Binding
from shared.crypto.envelope import Envelope
from shared.crypto.keyfile import KeyFile
from shared.crypto.keys import KeyWrapper
from shared.crypto.vault import SealedKey, Vault
from shared.errors import CredentialCorrupt
from shared.secrets import ApiKey
from tests.fakes.keys import CountingWrapper

BINDING = Binding(owner="o1", config="c1", provider="openai", origin="https://api.openai.com:443", version=1)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counting(key_file: KeyFile) -> CountingWrapper:
    return CountingWrapper(key_file)


async def test_a_sealed_key_opens_where_it_belongs(wrapper: KeyWrapper, clock: Clock) -> None:
    sealed = await Vault(wrapper, clock).seal(ApiKey("sk-planted-é"), BINDING)

    assert b"planted" not in sealed.envelope
    assert await Vault(wrapper, clock).open(sealed, BINDING) == ApiKey("sk-planted-é")


TENANTS = [
    Binding(
        owner=f"o{owner}", config=f"c{owner}{config}", provider=provider, origin=f"https://{provider}:443", version=1
    )
    for owner, (config, provider) in product(range(3), enumerate(["openai", "anthropic", "custom"]))
]


def graft(sealed: SealedKey, other: SealedKey, *names: str) -> SealedKey:
    taken = {name: getattr(Envelope.read(other.envelope), name) for name in names}
    return SealedKey(replace(Envelope.read(sealed.envelope), **taken).write())


async def test_nothing_of_one_credential_opens_in_the_place_of_another(wrapper: KeyWrapper, clock: Clock) -> None:
    """Threat K2: 3 tenants with 3 credentials, all 72 ordered pairs: ciphertext, wrapped key, both, or one attribute."""
    vault = Vault(wrapper, clock)
    sealed = {binding: await vault.seal(ApiKey(f"sk-of-{binding.config}"), binding) for binding in TENANTS}
    opened = 0
    for one, other in permutations(TENANTS, 2):
        attempts = [
            (graft(sealed[one], sealed[other], "ciphertext"), one),
            (graft(sealed[one], sealed[other], "nonce", "commitment", "ciphertext"), one),
            (graft(sealed[one], sealed[other], "wrapped"), one),
            (graft(sealed[one], sealed[other], "wrapped", "commitment", "nonce"), one),
            (sealed[other], one),
        ]
        named = {name: getattr(other, name) for name in ("owner", "config", "provider", "origin")}
        attempts += [(sealed[one], changed) for n, v in named.items() if (changed := replace(one, **{n: v})) != one]
        attempts += [(sealed[one], replace(one, version=2)), (sealed[one], replace(one, purpose="other"))]
        for attempt, binding in attempts:
            opened += 1
            with pytest.raises(CredentialCorrupt):
                await vault.open(attempt, binding)

    assert opened > 72 * 7


async def test_a_swap_fails_closed_also_while_the_key_is_in_memory(counting: CountingWrapper, clock: Clock) -> None:
    """Threats K2 and K5."""
    vault = Vault(counting, clock)
    sealed, other = (
        await vault.seal(ApiKey("sk-1"), BINDING),
        await vault.seal(ApiKey("sk-2"), replace(BINDING, owner="o2")),
    )
    await vault.open(sealed, BINDING)

    with pytest.raises(CredentialCorrupt):
        await vault.open(sealed, replace(BINDING, origin="https://evil.example:443"))
    with pytest.raises(CredentialCorrupt):
        await vault.open(other, BINDING)


def repeats(seals: list[SealedKey]) -> list[str]:
    """What of (wrapped key, nonce, both) repeats; none may."""
    envelopes = [Envelope.read(sealed.envelope) for sealed in seals]
    kinds = {
        "wrapped": {envelope.wrapped for envelope in envelopes},
        "nonce": {envelope.nonce for envelope in envelopes},
        "commitment": {envelope.commitment for envelope in envelopes},
    }
    return [name for name, different in kinds.items() if len(different) < len(envelopes)]


async def test_10000_seals_share_neither_data_key_nor_nonce(key_file: KeyFile, clock: Clock) -> None:
    """Threat K3."""
    vault = Vault(key_file, clock)

    assert repeats([await vault.seal(ApiKey("sk-the-same"), BINDING) for _ in range(10_000)]) == []


async def test_a_nonce_that_is_fixed_would_be_caught(key_file: KeyFile, clock: Clock) -> None:
    """Threat K3, the mutation: the claim above does fail without its control."""
    vault = Vault(key_file, clock, random=bytes)

    assert repeats([await vault.seal(ApiKey("sk-the-same"), BINDING) for _ in range(3)]) == ["nonce"]


async def test_a_data_key_that_seals_twice_would_be_caught(counting: CountingWrapper, clock: Clock) -> None:
    """Threat K3, the other mutation."""
    counting.always = await counting.generate(BINDING.context())
    vault = Vault(counting, clock)

    assert repeats([await vault.seal(ApiKey("sk-the-same"), BINDING) for _ in range(3)]) == ["wrapped"]


async def test_every_flipped_bit_is_one_error_class_with_one_message(key_file: KeyFile, clock: Clock) -> None:
    """Threat K4, end to end."""
    vault = Vault(key_file, clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    seen = set()
    for bit in range(len(sealed.envelope) * 8):
        damaged = bytearray(sealed.envelope)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CredentialCorrupt) as error:
            await vault.open(SealedKey(bytes(damaged)), BINDING)
        seen.add((type(error.value), error.value.message, str(error.value.details), error.value.retry_after))

    assert len(seen) == 1


async def test_an_opened_key_is_kept_60_seconds_and_no_longer(counting: CountingWrapper, clock: Clock) -> None:
    """Threat K5."""
    vault = Vault(counting, clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    for _ in range(3):
        await vault.open(sealed, BINDING)
        clock.seconds += 20

    assert counting.unwrapped == 1
    await vault.open(sealed, BINDING)
    assert counting.unwrapped == 2


async def test_a_clock_set_back_lengthens_no_life(counting: CountingWrapper, clock: Clock) -> None:
    """Threat K5."""
    vault = Vault(counting, clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    await vault.open(sealed, BINDING)
    clock.seconds -= 3600
    await vault.open(sealed, BINDING)

    assert counting.unwrapped == 2


async def test_at_most_100_keys_are_in_memory(counting: CountingWrapper, clock: Clock) -> None:
    """Threat K5."""
    vault = Vault(counting, clock, keep=3600)
    bindings = [replace(BINDING, config=f"c{number}") for number in range(101)]
    seals = [await vault.seal(ApiKey("sk-planted"), binding) for binding in bindings]
    for sealed, binding in zip(seals, bindings, strict=True):
        await vault.open(sealed, binding)

    assert len(vault._opened) == 100
    await vault.open(seals[0], bindings[0])
    assert counting.unwrapped == 102


async def test_a_forgotten_config_is_opened_anew(counting: CountingWrapper, clock: Clock) -> None:
    vault = Vault(counting, clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    await vault.open(sealed, BINDING)
    vault.forget("another")
    await vault.open(sealed, BINDING)
    vault.forget(BINDING.config)
    await vault.open(sealed, BINDING)

    assert counting.unwrapped == 2


async def test_a_new_version_of_a_key_is_used_at_once(counting: CountingWrapper, clock: Clock) -> None:
    """Threat K5: the old one is not used again."""
    vault = Vault(counting, clock)
    old, newer = BINDING, replace(BINDING, version=2)
    await vault.open(await vault.seal(ApiKey("sk-old"), old), old)
    renewed = await vault.seal(ApiKey("sk-new"), newer)

    assert await vault.open(renewed, newer) == ApiKey("sk-new")


async def test_a_rewrapped_key_is_the_same_key_for_the_same_place(wrapper: KeyWrapper, clock: Clock) -> None:
    vault = Vault(wrapper, clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    rewrapped = await vault.rewrap(sealed, BINDING)
    before, after = Envelope.read(sealed.envelope), Envelope.read(rewrapped.envelope)

    assert after == replace(before, wrapped=after.wrapped)
    assert after.wrapped != before.wrapped
    assert await vault.open(rewrapped, BINDING) == ApiKey("sk-planted")
    with pytest.raises(CredentialCorrupt):
        await vault.rewrap(sealed, replace(BINDING, owner="o2"))


async def test_without_its_wrapped_key_a_blob_stays_shut(key_file: KeyFile, clock: Clock) -> None:
    """Threat K10: what was deleted is shredded, old copies of the ciphertext included."""
    vault = Vault(key_file, clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    fresh = await key_file.generate(BINDING.context())
    restored = SealedKey(replace(Envelope.read(sealed.envelope), wrapped=fresh.wrapped).write())

    with pytest.raises(CredentialCorrupt):
        await vault.open(restored, BINDING)


def planted() -> str:
    """Put together anew each time, so that the test itself keeps none."""
    return "".join(["sk-", "planted", "-", "4f7a", "91c2"] * 2)


def holders() -> list[object]:
    """Who in this process still refers to the planted key."""
    gc.collect()
    text = planted()
    encoded = text.encode()
    return [
        holder
        for holder in gc.get_objects()
        for held in gc.get_referents(holder)
        if (isinstance(held, str) and text in held and held is not text)
        or (isinstance(held, bytes) and encoded in held and held is not encoded)
    ]


async def use(vault: Vault, sealed: SealedKey) -> None:
    key = await vault.open(sealed, BINDING)
    assert key.reveal() == planted()


async def test_after_its_time_nobody_in_the_process_holds_the_key(key_file: KeyFile) -> None:
    """Threat K5: nobody needs to call for it to go."""
    vault = Vault(key_file, asyncio.get_running_loop().time, keep=0.05)
    await use(vault, await vault.seal(ApiKey(planted()), BINDING))
    kept = len(holders())
    await asyncio.sleep(0.1)

    assert kept > 0
    assert holders() == []


async def test_a_failed_opening_leaves_no_key_in_its_traceback(key_file: KeyFile, clock: Clock) -> None:
    """Threats K5 and K8."""
    vault = Vault(key_file, clock)
    sealed = await vault.seal(ApiKey(planted()), BINDING)
    error: BaseException | None = None
    try:
        await vault.open(SealedKey(sealed.envelope[:-1] + b"\0"), BINDING)
    except CredentialCorrupt as caught:
        error = caught
    frames = []
    while error is not None:
        trace = error.__traceback__
        while trace is not None:
            frames.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
        error = error.__cause__

    assert frames
    assert not [frame for frame in frames if planted() in frame]


def test_a_sealed_key_shows_nothing_of_itself() -> None:
    """Threat K8."""
    assert "abc" not in repr(SealedKey(b"abc"))
