"""Suites of Robot Framework run by a worker for a workflow that calls the activity as KuFlow's SDKs do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from kurun_activities.robot_runs.failure_types import PACKAGE_INVALID, RUN_FAILED
from kurun_config import Settings
from kurun_worker.plugin import KuFlowPlugin
from tests.integration.conftest import Connect, TwinFactory
from tests.integration.robot_runs import command_lines, open_folder
from tests.integration.robot_stage import RobotStage, robot_stage
from tests.integration.test_robot_workflow import runs_in
from tests.robot_framework_python import framework_python
from tests.waiting import until

SECRET = "kept-by-the-worker-alone"
SUITES = {
    "good.robot": """
*** Settings ***
Library    OperatingSystem

*** Variables ***
${WHO}    nobody

*** Test Cases ***
Greets
    [Tags]    quick
    Log To Console    hello ${WHO} from ${COLOUR}
    Create File    ${EXECDIR}/left-behind.txt    here
    Should Be Equal    ${WHO}    the world

Is Left Out
    [Tags]    slow
    Fail
""",
    "failing.robot": """
*** Test Cases ***
Fails First
    Fail    the invoice has no number

Fails Second
    Fail    the sum is wrong

Passes
    No Operation

Skipped
    Skip    not today
""",
    "long.robot": """
*** Test Cases ***
Takes Its Time
    Sleep    2s
""",
    "endless.robot": """
*** Test Cases ***
Never Ends
    Sleep    600s
""",
    "leaves.robot": """
*** Test Cases ***
Ends Python
    Evaluate    os._exit(0)    modules=os
""",
    "curious.robot": """
*** Settings ***
Library    Curious.py

*** Test Cases ***
Finds Nothing
    ${found}    Look Around
    Should Be Empty    ${found}
    Log To Console    looked around
""",
    "Curious.py": f"""
import os, pathlib

WANTED = "{SECRET[::-1]}"[::-1].encode()

def look_around():
    places = [("own", repr(dict(os.environ)).encode())]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                places.append((f"{{process}}/{{name}}", (process / name).read_bytes()))
            except OSError:
                pass
    return [name for name, content in places if WANTED in content or b"KURUN_KUFLOW" in content]
""",
}


@workflow.defn(sandboxed=False)
class SuiteWorkflow:
    """Runs suites as a workflow of KuFlow's SDKs does, once."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> Any:
        """Call the activity by its published name."""
        return await workflow.execute_activity(
            "KuFlow_RobotFramework_ExecuteRobot",
            request,
            start_to_close_timeout=timedelta(minutes=1),
            heartbeat_timeout=timedelta(seconds=1),
            retry_policy=RetryPolicy(maximum_attempts=1),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where everything of this module lies."""
    yield from open_folder()


@pytest.fixture(scope="module")
async def stage(twin_factory: TwinFactory, connect: Connect, folder: Path) -> AsyncIterator[RobotStage]:
    """A twin, a folder of suites, and a Python with Robot Framework that the robots' user can start."""
    suites = folder / "suites"
    suites.mkdir()
    for name, text in SUITES.items():
        (suites / name).write_text(text)
    (suites / "outside.robot").symlink_to("/etc/passwd")
    async with robot_stage(twin_factory, connect, folder, {}) as made:
        made.settings = made.with_robots(framework_path=suites, framework_python=framework_python(folder / "python"))
        yield made


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Client]:
    """A worker with the workflow and these settings."""
    client = await Client.connect(settings.engine.address or "", plugins=[KuFlowPlugin(settings)])
    async with Worker(client, task_queue=settings.worker.task_queue or "", workflows=[SuiteWorkflow]):
        yield client


@pytest.fixture(scope="module")
async def client(stage: RobotStage) -> AsyncIterator[Client]:
    """A worker that serves all tests that need no other settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KURUN_KUFLOW_CLIENT_SECRET", SECRET)
        async with working(stage.settings) as served:
            yield served


async def start(client: Client, stage: RobotStage, tests: str, **request: Any) -> WorkflowHandle[Any, Any]:
    """Start the workflow."""
    queue = stage.settings.worker.task_queue or ""
    return await client.start_workflow(
        "SuiteWorkflow", {"tests": tests, **request}, id=f"suite-{uuid4()}", task_queue=queue
    )


async def execute(client: Client, stage: RobotStage, tests: str, **request: Any) -> Any:
    """The activity's answer."""
    return await (await start(client, stage, tests, **request)).result()


