"""The fields of workflows, tasks and server events, as both directions of the Workflow REST API write them."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from kurun_clients.http import InvalidRequest

_COMPILED_ORDINAL: Final = re.compile(r"_\d+")


def _nothing(value: Any) -> Any:
    return {} if value is None else value


def _with_plain_ordinals(references: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        name: {_plain(key): item for key, item in items.items()} if isinstance(items, dict) else items
        for name, items in references.items()
    }


def _plain(key: str) -> str:
    return key[1:] if _COMPILED_ORDINAL.fullmatch(key) else key


DataFields = Annotated[dict[str, JsonValue], BeforeValidator(_nothing)]
"""Values by the name of the data field; a name may hold spaces."""

ItemReferences = Annotated[dict[str, JsonValue], BeforeValidator(_nothing), AfterValidator(_with_plain_ordinals)]
"""Properties by SmartObject, then by record (``"1"``; the ``_1`` that .NET classes write is read as that).

A member ``xmlContent`` holds the references as an XML document instead.
"""


class XmlField(BaseModel):
    """An XML field: its name, and the XML as text."""

    model_config = ConfigDict(frozen=True, extra="allow", coerce_numbers_to_str=True)

    name: str
    value: str | None = None


def _none(value: Any) -> Any:
    return () if value is None else value


XmlFields = Annotated[tuple[XmlField, ...], BeforeValidator(_none)]


class FieldChanges(BaseModel):
    """What an action on a task, or the end of a server event, writes; empty, it writes nothing.

    Attributes:
        data_fields: Values by the name of the data field.
        xml_fields: XML by the name of the XML field.
        item_references: Properties by SmartObject and record; see :data:`ItemReferences`.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, extra="forbid"
    )

    data_fields: DataFields = {}
    xml_fields: XmlFields = ()
    item_references: ItemReferences = {}


def written(model: FieldChanges) -> dict[str, Any]:
    """The JSON object for a model; what is absent or empty is left out."""
    members = {name: _listed(value) for name, value in model.model_dump(by_alias=True).items()}
    return {name: value for name, value in members.items() if value is not None and value not in ({}, [])}


def _listed(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    return [{name: member for name, member in field.items() if member is not None} for field in value]


def body(members: Sequence[tuple[str, Any]] | dict[str, Any]) -> bytes:
    """A JSON body.

    Raises:
        InvalidRequest: It holds something that JSON cannot express.
    """
    try:
        return json.dumps(dict(members), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"the fields cannot be written as JSON: {error}") from None
