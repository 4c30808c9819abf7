"""How every KuFlow model reads and writes JSON."""

from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)
from pydantic.alias_generators import to_camel

from kurun_clients.kuflow.models.values import Growing, Moment

__all__ = [
    "Audited",
    "Deletable",
    "DeletedQueryParam",
    "Growing",
    "Moment",
    "Name",
    "Page",
    "PageMetadata",
    "Params",
    "Resource",
    "WireModel",
]

Item = TypeVar("Item")

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""A name that KuFlow limits to 1 to 255 characters: identity, task queue, type names, host name."""


class WireModel(BaseModel):
    """What both directions share: camelCase on the wire, snake_case in Python."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True)

    def to_wire(self) -> dict[str, Any]:
        """The JSON object that KuFlow expects: camelCase keys, absent values left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_wire_json(self) -> bytes:
        """The same as bytes, ready to be a request body or a Temporal payload."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class Resource(WireModel):
    """Something KuFlow answers with, read so that writing it again loses nothing.

    Fields KuFlow gains later are kept, not refused. A known field that is ``null`` counts as absent.
    """

    model_config = ConfigDict(extra="allow")

    @model_serializer(mode="wrap")
    def _with_unknown_nulls(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if self.model_extra and info.exclude_none:
            # What null means in a field that we do not know, we do not know either.
            written.update((name, None) for name, value in self.model_extra.items() if value is None)
        return written


class Params(WireModel):
    """Something we send. A field KuFlow does not know is our mistake and refused before it is sent."""

    model_config = ConfigDict(extra="forbid")


class Audited(Resource):
    """Who made a resource and changed it last, as principal ids, and when."""

    created_by: UUID | None = None
    created_at: Moment | None = None
    last_modified_by: UUID | None = None
    last_modified_at: Moment | None = None


class Deletable(Audited):
    """Who deleted a resource, and when; absent while it is there."""

    deleted_by: UUID | None = None
    deleted_at: Moment | None = None


class DeletedQueryParam(StrEnum):
    """Whether a list has what was deleted: not at all, beside the rest, or alone."""

    EXCLUDE = "EXCLUDE"
    INCLUDE = "INCLUDE"
    ONLY = "ONLY"


class PageMetadata(Resource):
    """Where a page lies in the whole result; pages count from 0."""

    size: int
    page: int
    total_elements: int
    total_pages: int


class Page(Resource, Generic[Item]):
    """One page of a list operation."""

    metadata: PageMetadata
    content: list[Item]