async def failure_of(call: Any) -> ApplicationError:
    """Why the activity failed."""
    with pytest.raises(WorkflowFailureError) as caught:
        await call
    cause = caught.value.cause.__cause__
    assert isinstance(cause, ApplicationError)
    return cause


async def test_a_suite_runs_with_variables_and_options(client: Client, stage: RobotStage) -> None:
    """Variables win over those of the options; what it wrote is gone afterwards, and values are not in its output."""
    answer = await execute(
        client,
        stage,
        "good.robot",
        variables=["WHO:the world", "COLOUR:deep-blue"],
        options={"variable": ["WHO:somebody"], "include": "quick", "name": "Good One"},
    )

    assert (1, 0, 0) == (answer["passed"], answer["failed"], answer["skipped"])
    assert 0 == answer["exitCode"]
    assert "hello ********** from **********" in "\n".join(answer["lastLines"])
    assert stage.left() == []


async def test_failed_tests_end_the_activity_with_their_number(client: Client, stage: RobotStage) -> None:
    """The data is wrong: it is not tried again, and counts and last lines are in the failure."""
    failure = await failure_of(execute(client, stage, "failing.robot"))
    detail = failure.details[0]

    assert (RUN_FAILED, True) == (failure.type, failure.non_retryable)
    assert "tests failed: 2 of 4" == failure.message
    assert (1, 2, 1) == (detail["passed"], detail["failed"], detail["skipped"])
    assert 2 == detail["exitCode"]
    assert "the sum is wrong" in "\n".join(detail["lastLines"])


async def test_the_activity_beats_while_a_suite_takes_long(client: Client, stage: RobotStage) -> None:
    """The suite takes twice as long as the engine waits for a sign of life."""
    answer = await execute(client, stage, "long.robot")

    assert 1 == answer["passed"]
    assert 2 <= answer["duration"]


async def test_a_cancelled_workflow_ends_the_suite(client: Client, stage: RobotStage) -> None:
    """When the workflow is over, nothing of it runs or lies on the disk any more."""
    handle = await start(client, stage, "endless.robot")
    await until(lambda: running(stage))
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        async with asyncio.timeout(20):
            await handle.result()

    assert running(stage) == []
    assert stage.left() == []


async def test_a_suite_finds_nothing_of_the_worker(client: Client, stage: RobotStage) -> None:
    """Neither in its own environment nor in that of any process that it can see."""
    answer = await execute(client, stage, "curious.robot")

    assert 1 == answer["passed"]
    assert "looked around" in "\n".join(answer["lastLines"])


async def test_a_suite_that_ends_python_has_not_succeeded(client: Client, stage: RobotStage) -> None:
    """Exit code 0 without results is no success."""
    failure = await failure_of(execute(client, stage, "leaves.robot"))

    assert RUN_FAILED == failure.type
    assert "Robot Framework ended with exit code 0 before its results were written" == failure.message


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"tests": "../definitions.yaml"}, "leads out of the folder of suites"),
        ({"tests": "/etc/passwd"}, "leads out of the folder of suites"),
        ({"tests": "outside.robot"}, "leads out of the folder of suites"),
        ({"tests": "missing.robot"}, "there is no 'missing.robot'"),
        ({"tests": "good.robot", "options": {"listener": "Curious.py"}}, "'listener' is none"),
        ({"tests": "good.robot", "options": {"pythonpath": "../.."}}, "leads out of the folder of suites"),
        ({"tests": "good.robot", "options": {"test": "--argumentfile=x"}}, "contains no tests matching name"),
    ],
)
async def test_what_may_not_be_run_is_said(
    client: Client, stage: RobotStage, request_: dict[str, Any], said: str
) -> None:
    """Nothing outside of the folder is run, no foreign code is loaded, and no value becomes an option."""
    failure = await failure_of(execute(client, stage, **request_))

    assert (PACKAGE_INVALID, True) == (failure.type, failure.non_retryable)
    assert said in failure.message


def running(stage: RobotStage) -> list[str]:
    """Command lines of suites that run on the stage."""
    return [line for pid, line in command_lines() if "order.json" in line and runs_in(pid, stage.home)]
