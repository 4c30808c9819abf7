"""Task data between KuFlow's JSON and the workflow's own types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from kurun_clients.kuflow.models import JsonValue, JsonValueError, ProcessItem
from kurun_workflows.errors import InvalidData

Data = TypeVar("Data", bound=BaseModel | dict[str, Any])

Value = Mapping[str, Any] | BaseModel
"""What may be saved: a JSON object, or a model that dumps as one."""


@dataclass(frozen=True)
class CompletedTask(Generic[Data]):
    """A task that a person, or another worker, has completed.

    Attributes:
        item: The process item as it was read last.
        data: Its data.
    """

    item: ProcessItem
    data: Data

    @property
    def id(self) -> UUID:
        """Id of the process item."""
        return self.item.id


def completed(item: ProcessItem, model: type[Data]) -> CompletedTask[Data]:
    """Read the data of a completed task.

    Raises:
        InvalidData: KuFlow flags the data, or it does not fit the model.
    """
    data = item.task.data if item.task else None
    insist_on_valid(item.id, data)
    value = data.value if data else {}
    if not issubclass(model, BaseModel):
        return CompletedTask(item, model(value))
    try:
        return CompletedTask(item, model.model_validate(value))
    except ValidationError as error:
        raise InvalidData(item.id, _places(error)) from None


def json_value(value: Value) -> JsonValue:
    """Wrap a value to be saved; a model becomes JSON under its aliases, without what is ``None``."""
    if isinstance(value, BaseModel):
        return JsonValue.of(value.model_dump(mode="json", by_alias=True, exclude_none=True))
    return JsonValue.of(value)


def insist_on_valid(owner_id: UUID, data: JsonValue | None) -> None:
    """Raise what KuFlow found wrong with saved data.

    Raises:
        InvalidData: KuFlow flags the data.
    """
    if data is not None and data.valid is False:
        raise InvalidData(owner_id, data.errors or [])


def _places(error: ValidationError) -> list[JsonValueError]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [JsonValueError(property_path=_pointer(each["loc"]), type=each["type"]) for each in found]


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)
