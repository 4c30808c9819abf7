"""KuFlow's encryption once more, from its description alone, with nothing of ours: what the tests compare with."""

import base64

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from temporalio.api.common.v1 import Payload

KEY = bytes(range(32))
KEY_ID = "5b639af8-0aa0-4ae4-a1ed-e17ac4f673fd"
ENCODING = b"binary/encrypted?vendor=KuFlow"


def seal(payload: Payload, *, key: bytes = KEY, key_id: str = KEY_ID, nonce: bytes = b"n" * 12) -> Payload:
    """Encrypt a payload."""
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    content = encryptor.update(payload.SerializeToString()) + encryptor.finalize()
    data = b"AES-256-GCM:" + base64.b64encode(nonce + content + encryptor.tag)
    return Payload(metadata={"encoding": ENCODING, "encoding-encrypted-key-id": key_id.encode()}, data=data)


def unseal(payload: Payload, *, key: bytes = KEY, key_id: str = KEY_ID) -> Payload:
    """Decrypt a payload that must be encrypted with this key."""
    assert dict(payload.metadata) == {"encoding": ENCODING, "encoding-encrypted-key-id": key_id.encode()}
    algorithm, encoded = payload.data.decode("ascii").split(":")
    assert algorithm == "AES-256-GCM"
    sealed = base64.b64decode(encoded, validate=True)
    decryptor = Cipher(algorithms.AES(key), modes.GCM(sealed[:12], sealed[-16:])).decryptor()
    return Payload.FromString(decryptor.update(sealed[12:-16]) + decryptor.finalize())
