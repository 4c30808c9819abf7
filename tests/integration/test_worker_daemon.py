"""The daemon against the twin and a real Temporal server."""

import asyncio
import queue
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from kurun_config import ConfigurationError, Settings
from kurun_twin.scenario import Rule
from kurun_twin.twin_server import TwinServer
from kurun_worker import daemon
from kurun_worker.connecting import StartError
from kurun_worker.departure import Departure
from kurun_worker.modules import load_modules
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.slots import DrainableWorker
from kurun_worker.supervisor import Supervisor
from kurun_worker.temporal_parts import make_worker
from tests.integration.worker_host import (
    HurriedClock,
    counted,
    direct_client,
    refusals,
    running_daemon,
    running_twin,
    settings_for,
    silent_port,
)
from tests.integration.worker_served import EFFECTS, EVENTS, STARTED, Load, LoadWorkflow, ThreadedWorkflow, threaded
from tests.waiting import until


@pytest.fixture
async def short_tokens(tmp_path: Path) -> AsyncIterator[TwinServer]:
    """A twin whose engine tokens are good for 2 seconds, and which wants to hear of workers every second."""
    async with running_twin(tmp_path, token_life=2.0, delay_window=1.0) as twin:
        yield twin


@pytest.fixture
async def calm_twin(tmp_path: Path) -> AsyncIterator[TwinServer]:
    """A twin with ordinary lives."""
    async with running_twin(tmp_path) as twin:
        yield twin


async def start(client: Client, settings: Settings, load: Load) -> WorkflowHandle[LoadWorkflow, list[int]]:
    """Start a load on the settings' queue."""
    return await client.start_workflow(
        LoadWorkflow.run, load, id=f"load-{uuid4()}", task_queue=settings.worker.task_queue or ""
    )


async def test_two_second_tokens_never_refuse_a_poll(short_tokens: TwinServer) -> None:
    """Eight renewals under load: the engine refuses no call, and no activity is repeated."""
    settings = settings_for(short_tokens)
    client = await direct_client(short_tokens)
    async with running_daemon(settings):
        handle = await start(client, settings, Load(pieces=3, seconds=0.2, rounds=30))
        await until(lambda: counted(short_tokens, "engine_tokens") >= 9, seconds=25)
        attempts = await handle.result()

    assert refusals(short_tokens) == {}
    assert set(attempts) == {1}


async def test_the_worker_is_registered_again_and_again_with_its_true_types(short_tokens: TwinServer) -> None:
    """``x-kf-delay-window`` sets the beat; the catalogue knows what is served, KuFlow's activities included."""
    settings = settings_for(short_tokens, identity="worker-under-test")
    async with running_daemon(settings):
        await until(lambda: counted(short_tokens, "registrations") >= 4)

    (worker,) = await short_tokens.platform.database.run(short_tokens.platform.workers.all)
    assert worker["identity"] == "worker-under-test"
    assert worker["taskQueue"] == settings.worker.task_queue
    assert set(worker["workflowTypes"]) == {"LoadWorkflow", "ThreadedWorkflow"}
    assert {"piece", "threaded", "KuFlow_Engine_createProcessItem"} <= set(worker["activityTypes"])
    assert worker["ip"] == "127.0.0.1"


async def test_an_outage_of_the_api_is_bridged_by_the_old_token(tmp_path: Path) -> None:
    """While POST /authentications answers 503 the old token goes on working; afterwards renewal does too."""
    async with running_twin(tmp_path, token_life=5.0) as twin:
        settings = settings_for(twin)
        client = await direct_client(twin)
        async with running_daemon(settings):
            await until(lambda: counted(twin, "engine_tokens") >= 1)
            before = counted(twin, "engine_tokens")
            twin.scenario.replace([Rule(path="/authentications", status=503, for_seconds=3.5)])
            handle = await start(client, settings, Load(pieces=2, seconds=0.2, rounds=15))
            await until(lambda: counted(twin, "engine_tokens") >= before + 2)
            attempts = await handle.result()
        asked = twin.platform.figures.snapshot()["requests"]["by_operation"]["createAuthentication"]["by_status"]

    assert refusals(twin) == {}
    assert set(attempts) == {1}
    assert asked["503"] >= 2


async def test_a_refused_token_is_replaced_before_temporal_gives_the_worker_up(calm_twin: TwinServer) -> None:
    """When the engine refuses a token that should be valid, a new one is asked for within seconds."""
    settings = settings_for(calm_twin)
    plugin = KuFlowPlugin(settings, clock=HurriedClock())
    client = await Client.connect(settings.engine.address, plugins=[plugin])
    async with Worker(client, task_queue=settings.worker.task_queue or "", workflows=[LoadWorkflow]) as worker:
        await until(lambda: worker.is_running)
        before = counted(calm_twin, "engine_tokens")
        calm_twin.gateway.refuse(60)
        await until(lambda: counted(calm_twin, "engine_tokens") > before)
        calm_twin.gateway.refuse(0)

    assert refusals(calm_twin)


