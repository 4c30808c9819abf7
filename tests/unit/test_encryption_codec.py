"""The codec: what is encrypted, with which key, and how it goes together with a codec of the caller's."""

import zlib
from collections.abc import Sequence
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.common import RawValue
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from kurun_worker.converter import kuflow_data_converter
from kurun_worker.encryption import (
    EncryptionCodec,
    MalformedCiphertextError,
    TamperedCiphertextError,
    confidential,
    with_encryption,
)
from tests.kms_keys import keyring
from tests.second_cipher import ENCODING, KEY, KEY_ID, seal, unseal

OTHER_ID, OTHER_KEY = "other", b"o" * 32
KEYS = {KEY_ID: KEY, OTHER_ID: OTHER_KEY}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
CONTEXT = ActivitySerializationContext(
    namespace="n",
    workflow_id="w",
    workflow_type="W",
    activity_type="A",
    activity_id="1",
    activity_task_queue="q",
    is_local=False,
)


def plain(data: bytes, *, key_id: str | None = None) -> Payload:
    """A payload of JSON, marked or not."""
    metadata = {"encoding": b"json/plain"}
    return Payload(metadata=metadata | ({"encoding-encrypted-key-id": key_id.encode()} if key_id else {}), data=data)


class Zip(PayloadCodec, WithSerializationContext):
    """A codec of the caller's that compresses, and keeps book."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, int]] = []
        self.contexts: list[SerializationContext] = []

    def with_context(self, context: SerializationContext) -> Self:
        """Keep book."""
        self.contexts.append(context)
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Compress."""
        self.batches.append(("encode", len(payloads)))
        return [
            Payload(metadata={"encoding": b"binary/zlib"}, data=zlib.compress(each.SerializeToString()))
            for each in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decompress; whatever is not compressed is refused."""
        self.batches.append(("decode", len(payloads)))
        assert all(each.metadata["encoding"] == b"binary/zlib" for each in payloads)
        return [Payload.FromString(zlib.decompress(each.data)) for each in payloads]


async def test_what_is_marked_is_encrypted_and_nothing_else() -> None:
    """Each with its own key, in the order in which it came."""
    payloads = [plain(b"1"), plain(b"2", key_id=KEY_ID), plain(b"3", key_id=OTHER_ID), plain(b"4")]
    encoded = await EncryptionCodec(keyring(KEYS)).encode(payloads)

    assert encoded[0] == payloads[0]
    assert unseal(encoded[1]) == payloads[1]
    assert unseal(encoded[2], key=OTHER_KEY, key_id=OTHER_ID) == payloads[2]
    assert encoded[3] == payloads[3]


async def test_what_others_encrypted_is_decrypted_and_stays_marked() -> None:
    """With or without the mark inside: if it is sent on unread, it must not go in clear text."""
    codec = EncryptionCodec(keyring(KEYS))
    decoded = await codec.decode([seal(plain(b"1")), plain(b"2"), seal(plain(b"3", key_id=KEY_ID))])

    assert decoded == [plain(b"1", key_id=KEY_ID), plain(b"2"), plain(b"3", key_id=KEY_ID)]
    assert unseal((await codec.encode(decoded))[0]) == plain(b"1", key_id=KEY_ID)


async def test_ciphertext_that_is_sent_on_is_not_encrypted_twice() -> None:
    """Readers take off one layer."""
    encrypted = seal(plain(b"1"))
    codec = EncryptionCodec(keyring(KEYS), Zip())

    assert await codec.encode([encrypted]) == [encrypted]


async def test_payloads_are_not_changed_in_place() -> None:
    """Temporal's rule for codecs."""
    payload, encrypted = plain(b"1", key_id=KEY_ID), seal(plain(b"1"))
    codec = EncryptionCodec(keyring(KEYS))
    await codec.encode([payload])
    await codec.decode([encrypted])

    assert payload == plain(b"1", key_id=KEY_ID)
    assert encrypted == seal(plain(b"1"))


async def test_a_codec_of_the_caller_is_applied_inside_the_encryption() -> None:
    """Compressed, then encrypted: on the wire stands KuFlow's format, and what is read takes the opposite way."""
    codec = EncryptionCodec(keyring(KEYS), Zip())
    marked = plain(b"1" * 1000, key_id=KEY_ID)
    (encoded,) = await codec.encode([marked])

    inside = unseal(encoded)
    assert inside.metadata["encoding"] == b"binary/zlib"
    assert Payload.FromString(zlib.decompress(inside.data)) == marked
    assert await codec.decode([encoded]) == [marked]


async def test_a_codec_of_the_caller_sees_neighbours_together() -> None:
    """A codec may make fewer payloads of several; those of a confidential run all have one key."""
    inner = Zip()
    codec = EncryptionCodec(keyring(KEYS), inner)
    encoded = await codec.encode([plain(b"1"), plain(b"2"), plain(b"3", key_id=KEY_ID), plain(b"4", key_id=KEY_ID)])
    await codec.decode(encoded)

    assert inner.batches == [("encode", 2), ("encode", 2), ("decode", 2), ("decode", 2)]


async def test_without_confidential_payloads_the_codec_of_the_caller_works_as_alone() -> None:
    """Bytes on the wire are the same as without us."""
    alone, inner = Zip(), Zip()
    payloads = [plain(b"1"), plain(b"2")]

    assert await EncryptionCodec(keyring(KEYS), inner).encode(payloads) == await alone.encode(payloads)
    assert inner.batches == alone.batches


def test_the_context_reaches_the_codec_of_the_caller() -> None:
    """Temporal tells codecs which workflow or activity a payload belongs to."""
    inner = Zip()
    EncryptionCodec(keyring(KEYS), inner).with_context(CONTEXT)

    assert inner.contexts == [CONTEXT]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (Payload(metadata={"encoding": ENCODING}, data=b"AES-256-GCM:"), MalformedCiphertextError),
        (
            Payload(metadata={"encoding": ENCODING, "encoding-encrypted-key-id": b""}, data=b"x"),
            MalformedCiphertextError,
        ),
        (
            Payload(metadata={"encoding": ENCODING, "encoding-encrypted-key-id": b"\xff"}, data=b"x"),
            MalformedCiphertextError,
        ),
        (
            Payload(metadata={"encoding": ENCODING, "encoding-encrypted-key-id": b"k" * 256}, data=b"x"),
            MalformedCiphertextError,
        ),
        (seal(plain(b"1"), key=OTHER_KEY), TamperedCiphertextError),
    ],
    ids=["no key id", "empty key id", "key id is no text", "key id too long", "wrong key"],
)
async def test_what_cannot_be_decrypted_is_refused(payload: Payload, error: type[Exception]) -> None:
    """With an error that says why."""
    with pytest.raises(error):
        await EncryptionCodec(keyring(KEYS)).decode([payload])


