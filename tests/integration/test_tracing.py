"""Traces as a collector receives them: one for each process, whole, each span once, and without a secret."""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.converter import PayloadConverter

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import JsonValue, Process, ProcessCreateParams, ProcessItemType, ProcessState
from kurun_twin.dev import TwinServer
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.options import TwinOptions
from tests.integration.conftest import Connect, definitions, process_definition
from tests.integration.raw_history import events_of, headers_in
from tests.integration.traced_served import SECRET
from tests.integration.worker_host import direct_client, running_daemon, settings_for
from tests.otlp_collector import Collector, attributes_of, collecting, tree
from tests.processes import Kurun, kurun
from tests.second_cipher import KEY, KEY_ID
from tests.waiting import until

SERVED = "tests.integration.traced_served"
QUEUE, OTHER_QUEUE, OWN_QUEUE = (f"{each}-{uuid4()}" for each in ("traced", "untraced", "own"))
COMPLETE = "CompleteWorkflow:TracedWorkflow"


@pytest.fixture(scope="module")
async def twin(temporal_server: TemporalServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwinServer]:
    """A twin with a process, and the same one confidential."""
    folder = tmp_path_factory.mktemp("traced")
    confidential = {"confidential": True, "kmsKeyId": KEY_ID}
    keys = [{"id": KEY_ID, "value": base64.b64encode(KEY).decode()}]
    processes = (
        process_definition(QUEUE, code="OPEN", workflow_type="TracedWorkflow"),
        process_definition(QUEUE, code="SECRET", workflow_type="TracedWorkflow") | confidential,
        process_definition(OTHER_QUEUE, code="OTHER", workflow_type="OtherWorkflow"),
        process_definition(OWN_QUEUE, code="OWN", workflow_type="OtherWorkflow"),
    )
    (folder / "definitions.yaml").write_text(json.dumps(definitions(*processes) | {"kmsKeys": keys}))
    options = TwinOptions(
        data_dir=folder / "data",
        definitions=folder / "definitions.yaml",
        temporal_address=temporal_server.address,
    )
    async with TwinServer(options) as started:
        yield started


def of_worker(twin: TwinServer, queue: str, module: str) -> dict[str, str]:
    """The variables of a `kurun run` that traces."""
    return {
        "KURUN_KUFLOW_ENDPOINT": twin.info["kuflow"]["endpoint"],
        "KURUN_KUFLOW_CLIENT_ID": twin.info["kuflow"]["client_id"],
        "KURUN_KUFLOW_CLIENT_SECRET": twin.info["kuflow"]["client_secret"],
        "KURUN_ENGINE_ADDRESS": twin.info["engine"]["address"],
        "KURUN_WORKER_TASK_QUEUE": queue,
        "KURUN_WORKER_MODULES": module,
        "KURUN_TRACING_ENABLED": "true",
        "KURUN_LOG_FORMAT": "json",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@pytest.fixture(scope="module")
async def unheard(twin: TwinServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kurun]:
    """`kurun run` whose traces nobody takes; it starts while other tests run."""
    environment = of_worker(twin, OTHER_QUEUE, SERVED) | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:k3y@127.0.0.1:1/k3y?key=k3y",
        "OTEL_BSP_SCHEDULE_DELAY": "20",
        "OTEL_BSP_MAX_QUEUE_SIZE": "1",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1",
    }
    async with kurun("run", log=tmp_path_factory.mktemp("unheard") / "log", environment=environment) as worker:
        yield worker


@pytest.fixture(scope="module")
async def collector(twin: TwinServer, unheard: Kurun) -> AsyncIterator[Collector]:  # noqa: ARG001 - starts meanwhile
    """A collector, and a worker that exports to it and keeps no workflow in memory: it replays at every task."""
    async with collecting() as started:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", started.endpoint)
            patch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
            patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
            settings = settings_for(twin, task_queue=QUEUE, modules=SERVED, max_cached_workflows=0, sandbox=False)
            settings = settings.model_copy(
                update={"tracing": settings.tracing.model_copy(update={"enabled": True, "send_headers": True})}
            )
            async with running_daemon(settings):
                yield started


