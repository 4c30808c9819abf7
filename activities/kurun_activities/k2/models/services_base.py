"""What the requests of the activities on the K2 Services share."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from kurun_activities.k2.models.base import SerialNumberText, Text
from kurun_activities.models import ActivityRequest
from kurun_clients.kuflow.models import WireModel

Value = str | bool | int | float
Values = dict[str, Value]
Texts = dict[str, str]
InstanceId = Annotated[int, Field(ge=0)]


class K2FieldFlags(WireModel):
    """Which fields an answer has beside the rest. Without them, the server's own settings decide: mostly none."""

    process_data: bool = False
    process_xml: bool = False
    activity_data: bool = False
    activity_xml: bool = False


class K2Condition(WireModel):
    """A comparison, or several conditions that are joined: exactly one of ``field``, ``all_of`` and ``any_of``.

    Attributes:
        field: What is compared, such as ``ProcessFolio``.
        comparison: How.
        value: With what; a date as text, with the ``value_type`` ``Date``.
        sub_field: Name of a data field, or ``Me`` and ``Other`` of an owner.
        value_type: What the value is; found from the value unless given.
        all_of: Every one of these holds.
        any_of: At least one of these holds.
    """

    field: Text | None = None
    comparison: Literal["Equal", "NotEqual", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Like", "NotLike"] = (
        "Equal"
    )
    value: Value | None = None
    sub_field: str | None = None
    value_type: Literal["Boolean", "Date", "Decimal", "Double", "Integer", "Long", "String", "Binary"] | None = None
    all_of: tuple["K2Condition", ...] = ()
    any_of: tuple["K2Condition", ...] = ()

    @model_validator(mode="after")
    def _is_one_thing(self) -> "K2Condition":
        if [self.field is not None, bool(self.all_of), bool(self.any_of)].count(True) != 1:
            raise ValueError("exactly one of field, allOf and anyOf is wanted")
        return self


class K2Sort(WireModel):
    """One key of the order."""

    field: Text
    order: Literal["Ascending", "Descending"] = "Ascending"
    sub_field: str | None = None


class K2Criteria(WireModel):
    """What is listed, in which order; see the K2 Services' Criteria document.

    Attributes:
        where: The condition; without one everything is listed.
        sorts: The order, the most important key first.
        managed_user: Whose worklist, for a manager.
        platform: Which forms the items link to, such as ``ASP``.
    """

    where: K2Condition | None = None
    sorts: tuple[K2Sort, ...] = ()
    managed_user: str | None = None
    platform: str | None = None


class K2ServicesPageRequest(ActivityRequest):
    """A part of a list.

    Attributes:
        skip: How many are left out at the beginning.
        top: How many are wanted.
    """

    skip: Annotated[int, Field(ge=0)] | None = None
    top: Annotated[int, Field(ge=0)] | None = None


class K2ServicesListRequest(K2ServicesPageRequest):
    """A list of items or tasks."""

    fields: K2FieldFlags = K2FieldFlags()


class K2ServicesItemRequest(ActivityRequest):
    """Names a worklist item."""

    serial_number: SerialNumberText


class K2ServicesInstanceRequest(ActivityRequest):
    """Names a process instance, by the first half of its serial numbers."""

    instance_id: InstanceId


class K2ItemFields(WireModel):
    """Fields to change, by name: of the process instance and of the activity."""

    process_data: Values = Field(default_factory=dict)
    process_xml: Texts = Field(default_factory=dict)
    activity_data: Values = Field(default_factory=dict)
    activity_xml: Texts = Field(default_factory=dict)


class K2ServicesActionRequest(K2ServicesItemRequest):
    r"""What to do with an item: exactly one of the attributes.

    Attributes:
        action: An action of the workflow, by its name.
        redirect_to: Give it to somebody else, such as ``K2:DENALLIX\Bob``.
        delegate_to: Let somebody else act on it too.
        sleep_until: Put it to sleep until then.
        sleep_forever: Put it to sleep until it is woken.
        wake: Wake it.
    """

    action: Text | None = None
    redirect_to: Text | None = None
    delegate_to: Text | None = None
    sleep_until: AwareDatetime | None = None
    sleep_forever: bool = False
    wake: bool = False

    @model_validator(mode="after")
    def _does_one_thing(self) -> "K2ServicesActionRequest":
        chosen = (self.action, self.redirect_to, self.delegate_to, self.sleep_until, self.sleep_forever, self.wake)
        if sum(each not in {None, False} for each in chosen) != 1:
            raise ValueError(
                "exactly one of action, redirectTo, delegateTo, sleepUntil, sleepForever and wake is wanted"
            )
        return self


class K2ServicesMarkedRequest(K2ServicesActionRequest):
    """The same with fields to change.

    Attributes:
        fields: The fields.
        marker_field: As in :class:`~kurun_activities.k2.models.K2MarkedRequest`.
    """

    fields: K2ItemFields = K2ItemFields()
    marker_field: Text | None = None

    @model_validator(mode="after")
    def _leaves_the_marker_alone(self) -> "K2ServicesMarkedRequest":
        if self.marker_field is not None and self.marker_field in self.fields.process_data:
            raise ValueError("markerField must not be one of the processData")
        return self
