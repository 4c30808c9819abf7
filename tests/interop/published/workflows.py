"""Workflows written on the published SDK: its models, its activity names, its converter."""

from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kuflow_temporal_workflow_kuflow.models import (
        KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM,
        SignalProcessItem,
        WorkflowRequest,
    )

from tests.interop.published.artifact_steps import acting, artifacts, preparing
from tests.interop.published.item_steps import (
    assistance,
    assisted,
    cancelling,
    completing,
    failing,
    filling,
    logging,
    new_task,
    refusing,
    talking,
)
from tests.interop.published.process_steps import actions, deleting, people, reading, writing
from tests.interop.published.run import Run


async def spelling(run: Run) -> None:
    """Names under which SDKs of other languages call our activities; the answers as they are on the wire."""
    process = {"processId": run.process_id}
    prepare = {"businessArtifactId": run.made.artifact_id, "businessArtifactActionDefinitionCode": "COPY"}
    if run.queue == "ours":
        run.made.spellings = {
            "RetrieveProcess": await run.raw("RetrieveProcess", process),
            "prepareBusinessArtifactCreateArtifact": await run.raw("prepareBusinessArtifactCreateArtifact", prepare),
            "PrepareBusinessArtifactCreateArtifact": await run.raw("PrepareBusinessArtifactCreateArtifact", prepare),
        }


STEPS = (
    completing,
    reading,
    filling,
    talking,
    assistance,
    failing,
    refusing,
    logging,
    writing,
    people,
    actions,
    artifacts,
    preparing,
    spelling,
    acting,
    assisted,
    cancelling,
    deleting,
)


class Everything:
    """Calls every activity, then waits until a person has completed a task."""

    queue: str

    def __init__(self) -> None:
        self.signals: list[SignalProcessItem] = []

    @workflow.signal(name=KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM)
    async def item_done(self, signal: SignalProcessItem) -> None:
        """KuFlow says that something happened to an item."""
        self.signals.append(signal)

    async def everything(self, request: WorkflowRequest) -> dict[str, Any]:
        """Go through the steps; what the published models read on the way, and which steps failed."""
        assert isinstance(request, WorkflowRequest), repr(request)
        run, failed = Run(self.queue, request.process_id), {}
        for step in STEPS:
            try:
                await step(run)
            except Exception as error:
                failed[step.__name__] = f"{error!r} {error.__cause__!r}"
        return {
            "request": {"zone": request.request_time_zone, "time": request.request_time.isoformat()},
            "facts": run.facts,
            "failed": failed,
            "spellings": vars(run.made).get("spellings"),
            "signal": await self.review(run),
        }

    async def review(self, run: Run) -> dict[str, Any]:
        """Have a person complete a task; the signal that tells of it."""
        task_id = await new_task(run, "REVIEW")
        await workflow.wait_condition(
            lambda: any(each.id == task_id for each in self.signals), timeout=timedelta(minutes=1)
        )
        signal = self.signals[-1]
        assert isinstance(signal, SignalProcessItem), repr(signal)
        return {"type": signal.type, "code": signal.payload.process_item_definition_code}


@workflow.defn(name="PublishedAlone")
class PublishedAlone(Everything):
    """With the published activities on its own queue."""

    queue = "published"

    @workflow.run
    async def run(self, request: WorkflowRequest) -> dict[str, Any]:
        """Everything."""
        return await self.everything(request)


@workflow.defn(name="PublishedOnOurs")
class PublishedOnOurs(Everything):
    """With the activities of kurun on another queue."""

    queue = "ours"

    @workflow.run
    async def run(self, request: WorkflowRequest) -> dict[str, Any]:
        """Everything."""
        return await self.everything(request)
