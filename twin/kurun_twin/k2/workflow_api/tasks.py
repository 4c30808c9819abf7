"""The operations of tasks."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic_core import to_json
from starlette.responses import Response

from kurun_twin.k2.platform import LISTED, K2Platform, K2User, TaskState
from kurun_twin.k2.workflow_api import bodies, shapes
from kurun_twin.k2.workflow_api.answers import RequestProblem, done, json_answer, rendered
from kurun_twin.k2.workflow_api.routing import Call, Handler, Operation

_STATES = {each.casefold(): frozenset({each}) for each in TaskState} | {"all": frozenset(TaskState)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def find(call: Call) -> Response:
    """The caller's tasks."""
    return rendered(await call.k2.database.run(_list, call.k2, call.user, _wanted_states(call)))


async def retrieve(call: Call) -> Response:
    """One task with its fields."""
    task = await call.k2.database.run(call.k2.tasks.retrieve, call.user, call.path["serialNumber"])
    return json_answer(shapes.task_whole(task))


async def retrieve_actions(call: Call) -> Response:
    """What can be done with a task."""
    task = await call.k2.database.run(call.k2.tasks.retrieve, call.user, call.path["serialNumber"])
    return json_answer(shapes.actions(task))


async def redirect(call: Call) -> Response:
    """Give it to another account."""
    wanted = await bodies.read(call.request, bodies.RedirectBody, call.k2.options.max_body)
    tasks = call.k2.tasks
    await call.k2.database.run(tasks.redirect, call.user, call.path["serialNumber"], wanted.redirect_to)
    return done(call.k2.options)


async def sleep(call: Call) -> Response:
    """Hide it for a while."""
    wanted = await bodies.read(call.request, bodies.SleepBody, call.k2.options.max_body)
    until = _end_of_sleep(call.k2, wanted)
    await call.k2.database.run(call.k2.tasks.sleep, call.user, call.path["serialNumber"], until)
    return done(call.k2.options)


async def act(call: Call) -> Response:
    """Do it with one of the workflow's actions."""
    wanted = await bodies.read(call.request, bodies.UpdateFieldsBody, call.k2.options.max_body, required=False)
    serial, action = call.path["serialNumber"], call.path["customAction"]
    await call.k2.database.run(call.k2.tasks.act, call.user, serial, action, wanted.changes())
    return done(call.k2.options)


def _plain(change: Callable[[K2Platform], Callable[[sqlite3.Connection, K2User, str], object]]) -> Handler:
    """A change that takes no body."""

    async def handle(call: Call) -> Response:
        await call.k2.database.run(change(call.k2), call.user, call.path["serialNumber"])
        return done(call.k2.options)

    return handle


def _list(connection: sqlite3.Connection, k2: K2Platform, user: K2User, states: frozenset[TaskState]) -> bytes:
    # Written out here, in the database's thread: ten thousand tasks would hold up the event loop.
    tasks = [shapes.task_lite(each) for each in k2.tasks.list(connection, user, states=states)]
    return to_json({"itemCount": len(tasks), "tasks": tasks})


def _wanted_states(call: Call) -> frozenset[TaskState]:
    name = call.query("state")
    if not name:
        return LISTED
    states = _STATES.get(name.casefold())
    if states is None and call.k2.options.k2_unknown_filter_refused:
        raise RequestProblem(400, f"The state '{name}' is unknown.")
    return states or LISTED


def _end_of_sleep(k2: K2Platform, wanted: bodies.SleepBody) -> datetime | None:
    if wanted.sleep_until is not None:
        return bodies.moment(wanted.sleep_until)
    if wanted.sleep_for:
        return _EPOCH + timedelta(microseconds=k2.clock(), seconds=wanted.sleep_for)
    if not k2.options.k2_sleep_zero_is_forever:
        raise RequestProblem(400, "SleepFor must be greater than 0.")
    return None


_ONE = "/tasks/{serialNumber}"

OPERATIONS = [
    Operation("Tasks_Get", "GET", "/tasks", find),
    Operation("Tasks_GetTask", "GET", _ONE, retrieve),
    Operation("Tasks_GetTaskActions", "GET", f"{_ONE}/actions", retrieve_actions),
    Operation("Tasks_PostRedirectAction", "POST", f"{_ONE}/actions/redirect", redirect),
    Operation("Tasks_PostSleepAction", "POST", f"{_ONE}/actions/sleep", sleep),
    Operation("Tasks_PostReleaseAction", "POST", f"{_ONE}/actions/release", _plain(lambda k2: k2.tasks.release)),
    Operation("Tasks_PostWakeAction", "POST", f"{_ONE}/actions/wake", _plain(lambda k2: k2.tasks.wake)),
    Operation("Tasks_PostAssignAction", "POST", f"{_ONE}/actions/assign", _plain(lambda k2: k2.tasks.assign)),
    Operation("Tasks_TaskCustomAction", "POST", f"{_ONE}/actions/{{customAction}}", act),
]
"""The custom action comes last: the names before it are K2's own."""