async def test_a_worker_that_ends_is_replaced_by_another(calm_twin: TwinServer) -> None:
    """A worker that Temporal gives up is followed by a new one on a new connection, and no work is lost."""
    settings = settings_for(calm_twin)
    direct = await direct_client(calm_twin)
    stop = asyncio.Event()
    made: list[Worker] = []

    def build(client: Client) -> DrainableWorker:
        # The first worker's threads cannot start, which ends it as refused polls would, only sooner.
        executor = ThreadPoolExecutor(2, initializer=None if made else _refuse)
        made.append(
            Worker(
                client,
                task_queue=settings.worker.task_queue or "",
                workflows=[ThreadedWorkflow],
                activities=[threaded],
                activity_executor=executor,
                max_concurrent_activities=2,
            )
        )
        return DrainableWorker(made[-1], None)

    plugin = KuFlowPlugin(settings)
    connections: list[Client] = []

    async def connect() -> Client:
        connections.append(await Client.connect(settings.engine.address, plugins=[plugin]))
        return connections[-1]

    async def refresh() -> None:
        assert plugin.engine is not None
        await plugin.engine.refresh()

    async with plugin.renewing():
        supervisor = Supervisor(settings, connect=connect, build=build, refresh=refresh, stop=stop)
        task = asyncio.create_task(supervisor.run())
        result = await direct.execute_workflow(
            ThreadedWorkflow.run, id=f"threaded-{uuid4()}", task_queue=settings.worker.task_queue or ""
        )
        stop.set()
        await task

    assert result.startswith("ThreadPoolExecutor")
    assert len(made) == len(connections) == 2
    assert supervisor.recoveries == 1
    assert counted(calm_twin, "engine_tokens") >= 2


def _refuse() -> None:
    raise RuntimeError("no thread today")


def impatient(settings: Settings, **engine: object) -> Settings:
    """The same settings with one second to connect."""
    hurried = settings.engine.model_copy(update={"connect_timeout": timedelta(seconds=1), **engine})
    return settings.model_copy(update={"engine": hurried})


async def test_whatever_goes_wrong_while_reconnecting_is_tried_again(calm_twin: TwinServer) -> None:
    """A port that accepts and stays silent, a name that is no more, a worker that cannot be made: none ends it."""
    settings = impatient(settings_for(calm_twin))
    direct = await direct_client(calm_twin)
    stop = asyncio.Event()
    made: list[int] = []
    connected: list[str] = []
    refreshed: list[int] = []
    plugin = KuFlowPlugin(settings)

    def build(client: Client) -> DrainableWorker:
        made.append(len(connected))
        if len(made) == 2:
            raise ValueError("not now")
        executor = ThreadPoolExecutor(2, initializer=_refuse if len(made) == 1 else None)
        worker = Worker(
            client,
            task_queue=settings.worker.task_queue or "",
            workflows=[ThreadedWorkflow],
            activities=[threaded],
            activity_executor=executor,
            max_concurrent_activities=2,
        )
        return DrainableWorker(worker, None)

    async def refresh() -> None:
        refreshed.append(len(connected))
        if len(refreshed) == 2:
            raise OSError("no such name")

    async with silent_port() as port:

        async def connect() -> Client:
            connected.append("silent" if len(connected) == 1 else "engine")
            address = f"127.0.0.1:{port}" if connected[-1] == "silent" else settings.engine.address
            return await Client.connect(address, plugins=[plugin])

        async with plugin.renewing():
            supervisor = Supervisor(settings, connect=connect, build=build, refresh=refresh, stop=stop)
            task = asyncio.create_task(supervisor.run())
            async with asyncio.timeout(60):
                result = await direct.execute_workflow(
                    ThreadedWorkflow.run, id=f"threaded-{uuid4()}", task_queue=settings.worker.task_queue or ""
                )
            stop.set()
            await task

    assert result.startswith("ThreadPoolExecutor")
    assert connected == ["engine", "silent", "engine", "engine"]
    assert made == [1, 3, 4]
    assert refreshed == [1, 2, 2, 3]


async def test_a_silent_kuflow_is_not_taken_for_a_silent_engine(calm_twin: TwinServer) -> None:
    """Whoever keeps the start waiting is named: KuFlow, which hands out the keys, or the engine."""
    settings = impatient(settings_for(calm_twin))
    calm_twin.scenario.replace([Rule(path="/authentications", delay_ms=60_000)])
    with pytest.raises(StartError, match=r"^KuFlow at http.* does not answer within 1 s .* the engine certificate$"):
        await daemon.run(settings, stop=asyncio.Event())
    calm_twin.scenario.replace([])

    async with silent_port() as port:
        silent = impatient(settings, address=f"127.0.0.1:{port}")
        with pytest.raises(StartError, match=rf"^the engine cannot be reached at 127.0.0.1:{port} within 1 s"):
            await daemon.run(silent, stop=asyncio.Event())


