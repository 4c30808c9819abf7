"""From the requests of activities to the arguments of the K2 Services' client."""

from collections.abc import Mapping
from typing import Any

from kurun_activities.k2.acting import Deed
from kurun_activities.k2.models import (
    K2Condition,
    K2Criteria,
    K2FieldFlags,
    K2ServicesActionRequest,
    K2ServicesMarkedRequest,
)
from kurun_clients.k2.services.actions import TaskAction
from kurun_clients.k2.services.criteria import Condition, Criteria, Filter, Sort, all_of, any_of
from kurun_clients.k2.services.criteria_words import Comparison, SortOrder, ValueType
from kurun_clients.k2.services.options import FieldFlags
from kurun_clients.k2.services.updates import ItemFields


def flags(wanted: K2FieldFlags) -> FieldFlags:
    """Which fields an answer has."""
    return FieldFlags(
        process_data=wanted.process_data,
        process_xml=wanted.process_xml,
        activity_data=wanted.activity_data,
        activity_xml=wanted.activity_xml,
    )


def criteria(wanted: K2Criteria) -> Criteria:
    """What is listed."""
    return Criteria(
        None if wanted.where is None else _condition(wanted.where),
        sorts=tuple(Sort(each.field, SortOrder(each.order), each.sub_field) for each in wanted.sorts),
        managed_user=wanted.managed_user,
        platform=wanted.platform,
    )


def _condition(wanted: K2Condition) -> Condition:
    if wanted.all_of:
        return all_of(*map(_condition, wanted.all_of))
    if wanted.any_of:
        return any_of(*map(_condition, wanted.any_of))
    return Filter(
        field=wanted.field or "",
        comparison=Comparison(wanted.comparison),
        value=wanted.value,
        sub_field=wanted.sub_field,
        value_type=None if wanted.value_type is None else ValueType(wanted.value_type),
    )


def action(request: K2ServicesActionRequest) -> TaskAction:
    """What is done."""
    if request.redirect_to is not None:
        return TaskAction.redirect(request.redirect_to)
    if request.delegate_to is not None:
        return TaskAction.delegate(request.delegate_to)
    if request.sleep_until is not None:
        return TaskAction.sleep_until(request.sleep_until)
    if request.sleep_forever:
        return TaskAction.sleep_forever()
    return TaskAction.wake() if request.wake else TaskAction.named(request.action or "")


def deed(request: K2ServicesActionRequest, marker_field: str | None = None) -> Deed:
    """The same as something that is done once."""
    return Deed.of(request.serial_number, action(request).in_worklist, marker_field)


def changes(request: K2ServicesMarkedRequest, done: Deed) -> ItemFields:
    """Fields to write, with the deed's mark among them."""
    mark: Mapping[str, Any] = {} if done.marker_field is None else {done.marker_field: done.mark}
    return ItemFields(
        process_data={**request.fields.process_data, **mark},
        process_xml=request.fields.process_xml,
        activity_data=request.fields.activity_data,
        activity_xml=request.fields.activity_xml,
    )
