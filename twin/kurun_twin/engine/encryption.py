"""Confidential workflows: what is said to them is encrypted, what they answer is decrypted.

Written from KuFlow's format alone. The twin shares no code with the worker, so that each can show the other wrong.

A run is confidential when it is started with two headers. An encrypted payload names its key in its metadata; its data
is ASCII ``AES-256-GCM:`` and base64 of nonce (12 bytes), ciphertext and tag (16 bytes); inside is the whole payload.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Header, Payload

from kurun_twin.platform.refusals import Refusal

ENCRYPTED = b"binary/encrypted?vendor=KuFlow"
ENCODING = "encoding"
KEY_ID = "encoding-encrypted-key-id"
ENCODING_HEADER = "x-kuflow-encoding"
KEY_ID_HEADER = "x-kuflow-encoding-encrypted-key-id"

_ALGORITHM = b"AES-256-GCM:"
_NONCE = 12

FindKey = Callable[[str], Awaitable[bytes]]
"""Finds a key by its id, or raises a :class:`~kurun_twin.platform.refusals.Refusal`."""


class EncryptionError(Exception):
    """Something could not be encrypted or decrypted; the message names keys, never contents."""


class NoKeyError(EncryptionError):
    """There is no key with the id that a workflow or a payload names."""


class UnreadablePayloadError(EncryptionError):
    """A payload cannot be decrypted."""


class Encryption:
    """Encrypts and decrypts with the platform's keys.

    Args:
        find_key: Finds them.
    """

    def __init__(self, find_key: FindKey) -> None:
        self._find_key = find_key

    async def sealed(self, payloads: Sequence[Payload], key_id: str) -> list[Payload]:
        """The payloads, encrypted.

        Raises:
            NoKeyError: There is no such key.
        """
        cipher, sealed = await self._cipher(key_id), []
        for payload in payloads:
            nonce = secrets.token_bytes(_NONCE)
            content = cipher.encrypt(nonce, payload.SerializeToString(), None)
            data = _ALGORITHM + base64.b64encode(nonce + content)
            sealed.append(Payload(metadata={ENCODING: ENCRYPTED, KEY_ID: key_id.encode()}, data=data))
        return sealed

    async def opened(self, payload: Payload) -> Payload:
        """The payload as it was before it was encrypted; one that is not encrypted stays as it is.

        Raises:
            NoKeyError: It names a key that there is not.
            UnreadablePayloadError: It names no key, or is not what was encrypted with it.
        """
        if payload.metadata.get(ENCODING) != ENCRYPTED:
            return payload
        try:
            key_id = payload.metadata[KEY_ID].decode() if KEY_ID in payload.metadata else ""
        except UnicodeDecodeError:
            key_id = ""
        if not key_id:
            raise UnreadablePayloadError("an encrypted payload names no key")
        cipher = await self._cipher(key_id)
        try:
            sealed = base64.b64decode(payload.data.removeprefix(_ALGORITHM), validate=True)
            return Payload.FromString(cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
        except (binascii.Error, ValueError, InvalidTag, DecodeError) as error:
            what = f"a payload encrypted with the key {key_id!r} cannot be read: {type(error).__name__}"
            raise UnreadablePayloadError(what) from None

    async def _cipher(self, key_id: str) -> AESGCM:
        try:
            return AESGCM(await self._find_key(key_id))
        except Refusal as refusal:
            raise NoKeyError(f"no encryption key {key_id!r}: {refusal}") from None


def headers(key_id: str | None) -> Header | None:
    """The headers that make a run confidential; ``None`` for one that is not."""
    if key_id is None:
        return None
    return Header(fields={ENCODING_HEADER: json_payload(ENCRYPTED.decode()), KEY_ID_HEADER: json_payload(key_id)})


def json_payload(value: object) -> Payload:
    """A value as every Temporal SDK reads JSON."""
    return Payload(metadata={ENCODING: b"json/plain"}, data=json.dumps(value, separators=(",", ":")).encode())