async def test_a_stop_while_connecting_waits_for_what_it_cancels(calm_twin: TwinServer) -> None:
    """Nothing of the supervisor's goes on when ``run`` returns, so that clients can be closed after it."""
    settings = impatient(settings_for(calm_twin))
    stop = asyncio.Event()
    begun = asyncio.Event()
    events: list[str] = []

    async def connect() -> Client:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            events.append("connect ended")
        raise AssertionError

    def build(_client: Client) -> DrainableWorker:
        raise AssertionError

    async def refresh() -> None:
        return

    async with asyncio.TaskGroup() as group:
        task = group.create_task(Supervisor(settings, connect=connect, build=build, refresh=refresh, stop=stop).run())
        task.add_done_callback(lambda _: events.append("run ended"))
        await begun.wait()
        stop.set()

    assert events == ["connect ended", "run ended"]


async def test_a_stop_while_reconnecting_drains_the_worker_before(calm_twin: TwinServer) -> None:
    """Activities of a worker that polls no more finish, once, also when the daemon ends before there is another."""
    settings = settings_for(calm_twin)
    definitions = load_modules(["tests.integration.worker_served"])
    direct, plugin, stop = await direct_client(calm_twin), KuFlowPlugin(settings), asyncio.Event()
    made: list[DrainableWorker] = []
    again = asyncio.Event()

    def build(client: Client) -> DrainableWorker:
        made.append(make_worker(settings, client, definitions))
        return made[-1]

    async def connect() -> Client:
        if made:
            again.set()
            await asyncio.Event().wait()
        return await Client.connect(settings.engine.address, plugins=[plugin])

    async def refresh() -> None:
        return

    async with plugin.renewing():
        supervisor = Supervisor(settings, connect=connect, build=build, refresh=refresh, stop=stop)
        task = asyncio.create_task(supervisor.run())
        handle = await start(direct, settings, Load(pieces=3, seconds=2.0))
        await until(lambda: _count(STARTED, handle.id) == 3)
        # What Temporal does when a poll fails for good.
        shutdown = asyncio.create_task(made[0].worker.shutdown())
        made[0].failed.set_result(RuntimeError("no more polls"))
        await again.wait()
        stop.set()
        await task
        finished = _count(EFFECTS, handle.id)
        await shutdown
    async with running_daemon(settings):
        attempts = await handle.result()

    assert finished == 3
    assert attempts == [1] * 3


async def test_a_namespace_that_is_not_there_is_found_before_the_worker_is_announced(calm_twin: TwinServer) -> None:
    """The line names the setting, and KuFlow never hears of the worker."""
    settings = settings_for(calm_twin)
    elsewhere = settings.model_copy(update={"engine": settings.engine.model_copy(update={"namespace": "nowhere"})})
    before = counted(calm_twin, "registrations")

    with pytest.raises(ConfigurationError, match="no namespace nowhere: check KURUN_ENGINE_NAMESPACE"):
        await daemon.run(elsewhere, stop=asyncio.Event())

    assert counted(calm_twin, "registrations") == before


async def test_a_renewed_certificate_moves_workers_to_new_connections(tmp_path: Path) -> None:
    """At half of the certificate's life each worker gets a new client, and goes on working through it.

    Workers of one plugin share its certificates.
    """
    async with running_twin(tmp_path, certificate_life=6.0) as twin, AsyncExitStack() as stack:
        settings = settings_for(twin)
        plugin = KuFlowPlugin(settings)
        clients = [await Client.connect(settings.engine.address, plugins=[plugin]) for _ in range(2)]
        direct = await direct_client(twin)
        executor = stack.enter_context(ThreadPoolExecutor(4))
        workers = [
            Worker(
                client,
                task_queue=settings.worker.task_queue or "",
                workflows=[ThreadedWorkflow],
                activities=[threaded],
                activity_executor=executor,
                max_concurrent_activities=4,
            )
            for client in clients
        ]
        for worker in workers:
            await stack.enter_async_context(worker)
        await until(lambda: all(worker.client is not client for worker, client in zip(workers, clients, strict=True)))
        asked = counted(twin, "engine_certificates")
        result = await direct.execute_workflow(
            ThreadedWorkflow.run, id=f"threaded-{uuid4()}", task_queue=settings.worker.task_queue or ""
        )

    assert result.startswith("ThreadPoolExecutor")
    assert workers[0].client.service_client.config.tls == workers[1].client.service_client.config.tls
    assert workers[0].client.rpc_metadata["authorization"] == clients[0].rpc_metadata["authorization"]
    assert asked == 2
    assert refusals(twin) == {}


