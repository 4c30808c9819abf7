"""Keys of KuFlow's key management."""

import binascii
from base64 import b64decode, b64encode
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, PlainSerializer, SecretBytes

from kurun_clients.kuflow.models.base import Resource


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None  # the reason would say more of a secret than it should


def _encoded(value: SecretBytes) -> str:
    return b64encode(value.get_secret_value()).decode("ascii")


KeyBytes = Annotated[
    SecretBytes, BeforeValidator(_decoded), PlainSerializer(_encoded, return_type=str, when_used="json")
]
"""Secret bytes: base64 on the wire, stars wherever they are printed."""


class KmsKey(Resource):
    """A key, such as one of 32 bytes for AES-256; ``value.get_secret_value()`` gives its bytes."""

    model_config = ConfigDict(hide_input_in_errors=True)

    id: str
    value: KeyBytes
