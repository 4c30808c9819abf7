"""How every KuFlow model reads and writes JSON."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

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
    """Something KuFlow answers with. Fields it gains later are kept, not refused."""

    model_config = ConfigDict(extra="allow")


class Params(WireModel):
    """Something we send. A field KuFlow does not know is our mistake and refused before it is sent."""

    model_config = ConfigDict(extra="forbid")


class Audited(Resource):
    """Who made a resource and changed it last, as principal ids, and when."""

    created_by: UUID | None = None
    created_at: datetime | None = None
    last_modified_by: UUID | None = None
    last_modified_at: datetime | None = None


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
