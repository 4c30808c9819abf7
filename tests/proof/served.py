"""What the worker under proof serves: workflows and activities that load it in one way each."""

import asyncio
import time
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from kurun_activities import context
    from kurun_clients.kuflow.models import ProcessItemTaskAppendLogParams, ProcessItemTaskLogLevel
    from kurun_workflows import CallOptions, KuFlowProcess, WorkflowRequest, WorkflowResponse

WORK = "WORK"
MINUTE = timedelta(minutes=1)

# What a killed worker leaves behind is handed to the next within seconds, so that each kill meets work again.
PATIENCE = CallOptions(timeout=timedelta(seconds=3), document_heartbeat=timedelta(seconds=3))


class Effect(BaseModel):
    """One piece of work whose effect, a log line, is visible and not idempotent."""

    item_id: UUID
    number: int
    seconds: float


@activity.defn(name="proof_effect")
async def effect(request: Effect) -> None:
    """Work for a while, then leave one log line."""
    activity.logger.info("proof_effect begins")
    await asyncio.sleep(request.seconds)
    line = ProcessItemTaskAppendLogParams(message=f"effect {request.number}", level=ProcessItemTaskLogLevel.INFO)
    await context.current().kuflow.process_items.append_log(request.item_id, line)


@activity.defn(name="proof_tick")
async def tick(number: int) -> int:
    """Do nothing, at once."""
    return number


@activity.defn(name="proof_block")
async def block(seconds: float) -> None:
    """Hold up the event loop, as no activity should."""
    time.sleep(seconds)  # noqa: ASYNC251 - that is the point


@activity.defn(name="proof_lag")
async def lag(seconds: float) -> list[float]:
    """Measure, in milliseconds, by how much the event loop is late each time something small asks for its turn."""
    late = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        due = time.monotonic() + 0.005
        await asyncio.sleep(0.005)
        late.append((time.monotonic() - due) * 1000)
    return late


@workflow.defn(name="EffectsWorkflow")
class EffectsWorkflow:
    """Twenty pieces of work at the same time."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Start them all and wait for all."""
        process = KuFlowProcess(request)
        item = await process.create_task(WORK)
        metadata = (await process.retrieve()).metadata
        seconds = float(metadata.value["seconds"]) if metadata else 3.0
        await asyncio.gather(
            *(
                workflow.execute_activity(
                    effect,
                    Effect(item_id=item.id, number=number, seconds=seconds),
                    start_to_close_timeout=timedelta(minutes=5),
                )
                for number in range(20)
            )
        )
        return WorkflowResponse(message="done")


@workflow.defn(name="CreateWorkflow")
class CreateWorkflow:
    """Twenty process items at the same time."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Create them all."""
        process = KuFlowProcess(request)
        await asyncio.gather(*(process.create_task(WORK) for _ in range(20)))
        return WorkflowResponse(message="done")


@workflow.defn(name="TicksWorkflow")
class TicksWorkflow:
    """A small activity, one after the other, for as long as told."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Tick for three minutes."""
        end = workflow.now() + timedelta(minutes=3)
        ticks = 0
        while workflow.now() < end and workflow.info().get_current_history_length() < 10_000:
            ticks += await workflow.execute_activity(tick, 1, start_to_close_timeout=MINUTE)
            await asyncio.sleep(0.5)
        return WorkflowResponse(message=str(ticks))


@workflow.defn(name="BlockWorkflow")
class BlockWorkflow:
    """An activity that holds up the event loop of its worker."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Hold it up for as long as the process's metadata say."""
        metadata = (await KuFlowProcess(request).retrieve()).metadata
        seconds = float(metadata.value["seconds"]) if metadata else 20.0
        await workflow.execute_activity(block, seconds, start_to_close_timeout=MINUTE)
        return WorkflowResponse(message="done")


@workflow.defn(name="BusyWorkflow")
class BusyWorkflow:
    """Everything that must exist exactly once: items, log lines, linked documents, messages."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Create, write, upload and link."""
        process = KuFlowProcess(request, options=PATIENCE)
        item = await process.create_task(WORK)
        for number in range(5):
            await process.log(item, f"line {number}")
            document = await process.upload_document("report.bin", path="report.bin", content_type="application/pdf")
            await process.attach_document(item, "/documents/-", document)
        await process.message(f"finished {process.id}")
        return WorkflowResponse(message="done")


@workflow.defn(name="SoakWorkflow")
class SoakWorkflow:
    """What most processes do: a task with data, a line, a document, an end."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Do each once."""
        process = KuFlowProcess(request)
        form = {f"FIELD_{number}": "x" * 40 for number in range(20)}
        item = await process.create_task(WORK, data={"form": form})
        await process.claim_task(item)
        await process.log(item, "a line")
        document = await process.upload_document("report.bin", path="report.bin", content_type="application/pdf")
        await process.attach_document(item, "/document", document)
        await process.complete_task(item)
        await process.message(f"finished {process.id}")
        return WorkflowResponse(message="done")


class WaitRequest(WorkflowRequest):
    """What KuFlow sends, and what one run hands to the next."""

    end: datetime | None = None


@workflow.defn(name="WaitWorkflow")
class WaitWorkflow:
    """A process that waits, and looks up every now and then.

    It goes on in another run before its history is long: the engine's library keeps what a cached workflow went
    through, some 7 KiB a timer, and a soak would see that grow.
    """

    @workflow.run
    async def run(self, request: WaitRequest) -> WorkflowResponse:
        """Wait for as long as the process's metadata say."""
        end = request.end or await self._end(request)
        for _ in range(workflow.random().randint(3, 5)):
            await asyncio.sleep(20 + 20 * workflow.random().random())
            if workflow.now() >= end:
                break
        else:
            workflow.continue_as_new(request.model_copy(update={"end": end}))
        return WorkflowResponse(message="done")

    async def _end(self, request: WorkflowRequest) -> datetime:
        metadata = (await KuFlowProcess(request).retrieve()).metadata
        return workflow.now() + timedelta(seconds=float(metadata.value["seconds"]) if metadata else 60.0)


@workflow.defn(name="UploadWorkflow")
class UploadWorkflow:
    """A large upload, and beside it a look at how late the loop is."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """Measure the loop alone, then beside the upload."""
        process = KuFlowProcess(request)
        item = await process.create_task(WORK)
        alone = await workflow.execute_activity(lag, 3.0, start_to_close_timeout=MINUTE)
        upload = asyncio.ensure_future(process.upload_document("large.bin", path="large.bin"))
        beside: list[float] = []
        while not upload.done():
            beside += await workflow.execute_activity(lag, 0.5, start_to_close_timeout=MINUTE)
        await process.attach_document(item, "/document", await upload)
        await process.message(f"{max(alone):.1f} {max(beside):.1f}")
        return WorkflowResponse(message="done")
