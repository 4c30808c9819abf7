"""KuFlow as activities see it, in memory: for what a real one, or the twin, cannot be made to do on purpose."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity

from kurun_activities import models, names
from kurun_clients.kuflow.models import (
    JsonValue,
    JsonValueError,
    Process,
    ProcessItem,
    ProcessItemMessage,
    ProcessItemTask,
    ProcessItemTaskState,
    ProcessState,
)

Hook = Callable[[UUID], Awaitable[None]]


class FakeKuFlow:
    """Items in a dictionary, served by activities under their real names.

    Attributes:
        calls: Names of the activities that ran, in order.
        on_create: Runs while an item is being created: after KuFlow has it, before the workflow hears of it.
        on_retrieve: Runs once while an item is being read: after KuFlow has looked, before the workflow hears of it.
        born: State in which tasks come to life, and ``born_with`` their data unless the creation gives some.
        flaw: The verdict on all data that is saved, if it is to be flagged.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.items: dict[UUID, ProcessItem] = {}
        self.calls: list[str] = []
        self.logs: list[str] = []
        self.metadata: dict[str, Any] = {}
        self.on_create: Hook | None = None
        self.on_retrieve: Hook | None = None
        self.born = ProcessItemTaskState.READY
        self.born_with: dict[str, Any] = {}
        self.flaw: JsonValueError | None = None

    def of_code(self, code: str) -> list[UUID]:
        """Ids of the items whose definition has this code, oldest first."""
        return [
            each.id
            for each in self.items.values()
            if each.process_item_definition_ref and each.process_item_definition_ref.code == code
        ]

    def change(self, item_id: UUID, state: ProcessItemTaskState, data: dict[str, Any] | None = None) -> None:
        """What a person does to a task, without any signal."""
        item = self.items[item_id]
        assert item.task is not None
        kept = item.task.data if data is None else self._verdict(JsonValue.of(data))
        self.items[item_id] = item.model_copy(
            update={"task": item.task.model_copy(update={"state": state, "data": kept})}
        )

    def activities(self) -> list[Callable[..., Any]]:
        """All that the process helper calls."""
        return [
            self.create_item,
            self.retrieve_item,
            self.claim,
            self.complete,
            self.append_log,
            self.update_data,
            self.link,
            self.upload,
            self.update_metadata,
        ]

    @activity.defn(name=names.CREATE_PROCESS_ITEM)
    async def create_item(self, request: models.ProcessItemCreateRequest) -> models.ProcessItemCreateResponse:
        """Create it once; answer with the state at its birth, as a reply that was long under way would."""
        self.calls.append(names.CREATE_PROCESS_ITEM)
        assert request.id is not None
        if request.id not in self.items:
            self.items[request.id] = self._made(request)
        answer = self.items[request.id]
        if self.on_create is not None:
            await self.on_create(request.id)
        return models.ProcessItemCreateResponse(process_item=answer)

    @activity.defn(name=names.RETRIEVE_PROCESS_ITEM)
    async def retrieve_item(self, request: models.ProcessItemRetrieveRequest) -> models.ProcessItemRetrieveResponse:
        """Read it as it is."""
        self.calls.append(names.RETRIEVE_PROCESS_ITEM)
        answer = self.items[request.process_item_id]
        hook, self.on_retrieve = self.on_retrieve, None
        if hook is not None:
            await hook(answer.id)
        return models.ProcessItemRetrieveResponse(process_item=answer)

    @activity.defn(name=names.CLAIM_PROCESS_ITEM_TASK)
    async def claim(self, request: models.ProcessItemTaskClaimRequest) -> models.ProcessItemTaskClaimResponse:
        """Claim it."""
        self.change(request.process_item_id, ProcessItemTaskState.CLAIMED)
        return models.ProcessItemTaskClaimResponse(process_item=self.items[request.process_item_id])

    @activity.defn(name=names.COMPLETE_PROCESS_ITEM_TASK)
    async def complete(self, request: models.ProcessItemTaskCompleteRequest) -> models.ProcessItemTaskCompleteResponse:
        """Complete it."""
        self.change(request.process_item_id, ProcessItemTaskState.COMPLETED)
        return models.ProcessItemTaskCompleteResponse(process_item=self.items[request.process_item_id])

    @activity.defn(name=names.APPEND_PROCESS_ITEM_TASK_LOG)
    async def append_log(
        self, request: models.ProcessItemTaskLogAppendRequest
    ) -> models.ProcessItemTaskLogAppendResponse:
        """Keep the line."""
        self.logs.append(f"{request.level} {request.message}")
        return models.ProcessItemTaskLogAppendResponse(process_item=self.items[request.process_item_id])

    @activity.defn(name=names.UPDATE_PROCESS_ITEM_TASK_DATA)
    async def update_data(
        self, request: models.ProcessItemTaskDataUpdateRequest
    ) -> models.ProcessItemTaskDataUpdateResponse:
        """Keep the data with the verdict."""
        self.change(request.process_item_id, ProcessItemTaskState.CLAIMED, request.data.value)
        return models.ProcessItemTaskDataUpdateResponse(process_item=self.items[request.process_item_id])

    @activity.defn(name=names.LINK_PROCESS_ITEM_TASK_DOCUMENT)
    async def link(
        self, request: models.ProcessItemTaskDocumentLinkRequest
    ) -> models.ProcessItemTaskDocumentLinkResponse:
        """Put the reference into a property at the top of the data."""
        item = self.items[request.process_item_id]
        assert item.task is not None
        before = item.task.data.value if item.task.data else {}
        self.change(item.id, item.task.state, {**before, request.path.strip("/"): request.reference})
        return models.ProcessItemTaskDocumentLinkResponse(process_item=self.items[item.id])

    @activity.defn(name=names.UPLOAD_PROCESS_DOCUMENT)
    async def upload(self, request: models.ProcessDocumentUploadRequest) -> models.ProcessDocumentUploadResponse:
        """Take inline documents only."""
        content = request.source.inline or b""
        uri = f"ku:process/{request.process_id}/document/{uuid4()}"
        reference = f"kuflow-file:uri={uri};type=text/plain;size={len(content)};name={request.file_name};"
        return models.ProcessDocumentUploadResponse(document_uri=uri, reference=reference, size=len(content))

    @activity.defn(name=names.UPDATE_PROCESS_METADATA)
    async def update_metadata(
        self, request: models.ProcessMetadataUpdateRequest
    ) -> models.ProcessMetadataUpdateResponse:
        """Keep it with the verdict."""
        self.metadata = request.metadata.value
        process = Process(id=request.process_id, state=ProcessState.RUNNING, metadata=self._verdict(request.metadata))
        return models.ProcessMetadataUpdateResponse(process=process)

    def _made(self, request: models.ProcessItemCreateRequest) -> ProcessItem:
        data = request.task.data if request.task else JsonValue.of(self.born_with)
        return ProcessItem.model_validate(
            {
                "id": request.id,
                "type": request.type,
                "process_id": request.process_id,
                "created_at": datetime.now(UTC),
                "process_item_definition_ref": {"id": uuid4(), "code": request.process_item_definition_code},
                "task": ProcessItemTask(state=self.born, data=data) if request.message is None else None,
                "message": ProcessItemMessage(text=request.message.text) if request.message else None,
            }
        )

    def _verdict(self, data: JsonValue) -> JsonValue:
        errors = [self.flaw] if self.flaw else None
        return JsonValue(value=data.value, valid=self.flaw is None, errors=errors)
