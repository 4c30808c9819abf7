"""Temporal payloads as KuFlow's SDKs write and read them. Safe inside the workflow sandbox."""

from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter, PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultPayloadConverter

from kurun_activities.models import ActivityRequest, InvalidActivityRequest
from kurun_clients.kuflow.models import WireModel

_METADATA = {"encoding": b"json/plain"}


class KuFlowJSONPayloadConverter(PydanticJSONPlainPayloadConverter):
    """KuFlow's models with camelCase keys and without absent values; everything else as pydantic writes it.

    A request of an activity that cannot be decoded becomes an
    :class:`~kurun_activities.models.InvalidActivityRequest`.
    """

    def to_payload(self, value: Any) -> Payload | None:
        """See base class."""
        if isinstance(value, WireModel):
            return Payload(metadata=_METADATA, data=value.to_wire_json())
        return super().to_payload(value)

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """See base class."""
        try:
            return super().from_payload(payload, type_hint)
        except ValidationError as error:
            if isinstance(type_hint, type) and issubclass(type_hint, ActivityRequest):
                return InvalidActivityRequest.of(type_hint, error)
            raise


class KuFlowPayloadConverter(PydanticPayloadConverter):
    """Pydantic's payload converter with KuFlow's JSON."""

    def __init__(self) -> None:
        super().__init__()
        json = KuFlowJSONPayloadConverter()
        self._set_converters(
            *(json if each.encoding == json.encoding else each for each in self.converters.values()),
        )


kuflow_data_converter = DataConverter(payload_converter_class=KuFlowPayloadConverter)
"""For ``Client.connect(…, data_converter=kuflow_data_converter)``; :class:`KuFlowPlugin` brings it by itself."""


def with_kuflow_payloads(existing: DataConverter | None) -> DataConverter:
    """The caller's converter with KuFlow's payloads.

    Codec, failure converter and storage stay. So does a payload converter of the caller's own; only Temporal's default
    and pydantic's, which ours extends, give way.
    """
    if existing is None:
        return kuflow_data_converter
    if existing.payload_converter_class in (DefaultPayloadConverter, PydanticPayloadConverter):
        return replace(existing, payload_converter_class=KuFlowPayloadConverter)
    return existing
