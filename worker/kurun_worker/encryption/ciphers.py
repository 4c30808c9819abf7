"""KuFlow's format of ciphertext.

ASCII ``AES-256-GCM:`` and base64 of nonce (12 bytes), ciphertext and tag (16 bytes), without additional data, as
KuFlow's Java and TypeScript SDKs write it.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kurun_worker.encryption.errors import MalformedCiphertextError, TamperedCiphertextError, UnknownAlgorithmError

KEY_BYTES = 32
_ALGORITHM = b"AES-256-GCM"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Cipher:
    """Encrypts and decrypts with one key, which it does not show.

    Args:
        key: 32 bytes.

    Raises:
        ValueError: The key has another length.
    """

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes, not {KEY_BYTES}")
        self._aead = AESGCM(key)

    def encrypt(self, content: bytes) -> bytes:
        """The ciphertext, with a nonce of its own."""
        nonce = os.urandom(_NONCE_BYTES)
        return _ALGORITHM + b":" + base64.b64encode(nonce + self._aead.encrypt(nonce, content, None))

    def decrypt(self, data: bytes) -> bytes:
        """The content.

        Raises:
            MalformedCiphertextError: The data is not of KuFlow's format.
            UnknownAlgorithmError: It was encrypted in another way.
            TamperedCiphertextError: It was changed, or encrypted with another key.
        """
        algorithm, colon, encoded = data.partition(b":")
        if not colon:
            raise MalformedCiphertextError("the encrypted payload names no algorithm")
        if algorithm != _ALGORITHM:
            raise UnknownAlgorithmError(f"the payload is encrypted with {algorithm[:32]!r}, not AES-256-GCM")
        try:
            sealed = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise MalformedCiphertextError("the encrypted payload is not base64") from None
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            raise MalformedCiphertextError("the encrypted payload is cut short")
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag:
            raise TamperedCiphertextError("the payload was changed, or encrypted with another key") from None