async def test_a_drain_lets_running_activities_finish(calm_twin: TwinServer) -> None:
    """Twenty activities in flight when the daemon is told to stop: each finishes, once, at its first attempt."""
    settings = settings_for(calm_twin)
    client = await direct_client(calm_twin)
    async with running_daemon(settings) as stop:
        handle = await start(client, settings, Load(pieces=20, seconds=0.7))
        await until(lambda: _count(STARTED, handle.id) == 20)
        stop.set()
    finished = _count(EFFECTS, handle.id)
    async with running_daemon(settings):
        attempts = await handle.result()

    assert finished == 20
    assert attempts == [1] * 20
    assert _count(EFFECTS, handle.id) == 20


async def test_what_does_not_finish_in_time_is_handed_back(calm_twin: TwinServer) -> None:
    """Activities that outlast the drain are cancelled and tried again elsewhere at once; each takes effect once."""
    settings = settings_for(calm_twin, drain_timeout=0.5)
    client = await direct_client(calm_twin)
    EVENTS.clear()
    async with running_daemon(settings) as stop:
        handle = await start(client, settings, Load(pieces=5, seconds=0.1, stuck=True))
        await until(lambda: _count(STARTED, handle.id) == 5)
        EVENTS.append("stop")
        stop.set()
    EVENTS.append("ended")
    async with running_daemon(settings_for(calm_twin, task_queue=settings.worker.task_queue)):
        attempts = await handle.result()

    assert [each.split()[0] for each in EVENTS] == ["stop", *["cancelled"] * 5, "ended"]
    assert attempts == [2] * 5
    assert _count(EFFECTS, handle.id) == 5


async def test_restarts_under_a_backlog_lose_no_task(calm_twin: TwinServer) -> None:
    """A worker that stops while tasks are on their way to it takes them along: none waits for its timeout."""
    settings = settings_for(calm_twin)
    client = await direct_client(calm_twin)
    handles = [await start(client, settings, Load(pieces=10, seconds=0.02, rounds=3)) for _ in range(10)]
    for _ in range(3):
        async with running_daemon(settings):
            done = sum(EFFECTS.values())
            await until(lambda done=done: sum(EFFECTS.values()) >= done + 10 or _all_done(handles))  # type: ignore[misc]
    async with running_daemon(settings):
        attempts = [each for handle in handles for each in await handle.result()]

    assert set(attempts) == {1}
    assert all(_count(EFFECTS, handle.id) == 30 for handle in handles)


def _all_done(handles: list[WorkflowHandle[LoadWorkflow, list[int]]]) -> bool:
    return all(_count(EFFECTS, handle.id) == 30 for handle in handles)


def _count(counter: dict[str, int], workflow_id: str) -> int:
    return sum(number for name, number in counter.items() if name.startswith(f"{workflow_id}/"))


async def test_a_wrong_secret_ends_the_start_as_a_configuration_error(calm_twin: TwinServer) -> None:
    """The line names the variables to look at, and not the secret."""
    settings = settings_for(calm_twin)
    wrong = settings.model_copy(
        update={"kuflow": settings.kuflow.model_copy(update={"client_id": "somebody"})},
    )

    with pytest.raises(ConfigurationError, match="KURUN_KUFLOW_CLIENT_ID, KURUN_KUFLOW_CLIENT_SECRET"):
        await daemon.run(wrong, stop=asyncio.Event())


async def test_an_engine_that_cannot_be_reached_ends_the_start(calm_twin: TwinServer) -> None:
    """After the connect timeout, and with its address."""
    settings = settings_for(calm_twin)
    unreachable = settings.engine.model_copy(
        update={"address": "localhost:9", "connect_timeout": settings.engine.connect_timeout / 10}
    )

    with pytest.raises(StartError, match=r"the engine cannot be reached at localhost:9 within 1 s: Connection refused"):
        await daemon.run(settings.model_copy(update={"engine": unreachable}), stop=asyncio.Event())


async def test_what_ends_without_a_signal_is_ended_in_time_too(calm_twin: TwinServer) -> None:
    """A start that fails, and then something that does not close: the process is not left without a worker for ever."""
    codes: queue.Queue[int] = queue.Queue()
    departure = Departure(0.9, end=codes.put)
    unreachable = impatient(settings_for(calm_twin), address="localhost:9")

    with pytest.raises(StartError):
        await daemon.run(unreachable, stop=asyncio.Event(), departure=departure)

    # What closes after it hangs: nobody says that the process has left.
    assert await asyncio.to_thread(codes.get, timeout=10) == 1
