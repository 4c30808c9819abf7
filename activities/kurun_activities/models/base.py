"""What all requests and responses of activities share."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kurun_activities.failure_types import InvalidDataError
from kurun_clients.kuflow.models import JsonValue, JsonValueError, WireModel

MAX_REASONS = 20


class ActivityRequest(WireModel):
    """The one argument of a KuFlow activity. Fields that a newer SDK sends and we do not know are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class FindRequest(ActivityRequest):
    """What all searches share.

    Attributes:
        page: Number of the page, from 0.
        size: Elements a page.
        sorts: ``property,asc`` or ``property,desc``, the most important first.
        tenant_ids: Tenants to search in.
    """

    page: int | None = None
    size: int | None = None
    sorts: list[str] | None = None
    tenant_ids: list[UUID] | None = None


class ActivityResponse(WireModel):
    """The result of a KuFlow activity."""

    model_config = ConfigDict(extra="ignore")


class InvalidActivityRequest(ActivityRequest):
    """Stands for a request that could not be decoded.

    The payload converter hands it over instead of raising, because Temporal retries "Failed decoding arguments" for
    ever. The activity interceptor turns it into a validation failure that ends the activity.

    Attributes:
        request: Name of the model that was expected.
        reasons: What is wrong, field by field; never the values, which may be confidential.
    """

    request: str
    reasons: list[str] = Field(default_factory=list)

    @classmethod
    def of(cls, model: type[BaseModel], error: ValidationError) -> "InvalidActivityRequest":
        """Describe why a payload is no ``model``."""
        found = error.errors(include_input=False, include_url=False, include_context=False)
        reasons = [f"{'.'.join(map(str, each['loc'])) or 'request'}: {each['msg']}" for each in found[:MAX_REASONS]]
        return cls(request=model.__name__, reasons=reasons)

    def describe(self) -> str:
        """The same in one line."""
        return f"{self.request} is invalid: {'; '.join(self.reasons) or 'it cannot be read'}"


class SavedDataResponse(ActivityResponse):
    """A response that carries data which KuFlow has validated.

    KuFlow stores invalid data and flags it; the activity therefore succeeds. On the wire the response is KuFlow's
    own. A workflow asks :attr:`valid`, or calls :meth:`raise_for_invalid_data` where invalid data must not pass.
    """

    def saved_values(self) -> list[JsonValue]:
        """The values that the activity saved, with KuFlow's verdict on each."""
        return []

    @property
    def valid(self) -> bool:
        """Whether KuFlow flagged none of the values as invalid."""
        return all(value.valid is not False for value in self.saved_values())

    @property
    def errors(self) -> list[JsonValueError]:
        """Where the values break their JSON Schema; paths are relative to each value."""
        invalid = (value for value in self.saved_values() if value.valid is False)
        return [error for value in invalid for error in value.errors or []]

    def raise_for_invalid_data(self) -> None:
        """Insist on valid data.

        Raises:
            InvalidDataError: KuFlow flagged a value; uncaught, it fails the workflow with type
                ``KuFlowActivities.InvalidData``.
        """
        if not self.valid:
            raise InvalidDataError(self.errors)


def present(*values: JsonValue | None) -> list[JsonValue]:
    """Those values that are there."""
    return [value for value in values if value is not None]
