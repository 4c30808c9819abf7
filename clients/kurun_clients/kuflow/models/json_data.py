"""JSON data with KuFlow's verdict on it, and the patches that change it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field, SerializationInfo, model_serializer

from kurun_clients.kuflow.models.base import Params, Resource


class JsonValueError(Resource):
    """One place where a value breaks its JSON Schema.

    Attributes:
        property_path: JSON pointer (RFC 6901) to the place.
        type: KuFlow's name of the broken rule, such as ``REQUIRED``.
    """

    property_path: str | None = None
    type: str | None = None


class JsonValue(Resource):
    """A JSON object with the outcome of its validation.

    KuFlow stores invalid data and flags it; ``valid`` and ``errors`` are read-only and absent in what we send.
    """

    value: dict[str, Any]
    valid: bool | None = None
    errors: list[JsonValueError] | None = None

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "JsonValue":
        """Wrap plain data to be saved."""
        return cls(value=dict(value))


class JsonPatchOperationType(StrEnum):
    """The operations of RFC 6902."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"
    COPY = "copy"
    TEST = "test"


class JsonPatchOperation(Params):
    """One operation of a JSON Patch. An explicit ``value=None`` is sent as ``null``; an unset value is left out."""

    op: JsonPatchOperationType
    path: str
    from_: str | None = Field(default=None, alias="from")
    value: Any = None

    @model_serializer(mode="plain")
    def _only_what_was_set(self, _info: SerializationInfo) -> dict[str, Any]:
        operation: dict[str, Any] = {"op": self.op.value, "path": self.path}
        if self.from_ is not None:
            operation["from"] = self.from_
        if "value" in self.model_fields_set:
            operation["value"] = self.value
        return operation
