"""Puts encryption into a data converter."""

from dataclasses import replace

from temporalio.converter import DataConverter

from kurun_worker.encryption.codec import EncryptionCodec
from kurun_worker.encryption.converter import encrypting
from kurun_worker.encryption.failures import sealing
from kurun_worker.encryption.keys import Keyring


def with_encryption(existing: DataConverter, keys: Keyring, *, failure_messages: bool = True) -> DataConverter:
    """The data converter, able to write and read confidential runs; what is not confidential stays as it was.

    The caller's codec stays and is applied inside the encryption; so do his payload and failure converter.

    Args:
        existing: What the caller has; one that encrypts already is returned unchanged.
        keys: The keys in use.
        failure_messages: Encrypt messages and stack traces of failures too.
    """
    if isinstance(existing.payload_codec, EncryptionCodec):
        return existing
    return replace(
        existing,
        payload_converter_class=encrypting(existing.payload_converter_class),
        payload_codec=EncryptionCodec(keys, existing.payload_codec),
        failure_converter_class=sealing(existing.failure_converter_class, messages=failure_messages),
    )
