"""Small workflows, each using the process helper in one way."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio import workflow

from kurun_clients.kuflow.models import ProcessItemTaskLogLevel
from kurun_workflows import (
    CarryOver,
    KuFlowProcess,
    OpenItem,
    ProcessItemTimeout,
    WorkflowRequest,
    WorkflowResponse,
)

FORM = "FORM"


class Form(BaseModel):
    """What the form asks for."""

    name: str
    years: int


class WithProcess:
    """Answers for the helper."""

    process: KuFlowProcess

    @workflow.query
    def open_items(self) -> list[OpenItem]:
        """The helper's open items."""
        return list(self.process.open_items)


@workflow.defn
class FormWorkflow(WithProcess):
    """One task, read into a model."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self.process = KuFlowProcess(request)

    @workflow.run
    async def run(self, _request: WorkflowRequest) -> WorkflowResponse:
        """Ask and tell."""
        form = await self.process.task(FORM, Form, owner_email="ada@example.com")
        return WorkflowResponse(message=f"{form.data.name} is {form.data.years} ({form.item.id == form.id})")


@workflow.defn
class LateHelperWorkflow:
    """Makes the helper only after a while, when signals are already there."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Wait, then ask."""
        await workflow.sleep(timedelta(milliseconds=100))
        form = await KuFlowProcess(request).task(FORM)
        return WorkflowResponse(message=str(form.data["name"]))


@workflow.defn
class TwoHelpersWorkflow:
    """Makes the helper twice, by mistake."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Never gets far."""
        KuFlowProcess(request)
        KuFlowProcess(request)
        return WorkflowResponse(message="unreachable")


@workflow.defn
class RecheckWorkflow:
    """Looks at its task again and again."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Ask without trusting that a signal comes."""
        form = await KuFlowProcess(request).task(FORM, recheck_every=timedelta(milliseconds=200))
        return WorkflowResponse(message=str(form.data["name"]))


@workflow.defn
class PatientWorkflow:
    """Gives up waiting once, says so, and waits again."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Ask, remind, and take the answer in the end."""
        process = KuFlowProcess(request)
        item = await process.create_task(FORM)
        try:
            await process.wait_for(item, within=timedelta(milliseconds=200))
        except ProcessItemTimeout as timeout:
            await process.message(f"please hurry: {timeout.item_id == item.id}")
        done = await process.wait_for(item)
        return WorkflowResponse(message=done.task.state if done.task else None)


class EndlessRequest(WorkflowRequest):
    """What KuFlow sends, and what one run hands to the next."""

    carried: CarryOver | None = None


@workflow.defn
class EndlessWorkflow(WithProcess):
    """Opens a task in its first run and reads it in its second."""

    @workflow.init
    def __init__(self, request: EndlessRequest) -> None:
        self.process = KuFlowProcess(request, request.carried)
        self.go_on = False

    @workflow.signal
    def continue_now(self) -> None:
        """Go over to the next run."""
        self.go_on = True

    @workflow.run
    async def run(self, request: EndlessRequest) -> WorkflowResponse:
        """First run: create, and continue when told. Second run: wait for what was created."""
        if request.carried is None:
            await self.process.create_task(FORM)
            await workflow.wait_condition(lambda: self.go_on and workflow.all_handlers_finished())
            workflow.continue_as_new(request.model_copy(update={"carried": self.process.carry_over()}))
        done = await self.process.wait_for(self.process.open_items[0].id)
        assert done.task is not None
        return WorkflowResponse(message=f"{done.task.state}, {len(self.process.open_items)} open")


@workflow.defn
class EverythingWorkflow:
    """Every other thing the helper can do to an item, in a row."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> dict[str, Any]:
        """Do it and return the item's data."""
        process = KuFlowProcess(request)
        item = await process.create_task(FORM, data={"name": "Ada"})
        await process.claim_task(item)
        await process.log(item, "started")
        await process.log(item.id, "careful", ProcessItemTaskLogLevel.WARN)
        await process.save_data(item, Form(name="Ada", years=36))
        document = await process.upload_document("note.txt", inline=b"a note")
        await process.attach_document(item, "/note", document)
        done = await process.complete_task(item)
        await process.message("done", {"total": 1}, data_code="TOTAL")
        await process.save_metadata({"state": "done"})
        assert not process.open_items
        return done.task.data.value if done.task and done.task.data else {}


ALL = [
    FormWorkflow,
    TwoHelpersWorkflow,
    LateHelperWorkflow,
    RecheckWorkflow,
    PatientWorkflow,
    EndlessWorkflow,
    EverythingWorkflow,
]
