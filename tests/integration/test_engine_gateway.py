"""The engine gateway between a real Temporal worker and a real Temporal server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest as SystemInfo
from temporalio.client import Client
from temporalio.service import RPCError, TLSConfig
from temporalio.worker import Worker

from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import AuthenticationType
from kurun_twin.api import API_PREFIX
from kurun_twin.dev import TwinServer
from tests.integration.conftest import Connect, TwinFactory


@workflow.defn(name="GatewayEcho", sandboxed=False)
class Echo:
    """Returns what it was given."""

    @workflow.run
    async def run(self, text: str) -> str:
        """The same text."""
        return text


async def engine_token(kuflow: KuFlowClient) -> str:
    """A token as a worker gets it."""
    authentication = await kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN)
    assert authentication.engine_token is not None
    return authentication.engine_token.token


async def engine_client(twin: TwinServer, kuflow: KuFlowClient, **options: Any) -> Client:
    """A Temporal client with the certificate and a token that the API hands out."""
    authentication = await kuflow.authentications.create(AuthenticationType.ENGINE_CERTIFICATE)
    assert authentication.engine_certificate is not None
    keys = authentication.engine_certificate.tls
    return await Client.connect(
        twin.info["engine"]["address"],
        namespace=authentication.engine_certificate.namespace,
        tls=TLSConfig(
            server_root_ca_cert=keys.server_root_ca_certificate.encode(),
            client_cert=keys.client_certificate.encode(),
            client_private_key=keys.client_private_key.encode(),
        ),
        **{"rpc_metadata": {"authorization": f"Bearer {await engine_token(kuflow)}"}, **options},
    )


async def test_what_the_api_hands_out_opens_the_engine(twin: TwinServer, connect: Connect, task_queue: str) -> None:
    """Certificate and token of POST /authentications are all that a worker and a starter of workflows need."""
    async with connect(twin) as kuflow:
        client = await engine_client(twin, kuflow)
    async with Worker(client, task_queue=task_queue, workflows=[Echo]):
        result = await client.execute_workflow(Echo.run, "hello", id=task_queue, task_queue=task_queue)

    assert "hello" == result


async def test_the_right_certificate_without_a_token_is_not_enough(twin: TwinServer, connect: Connect) -> None:
    """Every call needs the token, the first one too; the client's error says so."""
    async with connect(twin) as kuflow:
        with pytest.raises(RuntimeError, match="no engine token"):
            await engine_client(twin, kuflow, rpc_metadata={})


async def test_an_error_of_temporal_keeps_its_details(twin: TwinServer, connect: Connect) -> None:
    """A client tells an unknown workflow from other errors by the details that come with it."""
    async with connect(twin) as kuflow:
        client = await engine_client(twin, kuflow)
    with pytest.raises(RPCError) as caught:
        await client.get_workflow_handle("no-such-workflow").describe()

    assert "NOT_FOUND" == caught.value.status.name
    assert 1 == len(caught.value.grpc_status.details)


@asynccontextmanager
async def renewed(client: Client, kuflow: KuFlowClient) -> AsyncIterator[None]:
    """Give the client a new token twice a second."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(0.5)
            client.rpc_metadata = {"authorization": f"Bearer {await engine_token(kuflow)}"}

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def test_tokens_change_under_a_running_worker(
    twin_factory: TwinFactory, connect: Connect, task_queue: str
) -> None:
    """With 2-second tokens that are renewed, a worker polls and works for 6 seconds and no call is refused."""
    loop = asyncio.get_running_loop()
    results: list[bool] = []
    async with twin_factory(token_life=timedelta(seconds=2)) as twin, connect(twin) as kuflow:
        client = await engine_client(twin, kuflow)
        worker = Worker(client, task_queue=task_queue, workflows=[Echo])
        async with renewed(client, kuflow), worker:
            end = loop.time() + 6
            while loop.time() < end:
                name = f"{task_queue}-{len(results)}"
                results.append(await client.execute_workflow(Echo.run, name, id=name, task_queue=task_queue) == name)
        engine = twin.platform.figures.snapshot()["engine"]

    assert len(results) > 6
    assert all(results)
    assert {} == engine["refusals"]
    assert engine["calls"]["PollWorkflowTaskQueue"] > 6
    assert 0 < engine["least_token_left"] < 2


async def test_a_token_that_is_not_renewed_is_refused(twin_factory: TwinFactory, connect: Connect) -> None:
    """The control of the test before: the same tokens do expire."""
    async with twin_factory(token_life=timedelta(seconds=0.5)) as twin, connect(twin) as kuflow:
        with pytest.raises((RPCError, RuntimeError), match="engine token expired"):
            await call_until_refused(twin, kuflow)


async def call_until_refused(twin: TwinServer, kuflow: KuFlowClient) -> None:
    """Go on with one token; connecting may be too slow for it already."""
    client = await engine_client(twin, kuflow)
    while True:
        await client.workflow_service.get_system_info(SystemInfo())


async def steer(twin: TwinServer, who: dict[str, Any], body: dict[str, Any]) -> int:
    """PUT /_twin/engine; the answer's status."""
    address = twin.info["kuflow"]["endpoint"].removesuffix(API_PREFIX) + "/_twin/engine"
    headers = {"Authorization": aiohttp.encode_basic_auth(who["client_id"], who["client_secret"])}
    async with aiohttp.ClientSession() as session, session.put(address, json=body, headers=headers) as response:
        return response.status


async def test_the_gateway_can_be_steered_over_http(twin_factory: TwinFactory, connect: Connect) -> None:
    """PUT /_twin/engine makes it refuse or cut, for an application and nobody else."""
    async with twin_factory() as twin, connect(twin) as kuflow:
        client = await engine_client(twin, kuflow)
        statuses = [await steer(twin, twin.info["users"][0], {"refuse": 60})]
        await client.workflow_service.get_system_info(SystemInfo())
        statuses.append(await steer(twin, twin.info["kuflow"], {"refuse": 60}))
        with pytest.raises(RPCError, match="the scenario says so"):
            await client.workflow_service.get_system_info(SystemInfo())
        statuses.append(await steer(twin, twin.info["kuflow"], {"refuse": 0, "cut": True}))
        await client.workflow_service.get_system_info(SystemInfo(), retry=True)
        statuses.append(await steer(twin, twin.info["kuflow"], {"refuse": -1}))

    assert [403, 204, 204, 400] == statuses
