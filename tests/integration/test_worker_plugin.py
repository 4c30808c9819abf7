"""The plugin on a client and worker that somebody else has configured."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
)

from kurun_activities.models import ActivityRequest
from kurun_twin.twin_server import TwinServer
from kurun_worker.plugin import KuFlowPlugin
from tests.integration.worker_host import counted, refusals, running_twin, settings_for
from tests.waiting import until

SECONDS = timedelta(seconds=10)


class MarkingCodec(PayloadCodec):
    """Marks every payload, so that it can be seen to have been used."""

    def __init__(self) -> None:
        self.decoded = 0

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Wrap."""
        return [Payload(metadata={"encoding": b"marked"}, data=each.SerializeToString()) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Unwrap; what is not marked is refused."""
        assert all(each.metadata["encoding"] == b"marked" for each in payloads)
        self.decoded += len(payloads)
        return [Payload.FromString(each.data) for each in payloads]


class Witness(Interceptor):
    """Sees activities go by, with what a log line in them would say."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Look."""
        witness = self

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
                witness.seen.append({"type": activity.info().activity_type})
                return await super().execute_activity(input)

        return Inbound(next)


@activity.defn
async def context_of_logs() -> dict[str, Any]:
    """What a log line here would say."""
    return {name: str(value) for name, value in structlog.contextvars.get_contextvars().items()}


class Retrieval(ActivityRequest):
    """What the caller reads of the request."""

    process_id: UUID


@activity.defn(name="KuFlow_Engine_retrieveProcess")
async def own_retrieval(_request: Retrieval) -> str:
    """Replace one of KuFlow's activities."""
    return "mine"


@workflow.defn(sandboxed=False)
class CallerWorkflow:
    """Of the caller: runs activities of his and of KuFlow's."""

    @workflow.run
    async def run(self, process_id: str) -> dict[str, Any]:
        """What each of them said."""
        found = await workflow.execute_activity(context_of_logs, start_to_close_timeout=SECONDS)
        mine = await workflow.execute_activity(
            "KuFlow_Engine_retrieveProcess", {"processId": process_id}, start_to_close_timeout=SECONDS
        )
        invalid = ""
        try:
            await workflow.execute_activity(
                "KuFlow_Engine_CreateProcessItem", {"processId": "none"}, start_to_close_timeout=SECONDS
            )
        except ActivityError as error:
            invalid = str(error.cause.type) if isinstance(error.cause, ApplicationError) else "another failure"
        return {"logs": found, "mine": mine, "invalid": invalid}


@pytest.fixture
async def twin(tmp_path: Path) -> AsyncIterator[TwinServer]:
    """A twin whose tokens are good for 2 seconds."""
    async with running_twin(tmp_path, token_life=2.0) as running:
        yield running


async def test_what_the_caller_set_stays_and_kuflow_comes_on_top(twin: TwinServer) -> None:
    """Codec, interceptors, rpc metadata, runner and an activity of the same name are the caller's; the rest is ours."""
    settings = settings_for(twin)
    codec, witness = MarkingCodec(), Witness()
    plugin = KuFlowPlugin(settings)
    client = await Client.connect(
        settings.engine.address,
        plugins=[plugin],
        rpc_metadata={"x-caller": "kept"},
        data_converter=DataConverter(payload_codec=codec),
    )
    queue = settings.worker.task_queue or ""
    runner = UnsandboxedWorkflowRunner()
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[CallerWorkflow],
        activities=[context_of_logs, own_retrieval],
        interceptors=[witness],
        workflow_runner=runner,
    )
    async with worker:
        first = client.rpc_metadata["authorization"]
        answer = await client.execute_workflow(CallerWorkflow.run, str(uuid4()), id="caller", task_queue=queue)
        await until(lambda: client.rpc_metadata["authorization"] != first)

    assert answer["mine"] == "mine"
    assert answer["invalid"] == "KuFlowActivities.ValidationFailure"
    assert answer["logs"]["workflow_id"] == "caller"
    assert answer["logs"]["activity_type"] == "context_of_logs"
    assert {each["type"] for each in witness.seen} >= {"context_of_logs", "KuFlow_Engine_retrieveProcess"}
    assert codec.decoded > 0
    assert client.rpc_metadata["x-caller"] == "kept"
    assert worker.config(active_config=True)["workflow_runner"] is runner
    assert counted(twin, "registrations") == 1
    assert refusals(twin) == {}


async def test_a_client_without_a_worker_keeps_its_token_fresh(twin: TwinServer) -> None:
    """Who only starts workflows does so for longer than a token lives."""
    settings = settings_for(twin)
    plugin = KuFlowPlugin(settings)
    client = await Client.connect(settings.engine.address, plugins=[plugin])
    async with plugin.renewing():
        await until(lambda: counted(twin, "engine_tokens") >= 4)
        await client.start_workflow("Anything", id=f"any-{uuid4()}", task_queue="nobody")

    assert refusals(twin) == {}


async def test_an_authorization_of_the_caller_is_not_touched(twin: TwinServer) -> None:
    """Who brings a token of his own gets certificate, namespace and payloads, and no other token."""
    settings = settings_for(twin)
    async with aclosing(KuFlowPlugin(settings)) as plugin:
        borrowed = await Client.connect(settings.engine.address, plugins=[plugin])
        own = borrowed.rpc_metadata["authorization"]
        issued = counted(twin, "engine_tokens")

        client = await Client.connect(settings.engine.address, plugins=[plugin], rpc_metadata={"authorization": own})

    assert client.rpc_metadata["authorization"] == own
    assert counted(twin, "engine_tokens") == issued
