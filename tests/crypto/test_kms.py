"""KMS when it fails (faults.md, AWS table). moto decrypts even with a disabled key and knows no IAM, so each fault is injected (threats.md, fact 2)."""

import subprocess
import sys

import pytest

from shared.aws.operation import NoAnswer, Refused
from shared.crypto.binding import Binding
from shared.crypto.kms import KmsWrapper
from shared.crypto.vault import LONGEST_KEPT, Vault
from shared.errors import CredentialCorrupt, KeyServiceUnavailable, RealMultiLLMError
from shared.secrets import ApiKey
from tests.fakes.aws import Faulty
from tests.fakes.services import FixedClock

CONTEXT = {"purpose": "provider-key", "owner": "o1"}
BINDING = Binding("owner1", "config1", "openai", "https://api.openai.com:443", 1)
SILENT = NoAnswer("kms Decrypt: upstream_timeout")
THROTTLED = Refused("ThrottlingException", "slow down", status=400)


def refused(code: str, status: int = 400) -> Refused:
    return Refused(code, "of arn:aws:kms:somewhere", status=status)


async def ask(kms: KmsWrapper, operation: str, wrapped: bytes) -> object:
    match operation:
        case "generate":
            return await kms.generate(CONTEXT)
        case "unwrap":
            return await kms.unwrap(wrapped, CONTEXT)
        case _:
            return await kms.rewrap(wrapped, CONTEXT)


async def outcome_of(kms: KmsWrapper, operation: str, wrapped: bytes) -> RealMultiLLMError:
    with pytest.raises((KeyServiceUnavailable, CredentialCorrupt)) as caught:
        await ask(kms, operation, wrapped)
    return caught.value


@pytest.mark.parametrize("operation", ["generate", "unwrap", "rewrap"])
@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",
        "DisabledException",
        "KMSInvalidStateException",
        "NotFoundException",
        "InvalidKeyUsageException",
        "UnrecognizedClientException",
    ],
)
async def test_a_service_that_does_not_let_us_is_unavailable_and_not_asked_again(
    kms: KmsWrapper, kms_ask: Faulty, operation: str, code: str
) -> None:
    """Fault 25. faults.md, KMS AccessDenied / DisabledException / KMSInvalidState."""
    wrapped = (await kms.generate(CONTEXT)).wrapped
    before = kms_ask.calls
    kms_ask.plan(refused(code))
    error = await outcome_of(kms, operation, wrapped)

    assert isinstance(error, KeyServiceUnavailable)
    assert error.retry_after is None
    assert "arn" not in error.message
    assert kms_ask.calls == before + 1


PASSING = [
    THROTTLED,
    refused("LimitExceededException"),
    refused("KMSInternalException", 500),
    refused("KeyUnavailableException", 500),
    refused("DependencyTimeoutException", 503),
    refused("SomethingNew", 500),
    SILENT,
]


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("operation", ["generate", "unwrap", "rewrap"])
async def test_a_fault_that_passes_is_not_noticed(
    kms: KmsWrapper, kms_ask: Faulty, operation: str, fault: Exception
) -> None:
    wrapped = (await kms.generate(CONTEXT)).wrapped
    before = kms_ask.calls
    kms_ask.plan(fault)
    await ask(kms, operation, wrapped)

    assert kms_ask.calls == before + 2


@pytest.mark.parametrize("fault", PASSING)
async def test_a_fault_that_stays_names_a_time(kms: KmsWrapper, kms_ask: Faulty, fault: Exception) -> None:
    """Fault 24. faults.md, KMS throttled."""
    wrapped = (await kms.generate(CONTEXT)).wrapped
    kms_ask.plan(fault, fault)
    error = await outcome_of(kms, "unwrap", wrapped)

    assert isinstance(error, KeyServiceUnavailable)
    assert error.retry_after == 1


async def test_a_second_attempt_that_is_denied_waits_for_the_operator(kms: KmsWrapper, kms_ask: Faulty) -> None:
    wrapped = (await kms.generate(CONTEXT)).wrapped
    kms_ask.plan(THROTTLED, refused("DisabledException"))
    error = await outcome_of(kms, "unwrap", wrapped)

    assert error.retry_after is None


