"""The approver of the demo who works in K2, through its Workflow REST API. Needs K2's libraries."""

import asyncio
from typing import Any, Final
from uuid import UUID

from kurun_activities.k2.folio import key_of
from kurun_clients.http import ApiError
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2.fields import FieldChanges
from kurun_clients.k2.workflow_api.client import WorkflowClient
from kurun_clients.k2.workflow_api.models import TaskSummary
from kurun_examples.demo.cases import Case, Cases
from kurun_examples.demo.people import COMMENT

WORKFLOW: Final = "Loans\\Approval"
ACTIONS: Final = {"GRANTED": "Approve", "REJECTED": "Decline"}

_LOOK_EVERY: Final = 0.25


class K2Approver:
    """Someone with an account of K2, who decides about loans there.

    Args:
        k2: What ``kurun dev`` says of K2.
        cases: The loans.
    """

    def __init__(self, k2: dict[str, Any], cases: Cases) -> None:
        self._k2 = k2
        self._cases = cases

    async def work(self) -> None:
        """Look for tasks and do them, until cancelled."""
        me = next(user for user in self._k2["users"] if user["name"] != self._k2["user"])
        auth = BasicAuth(me["name"], me["password"])
        taken: set[str] = set()
        async with WorkflowClient(self._k2["endpoint"], auth=auth) as k2, asyncio.TaskGroup() as tasks:
            while True:
                for task in await _open_tasks(k2):
                    case = self._case(task)
                    if case is not None and task.serial_number not in taken:
                        taken.add(task.serial_number)
                        tasks.create_task(self._decide(k2, case, task))
                await asyncio.sleep(_LOOK_EVERY)

    def _case(self, task: TaskSummary) -> Case | None:
        key = key_of(task.workflow_instance_folio)
        return self._cases.of_process(UUID(key)) if key else None

    async def _decide(self, k2: WorkflowClient, case: Case, task: TaskSummary) -> None:
        action = ACTIONS[case.application.outcome]
        try:
            await k2.tasks.act(task.serial_number, action, FieldChanges(data_fields={"Comment": COMMENT}))
        except ApiError as error:
            case.problems.append(f"the approver could not act on {task.serial_number} in K2: {error}")
        else:
            self._cases.report(case, f"the approver chooses {action} in K2")


async def _open_tasks(k2: WorkflowClient) -> tuple[TaskSummary, ...]:
    try:
        return (await k2.tasks.find()).tasks
    except ApiError:
        return ()  # looked for again soon
