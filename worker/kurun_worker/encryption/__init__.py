"""KuFlow's confidential processes: their payloads are encrypted with a key of KuFlow's key management.

:class:`~kurun_worker.plugin.KuFlowPlugin` brings all of it. A workflow that was started with KuFlow's two headers is
confidential, and so is everything that it starts; others are left alone. To start one from a client:
``with confidential(key_id): await client.start_workflow(…)``.

Encrypted are all payloads of the run: arguments and results, signals, updates, answers to queries, memo, summaries,
details of heartbeats and failures, and messages and stack traces of failures. The Java and TypeScript SDKs read all of
it; they write heartbeats, failures, memo and summaries in clear text themselves.

In clear text remain ids, names of types and queues, search attributes, other headers, the types of failures, reasons of
cancellations and terminations, and Temporal's own queries, which its web page sends. Two things do not work in a
confidential run: a failed query says no more than "Encoded failure", because Temporal hands its caller the message
alone; and a memo field that is set to ``None`` keeps an empty value, because Temporal removes it for a readable one
only. Ciphertext is a third longer than its content, which counts towards Temporal's limits.
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
