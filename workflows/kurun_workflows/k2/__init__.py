"""Workflows of the bridge to K2: tasks mirrored in KuFlow, approvals asked of K2, and the watcher behind both.

Safe to import in Temporal's sandbox, and without K2's libraries.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kurun_workflows.k2.approvals import K2Approvals
    from kurun_workflows.k2.approving import ApprovalOrder, K2ApprovalWorkflow
    from kurun_workflows.k2.forms import MirrorForm
    from kurun_workflows.k2.mirroring import K2TaskMirrorWorkflow
    from kurun_workflows.k2.outcomes import K2ApprovalFailed, K2ApprovalTimeout, K2Outcome, OutcomeFrom
    from kurun_workflows.k2.watching import K2WatchWorkflow, watch_workflow_id

__all__ = [
    "K2Approvals",
    "K2Outcome",
    "OutcomeFrom",
    "K2ApprovalFailed",
    "K2ApprovalTimeout",
    "K2ApprovalWorkflow",
    "ApprovalOrder",
    "K2TaskMirrorWorkflow",
    "MirrorForm",
    "K2WatchWorkflow",
    "watch_workflow_id",
]
