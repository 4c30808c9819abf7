"""The K2 Services of K2 blackpearl and K2 Five: ``REST.svc`` and ``SyncREST.svc``.

As in the package around it, names are imported when they are first used: workflows need the models, not lxml.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kurun_clients.k2.services.actions import ActionKind, TaskAction
    from kurun_clients.k2.services.client import ServicesClient
    from kurun_clients.k2.services.criteria import Condition, Criteria, Filter, Group, Sort, all_of, any_of, field
    from kurun_clients.k2.services.criteria_words import Comparison, Logical, SortOrder, ValueType, WorklistField
    from kurun_clients.k2.services.failure import Failure
    from kurun_clients.k2.services.models import (
        Action,
        ActivityInstanceDestination,
        DataField,
        Destination,
        EventInstance,
        InstanceStatus,
        ItemStatus,
        ProcessInstance,
        Task,
        User,
        WorklistItem,
        XmlField,
    )
    from kurun_clients.k2.services.ntlm import NegotiateAuth
    from kurun_clients.k2.services.options import ALL_FIELDS, NO_FIELDS, FieldFlags
    from kurun_clients.k2.services.updates import ItemFields, ProcessStart, ProcessUpdate, TaskUpdate
    from kurun_clients.k2.services.values import FieldValue

__all__ = [
    # the client
    "NegotiateAuth",
    "ServicesClient",
    # which items
    "ALL_FIELDS",
    "Comparison",
    "Condition",
    "Criteria",
    "FieldFlags",
    "Filter",
    "Group",
    "Logical",
    "NO_FIELDS",
    "Sort",
    "SortOrder",
    "ValueType",
    "WorklistField",
    "all_of",
    "any_of",
    "field",
    # what to do
    "ActionKind",
    "FieldValue",
    "ItemFields",
    "ProcessStart",
    "ProcessUpdate",
    "TaskAction",
    "TaskUpdate",
    # what is answered
    "Action",
    "ActivityInstanceDestination",
    "DataField",
    "Destination",
    "EventInstance",
    "Failure",
    "InstanceStatus",
    "ItemStatus",
    "ProcessInstance",
    "Task",
    "User",
    "WorklistItem",
    "XmlField",
]

_HOMES = {
    "ActionKind": "actions",
    "TaskAction": "actions",
    "ServicesClient": "client",
    "Condition": "criteria",
    "Criteria": "criteria",
    "Filter": "criteria",
    "Group": "criteria",
    "Sort": "criteria",
    "all_of": "criteria",
    "any_of": "criteria",
    "field": "criteria",
    "Comparison": "criteria_words",
    "Logical": "criteria_words",
    "SortOrder": "criteria_words",
    "ValueType": "criteria_words",
    "WorklistField": "criteria_words",
    "Failure": "failure",
    "Action": "models",
    "ActivityInstanceDestination": "models",
    "DataField": "models",
    "Destination": "models",
    "EventInstance": "models",
    "InstanceStatus": "models",
    "ItemStatus": "models",
    "ProcessInstance": "models",
    "Task": "models",
    "User": "models",
    "WorklistItem": "models",
    "XmlField": "models",
    "NegotiateAuth": "ntlm",
    "ALL_FIELDS": "options",
    "NO_FIELDS": "options",
    "FieldFlags": "options",
    "ItemFields": "updates",
    "ProcessStart": "updates",
    "ProcessUpdate": "updates",
    "TaskUpdate": "updates",
    "FieldValue": "values",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
