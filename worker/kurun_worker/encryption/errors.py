"""What can go wrong with encrypted payloads.

::

    EncryptionError
    ├── InvalidHeadersError     the headers ask for encryption, but name no key
    ├── NotEncryptingError      a confidential run would be written in clear text
    ├── KeyUnavailableError     no key to work with
    │   ├── UnknownKeyError     KuFlow does not hand it out
    │   └── InvalidKeyError     KuFlow's answer is no AES-256 key
    ├── CiphertextError         the payload cannot be decrypted
    │   ├── MalformedCiphertextError
    │   ├── UnknownAlgorithmError
    │   └── TamperedCiphertextError
    └── UnreadableContentError  the payload was decrypted, but is not of the expected type

None of them is a failure of Temporal's that ends a workflow: a workflow task or activity that meets one is repeated
with growing pauses. A key that is missing may come back, and a process must not die for it. Messages name key ids,
never keys and never contents.
"""


class EncryptionError(Exception):
    """A payload could not be encrypted or decrypted."""


class InvalidHeadersError(EncryptionError):
    """The headers ask for encryption without naming a key; nothing may be written in clear text then."""


class NotEncryptingError(EncryptionError):
    """The run is confidential, but its payload converter does not encrypt: KuFlow's plugin is missing on the client."""


class KeyUnavailableError(EncryptionError):
    """KuFlow's key management did not answer with a key.

    Attributes:
        key_id: The key that was asked for.
        reason: Why there is none.
    """

    def __init__(self, key_id: str, reason: str) -> None:
        super().__init__(f"encryption key {key_id!r} is not available: {reason}")
        self.key_id = key_id
        self.reason = reason


class UnknownKeyError(KeyUnavailableError):
    """KuFlow does not know the key, has revoked it, or does not let this application use it."""


class InvalidKeyError(KeyUnavailableError):
    """What KuFlow handed out is no key of 32 bytes."""


class CiphertextError(EncryptionError):
    """An encrypted payload cannot be decrypted, now or later."""


class MalformedCiphertextError(CiphertextError):
    """An encrypted payload is cut short or not of KuFlow's format."""


class UnknownAlgorithmError(CiphertextError):
    """An encrypted payload names another algorithm than AES-256-GCM."""


class TamperedCiphertextError(CiphertextError):
    """An encrypted payload was changed on its way, or written with another key than the one it names."""


class UnreadableContentError(EncryptionError):
    """A decrypted payload is not of the type that was expected; the original error would quote its content."""
