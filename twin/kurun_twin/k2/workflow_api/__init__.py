"""K2's Workflow REST API."""

from kurun_twin.k2.workflow_api.app import OPERATIONS, WorkflowApi
from kurun_twin.k2.workflow_api.routing import PREFIX

__all__ = ["OPERATIONS", "PREFIX", "WorkflowApi"]
