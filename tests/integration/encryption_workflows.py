"""What the encryption tests run: a process that uses everything that carries payloads."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError

SECONDS = timedelta(seconds=20)
ONCE = RetryPolicy(maximum_attempts=1)
QUICK = RetryPolicy(initial_interval=timedelta(milliseconds=10))


@dataclass
class Account:
    """A type that is expected and not found."""

    iban: int


class Gate:
    """Holds the activity `patient` until the test has looked at its heartbeat."""

    def __init__(self) -> None:
        self.open = asyncio.Event()


GATE = Gate()


@activity.defn
async def patient(secret: str) -> list[Any]:
    """Beat, fail once, and return what the heartbeat of the first attempt said."""
    if activity.info().attempt == 1:
        activity.heartbeat(f"{secret} beat", {"at": secret})
        await GATE.open.wait()
        raise ApplicationError(f"{secret} message", {"detail": secret}, type="Once") from ValueError(f"{secret} cause")
    return list(activity.info().heartbeat_details)


@activity.defn
def in_a_thread(secret: str) -> str:
    """An activity that is not async."""
    activity.heartbeat(f"{secret} beat")
    return f"{secret} from a thread"


@activity.defn
async def nothing(_secret: str) -> None:
    """Return nothing."""


@activity.defn
async def raw(secret: str) -> bytes:
    """Return bytes."""
    return secret.encode()


@activity.defn
async def proto(secret: str) -> WorkflowExecution:
    """Return a protobuf message."""
    return WorkflowExecution(workflow_id=secret)


@activity.defn
async def failing(secret: str) -> None:
    """Fail for good."""
    raise ApplicationError(f"{secret} message", {"detail": secret}, type="Kind", non_retryable=True)


@activity.defn
async def misread(_account: Account) -> None:
    """Never called: the argument is of another type."""


@activity.defn
async def completed_elsewhere(_secret: str) -> str:
    """Completed through a client."""
    activity.raise_complete_async()


@activity.defn
async def echo(secret: str) -> str:
    """Return what it gets."""
    return secret


ACTIVITIES: list[Callable[..., Any]] = [
    patient,
    in_a_thread,
    nothing,
    raw,
    proto,
    failing,
    misread,
    completed_elsewhere,
    echo,
]


@workflow.defn
class ChildWorkflow:
    """Tells its parent something, then returns or fails."""

    @workflow.run
    async def run(self, secret: str, fails: bool) -> str:
        """Play."""
        info = workflow.info()
        if fails:
            raise ApplicationError(f"{secret} of the child", secret, type="ChildKind")
        assert info.parent is not None
        parent = workflow.get_external_workflow_handle(info.parent.workflow_id)
        await parent.signal("told", f"{secret} told by {workflow.memo_value('who')}")
        return f"{secret} from the child"


@workflow.defn
class EverythingWorkflow:
    """Uses everything that carries payloads, continues as new, and ends as it is told to."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._stage = "begun"
        self._over = False

    @workflow.signal
    def told(self, what: str) -> None:
        """Remember."""
        self._told.append(what)

    @workflow.signal
    def over(self, what: str) -> None:
        """Remember, and let the workflow end."""
        self._told.append(what)
        self._over = True

    @workflow.query
    def stage(self, who: str) -> dict[str, Any]:
        """What is known."""
        return {"who": who, "told": self._told, "stage": self._stage}

    @workflow.update
    async def change(self, what: str) -> str:
        """Change the stage."""
        self._stage = what
        return f"{what} was accepted"

    @workflow.run
    async def run(self, secret: str, again: bool) -> dict[str, Any]:
        """Play."""
        workflow.set_current_details(f"{secret} details for the web page")
        if again:
            return await self._last(secret)
        workflow.upsert_memo({"stage": f"{secret} memo"})
        done = await self._activities(secret)
        assert done["patient"] == [f"{secret} beat", {"at": secret}], done
        await workflow.sleep(0.01, summary=f"{secret} timer")
        await self._children(secret)
        await workflow.wait_condition(lambda: len(self._told) == 2)
        assert f"{secret}: ChildKind: {secret} of the child" in self._told, self._told
        return workflow.continue_as_new(args=[secret, True], memo={"run": f"{secret} second"})

    async def _activities(self, secret: str) -> dict[str, Any]:
        done: dict[str, Any] = {}
        for each in (patient, in_a_thread, nothing, raw, proto):
            done[each.__name__] = await workflow.execute_activity(
                each,
                secret,
                start_to_close_timeout=SECONDS,
                heartbeat_timeout=SECONDS,
                retry_policy=QUICK,
                summary=f"{secret} summary",
            )
        local = await workflow.execute_local_activity(raw, secret, start_to_close_timeout=SECONDS)
        assert (done["nothing"], done["raw"], local) == (None, secret.encode(), secret.encode())
        assert done["proto"].workflow_id == secret
        return done

    async def _children(self, secret: str) -> None:
        child = await workflow.start_child_workflow(
            ChildWorkflow.run, args=[secret, False], memo={"who": f"{secret} child"}, static_summary=f"{secret} title"
        )
        assert await child == f"{secret} from the child"
        try:
            await workflow.execute_child_workflow(ChildWorkflow.run, args=[secret, True], retry_policy=ONCE)
        except ChildWorkflowError as error:
            self._told.append(f"{secret}: {error.cause}")

    async def _last(self, secret: str) -> dict[str, Any]:
        for each in ("failing", "misread"):
            try:
                await workflow.execute_activity(each, secret, start_to_close_timeout=SECONDS, retry_policy=ONCE)
            except ActivityError as error:
                self._told.append(f"{secret}: {error.cause}")
        await workflow.wait_condition(lambda: self._over)
        if self._stage.endswith("fail"):
            await workflow.execute_activity(failing, secret, start_to_close_timeout=SECONDS)
        return {"secret": secret, "told": self._told, "memo": workflow.memo_value("run")}


@workflow.defn
class ShortWorkflow:
    """Returns what an activity returns."""

    @workflow.run
    async def run(self, secret: str) -> str:
        """Return."""
        return await workflow.execute_activity(echo, secret, start_to_close_timeout=SECONDS)


@workflow.defn
class ElsewhereWorkflow:
    """Waits for an activity that is completed through a client."""

    @workflow.run
    async def run(self, secret: str) -> str:
        """Wait."""
        result = await workflow.execute_activity(completed_elsewhere, secret, start_to_close_timeout=SECONDS)
        if result.endswith("break"):
            raise RuntimeError(f"{secret} in the code of the workflow")
        return result


WORKFLOWS = [EverythingWorkflow, ChildWorkflow, ShortWorkflow, ElsewhereWorkflow]
