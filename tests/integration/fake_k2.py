"""K2 as activities see it, in memory beside :class:`FakeKuFlow`: for replies that a twin does not give on purpose."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from kurun_activities import models as kuflow_models
from kurun_activities import names as kuflow_names
from kurun_activities.k2 import models, names
from kurun_activities.k2.folio import with_key
from kurun_activities.k2.watch_models import METADATA, WATCH_TASKS, WatchRequest, WatchResponse
from kurun_clients.k2.services.models import ProcessInstance
from kurun_clients.k2.workflow_api.models import ServerEvent, Task
from kurun_clients.kuflow.models import JsonValue, Process, ProcessItemTaskState, ProcessState
from tests.integration.fake_kuflow import FakeKuFlow

INSTANCE = 12


class FakeK2(FakeKuFlow):
    """Tasks in a dictionary, served by activities under their real names.

    Attributes:
        told: What the process's metadata says under ``k2``.
        tasks: The account's tasks; ``events`` its server events.
        done: What was done, as ``serial number action``, and the fields that came with it.
        started: Business keys of what was started.
        instances: What the K2 Services answer with, one after the other.
        objection: Raised by the next activity that changes something in K2.
        release: The reply to a start waits for it, if it is there.
        turns: Turns of the watcher before it fails for good.
    """

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self.told: dict[str, Any] = {}
        self.tasks: dict[str, Task] = {}
        self.events: dict[str, ServerEvent] = {}
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.started: list[str] = []
        self.instances: list[ProcessInstance] = []
        self.objection: ApplicationError | None = None
        self.release: asyncio.Event | None = None
        self.turns = 1

    def messages(self) -> list[str]:
        """Texts of the process's messages."""
        return [each.message.text or "" for each in self.items.values() if each.message is not None]

    def list_task(
        self,
        serial_number: str = "12_34",
        *,
        folio: str = "Loan",
        activity: str = "Approve",
        actions: Sequence[str] = ("Approve", "Decline"),
        **fields: Any,
    ) -> None:
        """Put a task, with the actions Approve and Decline unless others are named, into the account's list."""
        self.tasks[serial_number] = Task.model_validate(
            {
                "serialNumber": serial_number,
                "status": "Available",
                "workflowInstanceID": INSTANCE,
                "workflowInstanceFolio": folio,
                "activityName": activity,
                "actions": {"batchableActions": list(actions)},
                "workflowInstanceDataFields": fields,
            }
        )

    def activities(self) -> list[Callable[..., Any]]:
        """All that K2's workflows call."""
        return [
            *super().activities(),
            self.retrieve_process,
            self.cancel_items,
            self.retrieve_task,
            self.act,
            self.retrieve_event,
            self.finish,
            self.start,
            self.retrieve_instance,
            self.watch,
        ]

    @activity.defn(name=kuflow_names.RETRIEVE_PROCESS)
    async def retrieve_process(
        self, request: kuflow_models.ProcessRetrieveRequest
    ) -> kuflow_models.ProcessRetrieveResponse:
        """Say what the metadata says."""
        metadata = JsonValue.of({METADATA: self.told})
        process = Process(id=request.process_id, state=ProcessState.RUNNING, metadata=metadata)
        return kuflow_models.ProcessRetrieveResponse(process=process)

    @activity.defn(name=kuflow_names.CANCEL_PROCESS_ITEMS)
    async def cancel_items(
        self, request: kuflow_models.ProcessItemsCancelRequest
    ) -> kuflow_models.ProcessItemsCancelResponse:
        """Cancel those that are named."""
        for item_id in request.process_item_ids or []:
            self.change(item_id, ProcessItemTaskState.CANCELLED)
        process = Process(id=request.process_id, state=ProcessState.RUNNING)
        return kuflow_models.ProcessItemsCancelResponse(process=process)

    @activity.defn(name=names.RETRIEVE_TASK)
    async def retrieve_task(self, request: models.K2TaskRetrieveRequest) -> models.K2TaskRetrieveResponse:
        """Read it."""
        self.calls.append(names.RETRIEVE_TASK)
        return models.K2TaskRetrieveResponse(task=self.tasks.get(request.serial_number))

    @activity.defn(name=names.ACT_ON_TASK)
    async def act(self, request: models.K2TaskActRequest) -> models.K2TaskActResponse:
        """Do it."""
        self._raise_objection()
        del self.tasks[request.serial_number]
        self.done.append((f"{request.serial_number} {request.action}", dict(request.data_fields)))
        return models.K2TaskActResponse()

    @activity.defn(name=names.RETRIEVE_SERVER_EVENT)
    async def retrieve_event(
        self, request: models.K2ServerEventRetrieveRequest
    ) -> models.K2ServerEventRetrieveResponse:
        """Read it."""
        return models.K2ServerEventRetrieveResponse(server_event=self.events.get(request.serial_number))

    @activity.defn(name=names.FINISH_SERVER_EVENT)
    async def finish(self, request: models.K2ServerEventFinishRequest) -> models.K2ServerEventFinishResponse:
        """Finish it."""
        self._raise_objection()
        del self.events[request.serial_number]
        self.done.append((f"{request.serial_number} finish", dict(request.data_fields)))
        return models.K2ServerEventFinishResponse()

    @activity.defn(name=names.START_WORKFLOW)
    async def start(self, request: models.K2WorkflowStartRequest) -> models.K2WorkflowStartResponse:
        """Start it; an objection comes after that, as a lost reply does."""
        key = request.business_key or ""
        self.started.append(key)
        self._raise_objection()
        if self.release is not None:
            await self.release.wait()
        folio = with_key(request.folio, key)
        return models.K2WorkflowStartResponse(workflow_instance_id=INSTANCE, business_key=key, folio=folio)

    @activity.defn(name=names.SERVICES_RETRIEVE_INSTANCE)
    async def retrieve_instance(
        self, _request: models.K2ServicesInstanceRetrieveRequest
    ) -> models.K2ServicesInstanceRetrieveResponse:
        """The next answer; the last one again and again."""
        self.calls.append(names.SERVICES_RETRIEVE_INSTANCE)
        answer = self.instances.pop(0) if len(self.instances) > 1 else self.instances[0]
        return models.K2ServicesInstanceRetrieveResponse(process_instance=answer)

    @activity.defn(name=WATCH_TASKS)
    async def watch(self, _request: WatchRequest) -> WatchResponse:
        """A turn that is over at once."""
        self.turns -= 1
        if self.turns < 0:
            raise ApplicationError("enough", non_retryable=True)
        return WatchResponse(lists=1)

    def _raise_objection(self) -> None:
        objection, self.objection = self.objection, None
        if objection is not None:
            raise objection