async def play(kuflow: KuFlowClient, ada: KuFlowClient, twin: TwinServer, code: str) -> Process:
    """Take a process from its start to its end."""
    definition = next(each for each in twin.info["process_definitions"] if each["code"] == code)
    metadata = JsonValue(value={"who": SECRET})
    process = await kuflow.processes.create(
        ProcessCreateParams(process_definition_id=definition["id"], metadata=metadata)
    )

    async def tasks() -> list[Any]:
        return (await kuflow.process_items.find(process_id=[process.id], type=[ProcessItemType.TASK])).content

    await until(tasks)
    (task,) = await tasks()
    await ada.process_items.claim(task.id)
    await ada.process_items.update_data(task.id, JsonValue(value={"amount": 1, "note": SECRET}))
    await ada.process_items.complete(task.id)

    async def completed() -> bool:
        return (await kuflow.processes.retrieve(process.id)).state is ProcessState.COMPLETED

    await until(completed)
    return process


def named(spans: list[Span], name: str) -> Span:
    """The only span of a name."""
    (span,) = [each for each in spans if each.name == name]
    return span


async def test_one_trace_of_a_process(collector: Collector, twin: TwinServer, connect: Connect) -> None:
    """KuFlow's start is the root; workflow, signal, activities and requests hang below it, each once despite replays.

    Nothing that people wrote is in it, also not in the message of a failure. A confidential process is traced alike.
    """
    client = await direct_client(twin)
    async with connect(twin) as kuflow, connect(twin, user=0) as ada:
        processes = await asyncio.gather(*(play(kuflow, ada, twin, code) for code in ("OPEN", "SECRET")))

    for process in processes:
        check(
            process, await collector.trace_of(str(process.id), last=COMPLETE), await events_of(client, str(process.id))
        )
    assert SECRET.encode() not in b"".join(collector.bodies)
    assert collector.resource.items() >= {"service.name": "kurun", "deployment.environment.name": "test"}.items()


def check(process: Process, spans: list[Span], events: list[HistoryEvent]) -> None:
    """Look at one trace."""
    below = tree(spans)
    root = below["StartWorkflow:TracedWorkflow"]
    assert list(below) == ["StartWorkflow:TracedWorkflow"]
    assert root["RunWorkflow:TracedWorkflow"] == {}
    assert root["HandleSignal:KuFlow_Engine_Signal_Process_Item"] == {}
    assert root[COMPLETE] == {}
    assert root["StartActivity:look_up"] == {"RunActivity:look_up": {"GET /processes/{id}": {}}}
    assert root["StartActivity:quote"] == {"RunActivity:quote": {}}
    created = [each for each in spans if each.name == "POST /process-items"]
    assert [each.kind for each in created] == [Span.SPAN_KIND_CLIENT] * 2
    assert max(Counter(each.span_id for each in spans).values()) == 1
    assert sum(each.name.startswith("StartActivity:") for each in spans) == sum(
        each.HasField("activity_task_scheduled_event_attributes") for each in events
    )
    assert len([each for each in spans if attributes_of(each).get("temporalWorkflowID") == str(process.id)]) == len(
        [each for each in spans if not each.name.startswith(("GET ", "POST "))]
    )

    request = attributes_of(named(spans, "GET /processes/{id}"))
    assert request["http.request.method"] == "GET"
    assert request["url.template"] == "/processes/{id}"
    assert request["http.response.status_code"] == 200
    assert request["server.address"] == "127.0.0.1"
    failed = named(spans, "RunActivity:quote")
    assert (failed.status.code, failed.status.message) == (Status.STATUS_CODE_ERROR, "")
    assert attributes_of(failed)["error.type"] == "Quoted"
    marked = [each.fields for event in events for each in headers_in(event) if "_tracer-data" in each.fields]
    assert len(marked) == sum(each.name.startswith("StartActivity:") for each in spans)


class _Headers(Interceptor):
    """Starts workflows with a trace header."""

    def __init__(self, header: Payload) -> None:
        self._header = header

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - Temporal's
        return _WithHeader(next, self._header)


class _WithHeader(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, header: Payload) -> None:
        super().__init__(following)
        self._header = header

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        input.headers = {**input.headers, "_tracer-data": self._header}
        return await super().start_workflow(input)


async def started(twin: TwinServer, workflow_id: str, header: object) -> None:
    """Run the workflow that continues as new once, with this header."""
    payload = header if isinstance(header, Payload) else PayloadConverter.default.to_payloads([header])[0]
    client = await Client.connect(twin.info["engine"]["direct_address"], interceptors=[_Headers(payload)])
    await client.execute_workflow("RollingWorkflow", 1, id=workflow_id, task_queue=QUEUE)