async def test_while_kms_is_throttled_an_opened_key_serves_for_a_minute_and_no_longer(
    kms: KmsWrapper, kms_ask: Faulty
) -> None:
    """Fault 24. faults.md, KMS throttled: use the cached key for at most 60 s, else 503; never an unencrypted path."""
    clock = FixedClock()
    vault = Vault(kms, now=clock)
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    await vault.open(sealed, BINDING)
    kms_ask.plan(*[THROTTLED] * 100)
    clock.pass_by(LONGEST_KEPT - 1)

    assert (await vault.open(sealed, BINDING)).reveal() == "sk-planted"
    clock.pass_by(1)
    with pytest.raises(KeyServiceUnavailable):
        await vault.open(sealed, BINDING)
    with pytest.raises(KeyServiceUnavailable):
        await vault.seal(ApiKey("sk-another"), BINDING)


async def test_the_context_is_the_whole_binding_by_name(kms: KmsWrapper, kms_ask: Faulty) -> None:
    """Threats K2 and K7: what IAM's condition and CloudTrail see."""
    vault = Vault(kms, now=FixedClock())
    sealed = await vault.seal(ApiKey("sk-planted"), BINDING)
    await vault.open(sealed, BINDING)
    await vault.rewrap(sealed, BINDING)
    (_, made), (_, opened), (_, rewrapped) = kms_ask.asked

    assert made["EncryptionContext"] == opened["EncryptionContext"] == dict(BINDING.context())
    assert rewrapped["SourceEncryptionContext"] == rewrapped["DestinationEncryptionContext"] == dict(BINDING.context())
    assert made["EncryptionContext"]["purpose"] == "provider-key"
    assert [operation for operation, _ in kms_ask.asked] == ["GenerateDataKey", "Decrypt", "ReEncrypt"]


@pytest.mark.parametrize("operation", ["unwrap", "rewrap"])
@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
async def test_a_wrapped_key_that_is_not_ours_is_corrupt(
    kms: KmsWrapper, kms_ask: Faulty, operation: str, code: str
) -> None:
    """Fault 25. faults.md, InvalidCiphertext: 424, no retry."""
    wrapped = (await kms.generate(CONTEXT)).wrapped
    before = kms_ask.calls
    kms_ask.plan(refused(code))

    assert isinstance(await outcome_of(kms, operation, wrapped), CredentialCorrupt)
    assert kms_ask.calls == before + 1


@pytest.mark.parametrize("answer", [{}, {"Plaintext": None}, {"Plaintext": 5}, {"Plaintext": "?"}])
async def test_an_answer_without_a_key_is_unavailable(kms_key: str, answer: dict[str, object]) -> None:
    class Script:
        async def __call__(self, operation: str, payload: dict[str, object]) -> dict[str, object]:
            return answer

        async def close(self) -> None:
            return

    with pytest.raises(KeyServiceUnavailable):
        await KmsWrapper(kms_key, Script()).unwrap(b"wrapped", CONTEXT)


async def test_it_decrypts_again_when_the_fault_is_over(kms: KmsWrapper, kms_ask: Faulty) -> None:
    data_key = await kms.generate(CONTEXT)
    kms_ask.plan(refused("DisabledException"))
    await outcome_of(kms, "unwrap", data_key.wrapped)

    assert await kms.unwrap(data_key.wrapped, CONTEXT) == data_key.plain


async def test_every_flipped_bit_of_a_wrapped_key_is_corrupt(kms: KmsWrapper) -> None:
    """Threat K4. The first 36 bytes are moto's own key id: it denies access to keys that it does not know, where KMS, told the key, says IncorrectKey."""
    wrapped = (await kms.generate(CONTEXT)).wrapped
    for bit in range(36 * 8, len(wrapped) * 8, 5):
        damaged = bytearray(wrapped)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CredentialCorrupt):
            await kms.unwrap(bytes(damaged), CONTEXT)


def test_no_sdk_is_imported() -> None:
    code = "import sys, shared.crypto.kms, shared.crypto.vault; print(sorted({'boto3', 'botocore'} & set(sys.modules)))"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