async def test_decrypted_rubbish_is_refused() -> None:
    """Whoever has the key may still write something that is no payload."""
    cipher = await keyring(KEYS).cipher(KEY_ID)
    payload = seal(Payload())
    payload.data = cipher.encrypt(b"\xff\xff\xff")

    with pytest.raises(MalformedCiphertextError, match="is no payload"):
        await EncryptionCodec(keyring(KEYS)).decode([payload])


def converter() -> DataConverter:
    """KuFlow's data converter with encryption."""
    return with_encryption(kuflow_data_converter, keyring(KEYS))


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        (None, b"binary/null"),
        (b"raw", b"binary/plain"),
        (WorkflowExecution(workflow_id="w"), b"json/protobuf"),
        ({"a": 1}, b"json/plain"),
        (RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"1")), b"json/plain"),
    ],
    ids=["nothing", "bytes", "protobuf", "json", "raw"],
)
async def test_every_kind_of_value_is_encrypted_in_its_own_encoding(value: Any, encoding: bytes) -> None:
    """The other SDKs decrypt, and then find the encoding that they know."""
    with confidential(KEY_ID):
        (payload,) = await converter().encode([value])

    inside = unseal(payload)
    assert inside.metadata["encoding"] == encoding
    (read,) = await converter().decode([payload], [type(value)])
    assert (read.payload.data if isinstance(value, RawValue) else read) == (
        value.payload.data if isinstance(value, RawValue) else value
    )


@settings(deadline=None)
@given(JSON)
async def test_whatever_is_written_is_read_again(value: Any) -> None:
    """And a second implementation finds the same JSON as without encryption."""
    both = converter()
    with confidential(KEY_ID):
        (payload,) = await both.encode([value])
    (open_payload,) = await both.encode([value])

    assert await both.decode([payload]) == [value]
    assert unseal(payload).data == open_payload.data


async def test_outside_of_a_confidential_block_nothing_changes() -> None:
    """Byte for byte."""
    values = [None, b"raw", {"a": 1}, "text"]

    assert await converter().encode(values) == await kuflow_data_converter.encode(values)
    with confidential(KEY_ID), confidential(None):
        assert await converter().encode(values) == await kuflow_data_converter.encode(values)
