"""Workflows of KuFlow processes: the process helper, and what KuFlow and workflows say to each other.

Safe to import in Temporal's sandbox. What lies below, models and names without any I/O, passes through it: to load that
anew for every workflow costs time and brings nothing.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kurun_workflows.calls import CallOptions
    from kurun_workflows.errors import InvalidData, ProcessItemCancelled, ProcessItemError, ProcessItemTimeout
    from kurun_workflows.inbox import CarryOver, OpenItem
    from kurun_workflows.models import (
        KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM,
        SignalProcessItem,
        SignalProcessItemPayload,
        SignalProcessItemType,
        SignalUserAction,
        WorkflowRequest,
        WorkflowResponse,
        WorkflowUserActionDefinitionType,
        WorkflowUserActionRequest,
        WorkflowUserActionResponse,
    )
    from kurun_workflows.process import KuFlowProcess
    from kurun_workflows.values import CompletedTask

__all__ = [
    "KuFlowProcess",
    "CallOptions",
    "CarryOver",
    "CompletedTask",
    "OpenItem",
    "ProcessItemError",
    "ProcessItemCancelled",
    "ProcessItemTimeout",
    "InvalidData",
    "KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM",
    "SignalProcessItem",
    "SignalProcessItemPayload",
    "SignalProcessItemType",
    "SignalUserAction",
    "WorkflowRequest",
    "WorkflowResponse",
    "WorkflowUserActionDefinitionType",
    "WorkflowUserActionRequest",
    "WorkflowUserActionResponse",
]
