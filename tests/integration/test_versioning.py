"""Versions of a worker side by side, on a real Temporal server behind the twin's gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentVersionRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from kurun_clients.kuflow.models import ProcessCreateParams
from kurun_config import ConfigurationError, Settings, Versioning
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from kurun_worker.plugin import KuFlowPlugin
from tests.integration.conftest import Connect, TwinFactory, process_definition
from tests.integration.worker_host import running_daemon, settings_for
from tests.waiting import until

DEPLOYMENT = "loans"


@pytest.fixture
async def twin(twin_factory: TwinFactory, task_queue: str) -> AsyncIterator[TwinServer]:
    """A twin whose one process is served by versioned workers."""
    async with twin_factory(process_definition(task_queue, workflow_type="VersionedWorkflow")) as started:
        yield started


def version(twin: TwinServer, task_queue: str, build_id: str, **worker: Any) -> Settings:
    """Settings of one version of the worker; the queue's name keeps the deployments of the tests apart."""
    return settings_for(
        twin,
        task_queue=task_queue,
        modules="tests.integration.versions_served",
        deployment_name=f"{DEPLOYMENT}-{task_queue}",
        build_id=build_id,
        **worker,
    )


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Client]:
    """A client with the worker's own credentials, through the gateway."""
    plugin = KuFlowPlugin(settings)
    client = await Client.connect(settings.engine.address, plugins=[plugin])
    async with plugin.renewing():
        yield client


async def make_current(client: Client, settings: Settings) -> None:
    """Send new processes to this version, once the engine knows it; wait until every part of the engine does so."""
    worker = settings.worker
    name, build_id = worker.deployment_name or "", worker.build_id or ""
    request = DescribeWorkerDeploymentVersionRequest(
        namespace=client.namespace,
        deployment_version=WorkerDeploymentVersion(deployment_name=name, build_id=build_id),
    )

    async def known() -> bool:
        try:
            described = await client.workflow_service.describe_worker_deployment_version(request)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return worker.task_queue in {each.name for each in described.version_task_queues}

    async def routed() -> bool:
        described = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
        )
        state = described.worker_deployment_info.routing_config_update_state
        return state == RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED

    await until(known)
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(namespace=client.namespace, deployment_name=name, build_id=build_id)
    )
    await until(routed)


async def start(twin: TwinServer, connect: Connect, client: Client) -> WorkflowHandle[Any, Any]:
    """Have KuFlow start a process, and wait until some version has begun it."""
    definition = twin.info["process_definitions"][0]["id"]
    async with connect(twin, user=0) as kuflow:
        process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=UUID(definition)))
    handle = client.get_workflow_handle(str(process.id))

    async def begun() -> bool:
        try:
            return await handle.query("begun_on") is not None
        except RPCError:  # KuFlow's start is still on its way
            return False

    await until(begun)
    return handle


async def finish(handle: WorkflowHandle[Any, Any]) -> Any:
    """Give it the word; the versions on which it began and ended."""
    await handle.signal("proceed")
    return await handle.result()


@pytest.mark.parametrize(("versioning", "ends_on"), [(Versioning.PINNED, "1"), (Versioning.AUTO_UPGRADE, "2")], ids=str)
async def test_a_new_version_takes_new_processes(
    twin: TwinServer, connect: Connect, task_queue: str, versioning: Versioning, ends_on: str
) -> None:
    """A process that KuFlow starts begins on the current version; a pinned one ends where it began."""
    first, second = (version(twin, task_queue, each, versioning=versioning) for each in "12")
    name = first.worker.deployment_name
    async with operator(first) as client, running_daemon(first):
        await make_current(client, first)
        old = await start(twin, connect, client)
        async with running_daemon(second):
            await make_current(client, second)
            new = await start(twin, connect, client)

            assert await finish(new) == [f"{name}.2", f"{name}.2"]
            assert await finish(old) == [f"{name}.1", f"{name}.{ends_on}"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"build_id": "1"}, "worker.deployment_name"), ({"deployment_name": "loans"}, "worker.build_id")],
)
async def test_half_a_version_is_refused(twin: TwinServer, given: dict[str, str], missing: str) -> None:
    """A worker that is half told to be versioned does not serve unversioned instead."""
    with pytest.raises(ConfigurationError, match=f"{missing} is not set"):
        await daemon.run(settings_for(twin, **given))
