"""Robots run by a worker for a task, from KuFlow's start of the workflow to the completed task."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetStickyTaskQueueRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from kurun_activities.robot_runs.failure_types import LIMIT_EXCEEDED, PACKAGE_INVALID, RUN_FAILED
from kurun_worker.cli.robot.by_hand import Order, run_by_hand
from kurun_workflows.robots import WorkflowRobotResponse
from tests.integration.conftest import Connect, TwinFactory
from tests.integration.robot_runs import command_lines, open_folder
from tests.integration.robot_stage import ROBOTS, RobotStage, robot_stage, variables_of, working
from tests.integration.worker_host import counted
from tests.processes import kurun
from tests.waiting import until


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that robots may get into."""
    yield from open_folder()


@pytest.fixture(scope="module")
async def stage(twin_factory: TwinFactory, connect: Connect, folder: Path) -> AsyncIterator[RobotStage]:
    """A twin with robots."""
    async with robot_stage(twin_factory, connect, folder) as started:
        yield started


async def failure_of(result: Awaitable[object]) -> ApplicationError:
    """The failure of the activity that a workflow failed with."""
    with pytest.raises(WorkflowFailureError) as caught:
        await result
    assert isinstance(caught.value.cause, ActivityError)
    assert isinstance(caught.value.cause.cause, ApplicationError)
    return caught.value.cause.cause


async def test_a_robot_works_for_a_task_and_the_task_is_completed(stage: RobotStage) -> None:
    """Its output is in the task's log by level, its password is not; what it left is a document of the process."""
    task = await stage.task()
    async with working(stage.with_robots(complete_task=True)) as client:
        handle = await stage.start(client, "GREETER", "Do it", task)
        answer = await handle.result()
    logged = await stage.logged(task.id)
    after = (await stage.kuflow.process_items.retrieve(task.id)).task
    history = (await handle.fetch_history()).to_json()

    assert "Do it: succeeded, 1 document" == answer.message
    assert after is not None
    assert "COMPLETED" == after.state
    assert ("INFO", "Robot GREETER: 'Do it' begins") == logged[0]
    assert ("WARN", "WARNING mind the step") in logged
    assert ("INFO", "the password is **********") in logged
    assert logged[-1][1].endswith(
        "; documents: reports/variables.json; left out (links, pipes, files of others): passwd"
    )
    assert "open-sesame-42" not in history
    assert stage.left() == []


async def test_a_robot_gets_the_documented_variables_and_a_token_only_where_it_is_shared(stage: RobotStage) -> None:
    """The worker's credentials stay with the worker, unless its settings share them; then a file has them too."""
    tasks, variables = {}, {}
    for shared in (False, True):
        task = tasks[shared] = await stage.task()
        async with working(stage.with_robots(share_credentials=shared)) as client:
            handle = await stage.start(client, "GREETER", "Do it", task)
            await handle.result()
            [uri] = await uploaded(handle)
        async with stage.kuflow.processes.download_document(task.process_id, uri) as download:
            variables[shared] = json.loads(b"".join([piece async for piece in download.chunks]))
    task, alone, given = tasks[True], variables[False], variables[True]

    assert str(task.id) == given["KUFLOW_TASK_ID"]
    assert str(task.process_id) == given["KUFLOW_PROCESS_ID"]
    assert str(await stage.robot_id("GREETER")) == given["KUFLOW_ROBOT_ID"]
    assert "Do it" == given["KUFLOW_ROBOT_OPERATION"]
    assert stage.twin.info["kuflow"]["endpoint"] == given["KUFLOW_API_ENDPOINT"].rstrip("/")
    assert stage.twin.info["kuflow"]["tenant_id"] == given["KUFLOW_TENANT_ID"]
    assert given["PWD"] == given["KUFLOW_ROBOT_HOME_PATH"]
    assert int(given["KUFLOW_API_TOKEN_EXPIRE_ON"]) > 1_700_000_000_000
    assert given["KUFLOW_API_TOKEN_FILE"].endswith("api-token")
    assert not [name for name in alone if name.startswith("KUFLOW_API_TOKEN")]
    assert not [name for name in alone if name.startswith(("KURUN_", "TEMPORAL_")) and name != "KURUN_RUN"]


