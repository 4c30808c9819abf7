"""How a confidential run and an encrypted payload are told apart from others. Safe inside the workflow sandbox.

A run is confidential when it was started with two headers; their values are payloads of Temporal's default converter.
A payload carries the id of its key in its metadata: before the codec has encrypted it, as the mark that it is to be
encrypted, inside the encrypted content, and around it.
"""

from collections.abc import Mapping

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from kurun_worker.encryption.errors import InvalidHeadersError, MalformedCiphertextError

ENCRYPTED = "binary/encrypted?vendor=KuFlow"
"""Value of the header and of the metadata ``encoding``."""
ENCODING_HEADER = "x-kuflow-encoding"
KEY_ID_HEADER = "x-kuflow-encoding-encrypted-key-id"
ENCODING = "encoding"
KEY_ID = "encoding-encrypted-key-id"
MAX_KEY_ID = 255


def key_in(headers: Mapping[str, Payload]) -> str | None:
    """The key that the headers of a run or call ask for; ``None`` if it is not confidential.

    Raises:
        InvalidHeadersError: Encryption is asked for, but no key is named.
    """
    if ENCODING_HEADER not in headers or _value(headers, ENCODING_HEADER) != ENCRYPTED:
        return None
    key_id = _value(headers, KEY_ID_HEADER) if KEY_ID_HEADER in headers else None
    if not isinstance(key_id, str) or not 0 < len(key_id) <= MAX_KEY_ID:
        raise InvalidHeadersError(f"{ENCODING_HEADER} asks for encryption, but {KEY_ID_HEADER} names no key")
    return key_id


def with_key(headers: Mapping[str, Payload] | None, key_id: str) -> dict[str, Payload]:
    """The headers, asking for encryption with this key."""
    write = PayloadConverter.default.to_payload
    return {**(headers or {}), ENCODING_HEADER: write(ENCRYPTED), KEY_ID_HEADER: write(key_id)}


def is_encrypted(payload: Payload) -> bool:
    """Whether the payload is ciphertext of KuFlow's format."""
    return payload.metadata.get(ENCODING) == ENCRYPTED.encode()


def mark_of(payload: Payload) -> str | None:
    """The key that the payload is, or is to be, encrypted with.

    Raises:
        MalformedCiphertextError: The metadata holds no readable key id.
    """
    if (mark := payload.metadata.get(KEY_ID)) is None:
        return None
    if not 0 < len(mark) <= MAX_KEY_ID:
        raise MalformedCiphertextError("the payload's key id is empty or too long")
    try:
        return mark.decode()
    except UnicodeDecodeError:
        raise MalformedCiphertextError("the payload's key id is not UTF-8") from None


def marked(payload: Payload, key_id: str) -> Payload:
    """A copy of the payload that the codec will encrypt with this key."""
    copy = Payload()
    copy.CopyFrom(payload)
    copy.metadata[KEY_ID] = key_id.encode()
    return copy


def _value(headers: Mapping[str, Payload], name: str) -> object:
    try:
        value: object = PayloadConverter.default.from_payload(headers[name])
    except Exception as error:
        # Written by a codec that is not configured here: whether the run is confidential cannot be told.
        raise InvalidHeadersError(f"the header {name} cannot be read: {type(error).__name__}") from None
    return value
