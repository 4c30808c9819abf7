"""Workflows of ours, as the worker under test serves them."""

from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from kurun_activities import failure_types, models, names
    from kurun_activities.models import ActivityRequest, ActivityResponse
    from kurun_clients.kuflow.models import DefaultError, JsonPatchOperation, ProcessItemTaskLogLevel, WireModel
    from kurun_workflows import CallOptions, KuFlowProcess, WorkflowRequest

Model = TypeVar("Model", bound=WireModel)
Response = TypeVar("Response", bound=ActivityResponse)

# The published activities report what cannot succeed as worth repeating: without this Temporal repeats a 404 for ever.
RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    non_retryable_error_types=[
        failure_types.FAILURE,
        failure_types.REST_FAILURE,
        failure_types.VALIDATION_FAILURE,
    ],
)
ATTEMPT = timedelta(seconds=5)


class Everything:
    """Does what the process helper can do and calls further activities, noting what our models read."""

    def __init__(self, request: WorkflowRequest, queue: str) -> None:
        self.queue = queue
        options = CallOptions(task_queue=queue, retry_policy=RETRIES, timeout=ATTEMPT)
        self.process = KuFlowProcess(request, options=options)
        self.facts: list[tuple[str, Any]] = []

    async def run(self) -> dict[str, Any]:
        """Go through it all."""
        await self.completing()
        await self.whole()
        await self.items()
        await self.failing()
        await self.others()
        done = await self.process.task("REVIEW", within=timedelta(minutes=1))
        return {"facts": self.facts, "owner": done.item.owner_id}

    async def completing(self) -> None:
        """A task of the worker's own."""
        mine = self.noted("create", await self.process.create_task("FORM"))
        self.noted("claim", await self.process.claim_task(mine))
        self.noted("complete", await self.process.complete_task(mine))

    async def whole(self) -> None:
        """The process."""
        process = self.process
        self.noted("process", await process.retrieve())
        self.noted("metadata", await process.save_metadata({"amount": 1}))
        self.noted("metadata", await process.patch_metadata([_add("/amount", 2)]))
        self.noted("entity", await process.save_entity({"name": "Acme"}))
        self.noted("entity", await process.patch_entity([_add("/name", "Acme & Co")]))
        self.noted("initiator", await process.change_initiator(email="grace@example.com"))

    async def items(self) -> None:
        """Tasks, a message, a log."""
        process = self.process
        item = self.noted("create", await process.create_task("FORM", data={"amount": 1}))
        self.noted("save", await process.save_data(item, {"amount": 2, "list": []}))
        self.noted("patch", await process.patch_data(item, [_add("/deep", {"a": [1.5]})]))
        self.noted("context", await process.save_context_data(item, {"hint": "here"}))
        self.noted("retrieve", await process.retrieve_item(item))
        self.noted("assign", await process.assign_task(item, owner_email="ada@example.com"))
        self.noted("message", await process.message("**Grüße**", code="NOTE"))
        logged = await process.log(item, "Grüße", ProcessItemTaskLogLevel.WARN)
        assert logged.task is not None
        # The published activity writes a second line when it is repeated.
        self.facts.append(("log", [(each.message, each.level) for each in (logged.task.logs or [])[-1:]]))

    async def failing(self) -> None:
        """Failures carry KuFlow's own error."""
        for name, attempt in (
            ("not found", self.process.retrieve_item(workflow.uuid4())),
            ("no such owner", self.process.create_task("FORM", owner_email="no@example.com")),
        ):
            try:
                await attempt
            except ActivityError as error:
                if not isinstance(error.cause, ApplicationError):
                    raise
                details = [DefaultError.model_validate(each).to_wire() for each in error.cause.details]
                self.facts.append((name, {"type": error.cause.type, "details": details}))
            else:
                raise AssertionError(f"{name}: no failure")

    async def others(self) -> None:
        """Activities that the helper has no method for."""
        found = await self.call(
            names.FIND_PROCESS_ITEMS,
            models.ProcessItemFindRequest(process_ids=[self.process.id], sorts=["createdAt,asc"]),
            models.ProcessItemFindResponse,
        )
        cancelled = [each.id for each in found.process_items.content if each.task]
        await self.call(
            names.CANCEL_PROCESS_ITEMS,
            models.ProcessItemsCancelRequest(process_id=self.process.id, process_item_ids=cancelled),
            models.ProcessItemsCancelResponse,
        )
        await self.call(
            names.CREATE_PROCESS_ACTION,
            models.ProcessActionCreateRequest(
                process_id=self.process.id, id=workflow.uuid4(), process_action_definition_code="ASK"
            ),
            models.ProcessActionCreateResponse,
        )
        await self.artifact()

    async def artifact(self) -> None:
        """A business artifact, created with an id of the workflow's own."""
        artifact_id = workflow.uuid4()
        process = await self.process.retrieve()
        await self.call(
            names.CREATE_BUSINESS_ARTIFACT,
            models.BusinessArtifactCreateRequest(
                id=artifact_id, business_artifact_definition_code="CUSTOMER", tenant_id=process.tenant_id
            ),
            models.BusinessArtifactCreateResponse,
        )
        await self.call(
            names.PATCH_BUSINESS_ARTIFACT,
            models.BusinessArtifactPatchRequest(
                business_artifact_id=artifact_id, json_patch=[_add("/name", "Acme"), _add("/rating", "high")]
            ),
            models.BusinessArtifactPatchResponse,
        )
        await self.call(
            names.PREPARE_BUSINESS_ARTIFACT_ACTION_CREATE_ARTIFACT,
            models.BusinessArtifactActionCreateArtifactPrepareRequest(
                business_artifact_id=artifact_id, business_artifact_action_definition_code="COPY"
            ),
            models.BusinessArtifactActionCreateArtifactPrepareResponse,
        )
        await self.call(
            names.DELETE_BUSINESS_ARTIFACT,
            models.BusinessArtifactDeleteRequest(business_artifact_id=artifact_id),
            models.BusinessArtifactDeleteResponse,
        )

    async def call(self, name: str, request: ActivityRequest, response: type[Response]) -> Response:
        """Call an activity and note the answer."""
        answer = await workflow.execute_activity(
            name,
            request,
            task_queue=self.queue,
            result_type=response,
            start_to_close_timeout=ATTEMPT,
            retry_policy=RETRIES,
        )
        assert type(answer) is response, repr(answer)
        return self.noted(name, answer)

    def noted(self, step: str, answer: Model) -> Model:
        """Note what an activity answered."""
        self.facts.append((step, answer.to_wire()))
        return answer


@workflow.defn(name="OursAlone")
class OursAlone:
    """With the activities of its own worker."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> dict[str, Any]:
        """Everything."""
        return await Everything(request, "ours").run()


@workflow.defn(name="OursOnPublished")
class OursOnPublished:
    """With the activities of the published worker on another queue."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> dict[str, Any]:
        """Everything."""
        return await Everything(request, "published").run()


def _add(path: str, value: object) -> JsonPatchOperation:
    return JsonPatchOperation(op="add", path=path, value=value)