async def test_a_trace_goes_on_where_it_came_from_and_across_runs(collector: Collector, twin: TwinServer) -> None:
    """A start with a trace header is continued, unless it is not sampled; one that nobody can read is none.

    A workflow that continues as new stays in its trace.
    """
    trace_id, span_id = uuid4().hex, uuid4().hex[:16]
    sampled, unsampled, *unreadable = (f"rolling-{uuid4()}" for _ in range(5))
    await asyncio.gather(
        started(twin, sampled, {"traceparent": f"00-{trace_id}-{span_id}-01"}),
        started(twin, unsampled, {"traceparent": f"00-{uuid4().hex}-{uuid4().hex[:16]}-00"}),
        started(twin, unreadable[0], Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\0")),
        started(twin, unreadable[1], ["no"]),
        started(twin, unreadable[2], {"traceparent": "no"}),
    )
    continued = await collector.trace_of(sampled, last="CompleteWorkflow:RollingWorkflow")
    begun = [await collector.trace_of(each, last="CompleteWorkflow:RollingWorkflow") for each in unreadable]

    expected = {
        "RunWorkflow:RollingWorkflow",
        "RunWorkflow:RollingWorkflow 2",
        "StartActivity:quote",
        "StartActivity:quote 2",
        "CompleteWorkflow:RollingWorkflow",
    }
    assert {each.trace_id.hex() for each in continued} == {trace_id}
    assert tree(continued, under=bytes.fromhex(span_id)).keys() == expected
    assert len({attributes_of(each)["temporalRunID"] for each in continued}) == 2
    for each in begun:
        assert tree(each).keys() == {"StartWorkflow:RollingWorkflow"}
        assert tree(each)["StartWorkflow:RollingWorkflow"].keys() == expected
    assert unsampled not in {attributes_of(each).get("temporalWorkflowID") for each in collector.spans}


async def test_without_a_collector_the_worker_works_and_stops(twin: TwinServer, unheard: Kurun) -> None:
    """`kurun run` says in one line that nobody takes its traces, serves, and is gone in time.

    Its log names trace and span, of activities and of workflows.
    """
    client = await direct_client(twin)
    done = [
        await client.execute_workflow("RollingWorkflow", 0, id=f"rolling-{uuid4()}", task_queue=OTHER_QUEUE)
        for _ in range(3)
    ]
    await unheard.says("traces cannot be exported")
    begun = time.monotonic()
    code = await unheard.stop()
    seconds = time.monotonic() - begun

    assert done == ["done"] * 3
    assert code == 0
    assert seconds < 8
    lines = [json.loads(each) for each in unheard.lines().splitlines()]
    troubles = [each for each in lines if each["level"] != "info" and each.get("activity_type") != "quote"]
    assert [(each["event"], each.get("collector")) for each in troubles] == [
        ("traces cannot be exported", "127.0.0.1:1")
    ]
    assert "k3y" not in unheard.lines()
    assert not [each for each in lines if each["logger"].startswith("opentelemetry")]
    rolling = [each["trace_id"] for each in lines if each["event"] == "rolling"]
    quoting = [each["trace_id"] for each in lines if each["event"] == "about to quote"]
    assert rolling == quoting
    assert len(set(rolling)) == 3


async def test_a_module_may_bring_its_own_tracer_provider(twin: TwinServer, tmp_path: Path) -> None:
    """`kurun run` gives its spans to the provider that a module of workflows made, not to one of its own."""
    spans = tmp_path / "spans"
    environment = of_worker(twin, OWN_QUEUE, "tests.integration.own_provider_served") | {
        "SPANS_OF_THE_MODULE": str(spans)
    }
    async with kurun("run", log=tmp_path / "log", environment=environment) as worker:
        await worker.says("registered with KuFlow")
        client = await direct_client(twin)
        await client.execute_workflow("RollingWorkflow", 0, id=f"rolling-{uuid4()}", task_queue=OWN_QUEUE)
        await until(lambda: "CompleteWorkflow:RollingWorkflow" in spans.read_text())
        code = await worker.stop()

    assert code == 0
    assert "traces cannot be exported" not in worker.lines()
