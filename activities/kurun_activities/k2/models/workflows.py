"""Requests and responses of the activities on K2 workflows, and of the system's own operation."""

from typing import Annotated

from pydantic import Field

from kurun_activities.k2.folio import BusinessKey
from kurun_activities.k2.models.base import K2ChangeResponse, K2FieldsRequest, Text
from kurun_activities.models import ActivityRequest, ActivityResponse
from kurun_clients.k2.fields import DataFields
from kurun_clients.k2.workflow_api.models import WorkflowDefinition, WorkflowLabel

WorkflowId = Annotated[int, Field(ge=1)]


class K2WorkflowFindRequest(ActivityRequest):
    """List the workflows that the account may see.

    Attributes:
        type: ``Startable`` for those that it may start.
    """

    type: Text | None = None


class K2WorkflowFindResponse(ActivityResponse):
    """The workflows."""

    item_count: int
    workflows: tuple[WorkflowLabel, ...] = ()


class K2WorkflowRequest(ActivityRequest):
    """Names a workflow, by the id of its definition, which stays over its versions. It is no instance's id."""

    workflow_id: WorkflowId


class K2WorkflowRetrieveRequest(K2WorkflowRequest):
    """Read a workflow."""


class K2WorkflowRetrieveResponse(ActivityResponse):
    """The workflow; ``workflow_schema`` is the JSON Schema of its start, as text."""

    workflow_info: WorkflowDefinition | None = None
    workflow_schema: str | None = None


class K2WorkflowSchemaRetrieveRequest(K2WorkflowRequest):
    """Read what a workflow can be started with."""


class K2WorkflowSchemaRetrieveResponse(ActivityResponse):
    """The JSON Schema of its start."""

    workflow_schema: DataFields


class K2WorkflowStartRequest(K2FieldsRequest):
    """Start an instance of a workflow, once.

    Attributes:
        workflow_id: Id of the definition.
        folio: What people will know the instance by. The business key is added to it: see
            :mod:`kurun_activities.k2.folio`.
        priority: K2 does not document the numbers.
        expected_duration: Seconds.
        business_key: Unique for this start. Without one it is derived from the activity, so that it is the same in
            all attempts.
    """

    workflow_id: WorkflowId
    folio: str | None = None
    priority: int | None = None
    expected_duration: int | None = None
    business_key: BusinessKey | None = None


class K2WorkflowStartResponse(K2ChangeResponse):
    """The instance.

    Attributes:
        workflow_instance_id: Its id.
        business_key: The key in its folio.
        folio: The folio as it was sent.
        found: An earlier attempt had started it.
    """

    workflow_instance_id: int
    business_key: str
    folio: str


class K2OperationRunRequest(ActivityRequest):
    """Run an operation that K2 reserves for itself.

    Attributes:
        operation: The only one known is ``Refresh``.
    """

    operation: Text = "Refresh"


class K2OperationRunResponse(ActivityResponse):
    """What K2 said."""

    answer: str = ""