async def uploaded(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """Uris of the documents in the result of the activity of a workflow."""
    history = await handle.fetch_history()
    for event in history.events:
        if event.HasField("activity_task_completed_event_attributes"):
            [payload] = event.activity_task_completed_event_attributes.result.payloads
            if "documents" in (result := json.loads(payload.data)):
                return [each["documentUri"] for each in result["documents"]]
    return []


async def test_a_robot_that_fails_is_not_repeated(stage: RobotStage) -> None:
    """The data is wrong: the workflow fails with exit code and last lines, and the log says it as an error."""
    task = await stage.task()
    async with working(stage.settings) as client:
        failure = await failure_of((await stage.start(client, "FAILING", "Do it", task)).result())
    logged = await stage.logged(task.id)

    assert RUN_FAILED == failure.type
    assert 3 == failure.details[0]["exitCode"]
    assert "ERROR no such invoice" == failure.details[0]["lastLines"][-1]
    assert ("ERROR", "ERROR no such invoice") in logged
    assert "ERROR" == logged[-1][0]
    assert logged[-1][1].startswith("Robot FAILING: 'Do it' ended after ")
    assert logged[-1][1].endswith("with exit code 3")
    assert stage.left() == []


async def test_an_operation_that_the_package_does_not_have_is_said(stage: RobotStage) -> None:
    """It is said with those that it has, and not tried again."""
    task = await stage.task()
    async with working(stage.settings) as client:
        failure = await failure_of((await stage.start(client, "FAILING", "Do that", task)).result())

    assert PACKAGE_INVALID == failure.type
    assert "no operation 'Do that'; it has 'Do it'" in failure.message


async def test_a_cancelled_workflow_ends_the_robot(stage: RobotStage) -> None:
    """When the workflow is over, nothing of the robot runs or lies on the disk any more; the log says why."""
    task = await stage.task()
    async with working(stage.settings) as client:
        handle = await stage.start(client, "ENDLESS", "Do it", task)
        await stage.until_logged(task.id, "running for ever")
        running = robots_of(stage)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            async with asyncio.timeout(60):
                await handle.result()
    after = robots_of(stage)

    assert isinstance(caught.value.cause, CancelledError | ActivityError)
    assert running
    assert after == []
    assert stage.left() == []
    assert ("WARN", "Robot ENDLESS: 'Do it' was cancelled, and ended") == (await stage.logged(task.id))[-1]


async def test_a_robot_whose_worker_is_stopped_is_not_called_cancelled(stage: RobotStage) -> None:
    """It is ended and runs anew elsewhere; its log says so. What Python printed was there at once."""
    task = await stage.task()
    async with working(stage.settings) as client:
        handle = await stage.start(client, "ENDLESS", "Do it", task)
        await stage.until_logged(task.id, "running for ever")
    logged = await stage.logged(task.id)
    await handle.terminate()

    assert ("WARN", "Robot ENDLESS: 'Do it' was ended: the worker is being stopped; it runs anew") == logged[-1]
    assert robots_of(stage) == stage.left() == []


async def test_a_robot_that_takes_too_long_is_ended(stage: RobotStage) -> None:
    """The limit is named, and it is not tried again."""
    task = await stage.task()
    async with working(stage.with_robots(timeout=timedelta(seconds=1))) as client:
        failure = await failure_of((await stage.start(client, "ENDLESS", "Do it", task)).result())

    assert LIMIT_EXCEEDED == failure.type
    assert failure.message.endswith(" s: it took longer than 1 s (robots.timeout)")
    assert "timeout" == failure.details[0]["endedBy"]


async def test_the_worker_registers_the_robots_that_are_ready(stage: RobotStage) -> None:
    """Those of the settings come first, then those that KuFlow lists; one that is not ready is not among them."""
    given = uuid4()
    worker = stage.settings.worker.model_copy(update={"robot_ids": (given,), "identity": "with-robots"})
    async with working(stage.settings.model_copy(update={"worker": worker})):
        async with asyncio.timeout(10):
            while not (found := [each for each in await registered(stage) if each["identity"] == "with-robots"]):
                await asyncio.sleep(0.05)
    ready = {str(await stage.robot_id(code)) for code in ROBOTS if code != "UNREADY"}

    assert str(given) == found[0]["robotIds"][0]
    assert ready == set(found[0]["robotIds"][1:])
    assert "KuBotWorkflow" in found[0]["workflowTypes"]
    assert "KuFlow_Robot_runRobot" in found[0]["activityTypes"]


async def test_a_worker_clears_away_what_killed_ones_left(stage: RobotStage) -> None:
    """Soon after its start, without any robot being run."""
    left = stage.home / "runs" / "left"
    left.mkdir(parents=True)
    async with working(stage.settings):
        await until(lambda: not left.exists(), seconds=10)


async def registered(stage: RobotStage) -> list[dict[str, Any]]:
    """The workers that the twin knows."""
    workers: list[dict[str, Any]] = await stage.twin.platform.database.run(stage.twin.platform.workers.all)
    return workers


async def test_the_robot_of_a_killed_worker_ends_and_another_worker_runs_it_anew(
    stage: RobotStage, tmp_path: Path
) -> None:
    """The log says that it began anew, and nothing of the first run is left, neither running nor on the disk."""
    (stage.home / "marks").mkdir(parents=True)
    (stage.home / "marks").chmod(0o777)
    task = await stage.task()
    async with kurun("run", log=tmp_path / "log", environment=variables_of(stage.settings)) as first:
        client = await Client.connect(stage.twin.info["engine"]["direct_address"])
        handle = await stage.start(client, "STALLED_ONCE", "Do it", task)
        await stage.until_logged(task.id, "stalled")
        before = robots_of(stage)
        await first.stop(signal.SIGKILL)
        async with asyncio.timeout(10):
            while robots_of(stage):
                await asyncio.sleep(0.1)
        await forget_worker(client, handle.id)
    async with working(stage.settings) as other, asyncio.timeout(60):
        answer = await other.get_workflow_handle(handle.id, result_type=WorkflowRobotResponse).result()
    logged = await stage.logged(task.id)

    assert before
    assert "Do it: succeeded" == answer.message
    assert "WARN" == next(level for level, text in logged if "begins anew, attempt 2" in text)
    assert ("INFO", "done") in logged
    assert stage.left() == []


async def forget_worker(client: Client, workflow_id: str) -> None:
    """Let the engine hand a workflow to any worker at once, instead of ten seconds to the one that had it before."""
    request = ResetStickyTaskQueueRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    await client.workflow_service.reset_sticky_task_queue(request)


async def test_a_robot_run_by_hand_may_work_for_a_task(stage: RobotStage, folder: Path) -> None:
    """Its output is in the task's log, its files become documents."""
    task = await stage.task()
    order = Order(folder / "greeter", "Do it", task_id=task.id, variables={"GREETING_PASSWORD": "very-secret"})
    before = counted(stage.twin, "documents")
    await run_by_hand(order, stage.settings)
    logged = await stage.logged(task.id)

    assert ("INFO", "'Do it' is run by hand") == logged[0]
    assert ("INFO", "the password is **********") in logged
    assert logged[-1][1].startswith("'Do it' succeeded after ")
    assert before + 1 == counted(stage.twin, "documents")


def robots_of(stage: RobotStage) -> list[str]:
    """Command lines of robots that run on the stage."""
    return [line for pid, line in command_lines() if "main.py" in line and runs_in(pid, stage.home)]


def runs_in(pid: int, folder: Path) -> bool:
    """Whether a process works below a folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder)
    except OSError:
        return False
