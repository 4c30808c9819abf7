"""KuFlow's confidential processes: their payloads are encrypted with a key of KuFlow's key management.

:class:`~kurun_worker.plugin.KuFlowPlugin` brings all of it. A workflow that was started with KuFlow's two headers is
confidential, and so is everything that it starts; others are left alone. To start one from a client:
``with confidential(key_id): await client.start_workflow(…)``.
"""

from kurun_worker.encryption.codec import EncryptionCodec
from kurun_worker.encryption.errors import (
    CiphertextError,
    EncryptionError,
    InvalidHeadersError,
    InvalidKeyError,
    KeyUnavailableError,
    MalformedCiphertextError,
    NotEncryptingError,
    TamperedCiphertextError,
    UnknownAlgorithmError,
    UnknownKeyError,
    UnreadableContentError,
)
from kurun_worker.encryption.interceptor import EncryptionInterceptor
from kurun_worker.encryption.keys import Keyring, KeySource
from kurun_worker.encryption.scope import confidential
from kurun_worker.encryption.wiring import with_encryption

__all__ = [
    "EncryptionCodec",
    "EncryptionInterceptor",
    "KeySource",
    "Keyring",
    "confidential",
    "with_encryption",
    "EncryptionError",
    "InvalidHeadersError",
    "NotEncryptingError",
    "KeyUnavailableError",
    "UnknownKeyError",
    "InvalidKeyError",
    "CiphertextError",
    "MalformedCiphertextError",
    "UnknownAlgorithmError",
    "TamperedCiphertextError",
    "UnreadableContentError",
]
