"""How workflows are run: which modules the sandbox does not load anew for each workflow, and why."""

from dataclasses import replace

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

PASSED_THROUGH = {
    "annotated_types": "pydantic keeps its constraint classes by identity",
    "kurun_activities": "request and response models are the payload converter's; their activities run outside",
    "kurun_clients": "the API models inside those; building them takes most of a sandbox's start",
    "kurun_config": "error types that the clients import; frozen data",
    "kurun_worker.converter": "the payload converter, which has to know the same model classes",
    "kurun_worker.encryption": "marks what that converter makes; the keys stay outside",
    "kurun_workflows": "the process helper keeps no state outside of a workflow",
    "opentelemetry": "the current span is a context variable, which exists once",
    "pydantic": "imports lazily inside its classes",
    "pydantic_core": "compiled, cannot be loaded twice",
}
"""Module and the reason. Everything else that a workflow imports is loaded inside the sandbox."""


def workflow_runner(existing: WorkflowRunner | None, *, sandbox: bool) -> WorkflowRunner:
    """The caller's runner, or ours where he chose none.

    A sandbox of the caller's own keeps its restrictions and gains our modules; any other runner is his and stays.

    Args:
        existing: What the worker is configured with; Temporal's default when the caller said nothing.
        sandbox: Whether the settings want the sandbox.
    """
    if existing is None:
        existing = SandboxedWorkflowRunner()
    if existing == SandboxedWorkflowRunner() and not sandbox:
        return UnsandboxedWorkflowRunner()
    if isinstance(existing, SandboxedWorkflowRunner):
        return replace(existing, restrictions=existing.restrictions.with_passthrough_modules(*PASSED_THROUGH))
    return existing
