"""Activities on K2 workflows, and the system's own operation."""

from collections.abc import Mapping

from kurun_activities import attempts
from kurun_activities.k2 import context
from kurun_activities.k2.folio import with_key
from kurun_activities.k2.models import (
    K2OperationRunRequest,
    K2OperationRunResponse,
    K2WorkflowFindRequest,
    K2WorkflowFindResponse,
    K2WorkflowRetrieveRequest,
    K2WorkflowRetrieveResponse,
    K2WorkflowSchemaRetrieveRequest,
    K2WorkflowSchemaRetrieveResponse,
    K2WorkflowStartRequest,
    K2WorkflowStartResponse,
)
from kurun_activities.k2.starts import started_once
from kurun_clients.k2.workflow_api.models import WorkflowStart


async def find_workflows(request: K2WorkflowFindRequest) -> K2WorkflowFindResponse:
    """The workflows that the account may see, or may start."""
    listed = await context.current().workflow.workflows.find(type=request.type)
    return K2WorkflowFindResponse(item_count=len(listed.workflows), workflows=listed.workflows)


async def retrieve_workflow(request: K2WorkflowRetrieveRequest) -> K2WorkflowRetrieveResponse:
    """Read a workflow."""
    found = await context.current().workflow.workflows.retrieve(request.workflow_id)
    return K2WorkflowRetrieveResponse(workflow_info=found.workflow_info, workflow_schema=found.workflow_schema)


async def retrieve_workflow_schema(request: K2WorkflowSchemaRetrieveRequest) -> K2WorkflowSchemaRetrieveResponse:
    """Read what a workflow can be started with."""
    schema = await context.current().workflow.workflows.schema(request.workflow_id)
    return K2WorkflowSchemaRetrieveResponse(workflow_schema=schema)


async def start_workflow(request: K2WorkflowStartRequest) -> K2WorkflowStartResponse:
    """Start an instance of a workflow, once; see :func:`~kurun_activities.k2.starts.started_once` about retries."""
    key = request.business_key or str(attempts.derived_id())
    folio = with_key(request.folio, key)
    changes = request.changes()
    start = WorkflowStart(
        folio=folio,
        priority=request.priority,
        expected_duration=request.expected_duration,
        data_fields=changes.data_fields,
        xml_fields=changes.xml_fields,
        item_references=changes.item_references,
    )

    async def starting() -> Mapping[str, int]:
        return {key: await context.current().workflow.workflows.start(request.workflow_id, start)}

    started, found = await started_once({key: folio}, starting)
    return K2WorkflowStartResponse(workflow_instance_id=started[key], business_key=key, folio=folio, found=found)


async def run_operation(request: K2OperationRunRequest) -> K2OperationRunResponse:
    """Run an operation that K2 reserves for itself."""
    return K2OperationRunResponse(answer=await context.current().workflow.operations.run(request.operation))
