"""Payloads as KuFlow's SDKs write and read them."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverter,
    DefaultPayloadConverter,
    PayloadCodec,
    PayloadConverter,
)

from kurun_activities.models import ActivityRequest, InvalidActivityRequest
from kurun_clients.kuflow.models import JsonValue, ProcessItemType, WireModel
from kurun_worker.converter import KuFlowPayloadConverter, kuflow_data_converter, with_kuflow_payloads

ID = UUID("0191f3a0-0000-7000-8000-000000000001")


class CreateRequest(ActivityRequest):
    """A request with everything that JSON of KuFlow has: ids, enumerations, nested data, absent values."""

    process_id: UUID
    item_type: ProcessItemType = ProcessItemType.TASK
    json_data: JsonValue | None = None
    owner_email: str | None = None


class Plain(BaseModel):
    """A model of somebody else."""

    snake_case: int
    absent: str | None = None


@dataclass
class Point:
    """A dataclass of somebody else."""

    x: int


def written(value: object) -> bytes:
    """The JSON of a value."""
    (payload,) = kuflow_data_converter.payload_converter.to_payloads([value])
    assert payload.metadata["encoding"] == b"json/plain"
    return payload.data


def read(data: bytes, hint: type) -> object:
    """The value of some JSON."""
    payload = Payload(metadata={"encoding": b"json/plain"}, data=data)
    return kuflow_data_converter.payload_converter.from_payloads([payload], [hint])[0]


def test_kuflow_models_are_written_in_camel_case_without_absent_values() -> None:
    """This is the JSON that workflows of the Java, TypeScript and Python SDKs send and expect."""
    request = CreateRequest(process_id=ID, json_data=JsonValue.of({"first_name": None, "n": 1}))

    assert written(request) == (
        b'{"processId":"0191f3a0-0000-7000-8000-000000000001","itemType":"TASK",'
        b'"jsonData":{"value":{"first_name":null,"n":1}}}'
    ), "data of the user keeps its nulls"


@pytest.mark.parametrize(
    ("value", "golden"),
    [
        (Plain(snake_case=1), b'{"snake_case":1,"absent":null}'),
        (Point(x=1), b'{"x":1}'),
        ({"a": [1, None, "é"]}, '{"a":[1,null,"é"]}'.encode()),
        ("text", b'"text"'),
        (ID, b'"0191f3a0-0000-7000-8000-000000000001"'),
    ],
)
def test_everything_else_is_written_as_pydantic_does(value: object, golden: bytes) -> None:
    """Users' own models keep the JSON they would have with Temporal's pydantic converter."""
    (as_pydantic,) = pydantic_data_converter.payload_converter.to_payloads([value])

    assert written(value) == golden == as_pydantic.data


@pytest.mark.parametrize("data", [b'{"processId":"%s"}', b'{"process_id":"%s","future":true}'])
def test_requests_are_read_in_both_spellings_and_with_unknown_fields(data: bytes) -> None:
    """Python workflows of old wrote snake_case, and newer SDKs send fields that we do not know."""
    request = read(data % str(ID).encode(), CreateRequest)

    assert isinstance(request, CreateRequest)
    assert request.process_id == ID


@pytest.mark.parametrize("data", [b"{}", b'{"processId":"no id"}', b"null", b"[]", b"{broken"])
def test_a_request_that_cannot_be_read_is_handed_over_as_such(data: bytes) -> None:
    """Raising here would make Temporal repeat the activity for ever; and no value appears in the reasons."""
    request = read(data, CreateRequest)

    assert isinstance(request, InvalidActivityRequest)
    assert request.request == "CreateRequest"
    assert request.reasons
    assert "no id" not in request.describe()


def test_other_payloads_that_cannot_be_read_still_raise() -> None:
    """Only requests of activities have somebody who reports them."""
    with pytest.raises(ValidationError):
        read(b"{}", Plain)


def test_bytes_and_nothing_keep_temporals_encodings() -> None:
    """``None`` and raw bytes are not JSON."""
    payloads = kuflow_data_converter.payload_converter.to_payloads([None, b"raw"])

    assert [payload.metadata["encoding"] for payload in payloads] == [b"binary/null", b"binary/plain"]


class OwnCodec(PayloadCodec):
    """A codec of the caller's."""

    async def encode(self, payloads: object) -> list[Payload]:
        """Not called."""
        raise NotImplementedError

    async def decode(self, payloads: object) -> list[Payload]:
        """Not called."""
        raise NotImplementedError


class OwnFailureConverter(DefaultFailureConverter):
    """A failure converter of the caller's."""


class OwnPayloadConverter(DefaultPayloadConverter):
    """A payload converter of the caller's."""


@pytest.mark.parametrize("replaced", [DefaultPayloadConverter, PydanticPayloadConverter])
def test_codec_and_failure_converter_of_the_caller_stay(replaced: type[PayloadConverter]) -> None:
    """Only a stock payload converter gives way to KuFlow's."""
    codec = OwnCodec()
    existing = DataConverter(
        payload_converter_class=replaced, payload_codec=codec, failure_converter_class=OwnFailureConverter
    )

    combined = with_kuflow_payloads(existing)

    assert combined.payload_converter_class is KuFlowPayloadConverter
    assert combined.payload_codec is codec
    assert combined.failure_converter_class is OwnFailureConverter


def test_a_payload_converter_of_the_caller_stays() -> None:
    """Who wrote his own converter wants it used."""
    existing = DataConverter(payload_converter_class=OwnPayloadConverter)

    assert with_kuflow_payloads(existing) is existing
    assert with_kuflow_payloads(None) is kuflow_data_converter


def test_the_wire_model_is_the_mark() -> None:
    """Requests are wire models, which is how the converter knows them."""
    assert issubclass(ActivityRequest, WireModel)
