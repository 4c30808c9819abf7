"""Encrypts what is marked and decrypts what is encrypted, between the payload converter and the wire."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Self

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext

from kurun_worker.encryption.errors import MalformedCiphertextError
from kurun_worker.encryption.keys import Keyring
from kurun_worker.encryption.marks import ENCODING, ENCRYPTED, KEY_ID, is_encrypted, mark_of, marked


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """KuFlow's encryption around a codec of the caller's.

    What is written passes the caller's codec first and is encrypted last: compression works, and on the wire stands
    KuFlow's own format, which names its key. What is read takes the opposite way. Payloads without a mark pass the
    caller's codec alone, in the batches in which they came.

    Args:
        keys: The keys in use.
        inner: The caller's codec.
    """

    def __init__(self, keys: Keyring, inner: PayloadCodec | None = None) -> None:
        self._keys = keys
        self._inner = inner

    def with_context(self, context: SerializationContext) -> Self:
        """See base class; the caller's codec may want to know."""
        if self._inner is not None and isinstance(self._inner, WithSerializationContext):
            return type(self)(self._keys, self._inner.with_context(context))
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt what is marked.

        Raises:
            KeyUnavailableError: There is no such key, or KuFlow could not be asked.
        """
        encoded: list[Payload] = []
        for (final, key_id), group in _grouped(payloads):
            if final:
                encoded += group
            else:
                inside = await self._inner.encode(group) if self._inner else group
                encoded += inside if key_id is None else await self._encrypted(inside, key_id)
        return encoded

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted; it keeps its mark, so that it is encrypted again wherever it is sent on unread.

        Raises:
            KeyUnavailableError: There is no such key, or KuFlow could not be asked.
            CiphertextError: A payload cannot be decrypted.
        """
        decoded: list[Payload] = []
        for (encrypted, key_id), group in _grouped(payloads):
            if not encrypted:
                decoded += await self._inner.decode(group) if self._inner else group
            elif key_id is None:
                raise MalformedCiphertextError("the encrypted payload names no key")
            else:
                inside = await self._decrypted(group, key_id)
                read = await self._inner.decode(inside) if self._inner else inside
                decoded += [marked(each, key_id) for each in read]
        return decoded

    async def _encrypted(self, payloads: Iterable[Payload], key_id: str) -> list[Payload]:
        cipher = await self._keys.cipher(key_id)
        metadata = {ENCODING: ENCRYPTED.encode(), KEY_ID: key_id.encode()}
        return [Payload(metadata=metadata, data=cipher.encrypt(each.SerializeToString())) for each in payloads]

    async def _decrypted(self, payloads: Iterable[Payload], key_id: str) -> list[Payload]:
        cipher = await self._keys.cipher(key_id)
        try:
            return [Payload.FromString(cipher.decrypt(each.data)) for each in payloads]
        except DecodeError:
            raise MalformedCiphertextError("what was decrypted is no payload") from None


def _grouped(payloads: Iterable[Payload]) -> Iterator[tuple[tuple[bool, str | None], list[Payload]]]:
    # Neighbours with the same key stay together: a codec may make fewer payloads of them.
    for kind, group in groupby(payloads, key=lambda each: (is_encrypted(each), mark_of(each))):
        yield kind, list(group)
