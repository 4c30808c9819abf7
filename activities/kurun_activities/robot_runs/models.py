"""Requests and responses of the activities that run robots; safe to import in a workflow."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from kurun_activities.models.base import ActivityRequest, ActivityResponse


class RobotRunRequest(ActivityRequest):
    """Run an operation of a robot.

    Attributes:
        process_id: Process that it works for; its documents go there.
        process_item_id: Task that it works for; its output goes into the task's log.
        robot_id: The robot.
        operation: Name of the operation, as the package's manifest has it.
        timeout: Longest run: seconds, or ISO 8601. The worker's own limit holds as well.
    """

    process_id: UUID
    process_item_id: UUID | None = None
    robot_id: UUID
    operation: Annotated[str, Field(min_length=1)]
    timeout: Annotated[timedelta, Field(gt=timedelta(0))] | None = None


class RobotDocument(ActivityResponse):
    """A file of the output folder, as a document of the process; unlinked, KuFlow deletes it after 24 hours.

    Attributes:
        path: Where it lay in the output folder.
        document_uri: Its address.
        reference: The ``kuflow-file:`` reference that data may hold.
        size: Bytes.
    """

    path: str
    document_uri: str
    reference: str
    size: int


class RobotOutcome(ActivityResponse):
    """What became of a run.

    Attributes:
        exit_code: Of the operation's command; below zero the number of the signal that ended it.
        duration: Seconds until it ended.
        ended_by: Which limit it was ended for, if it did not end by itself.
        last_lines: The end of its output, without secrets.
    """

    exit_code: int
    duration: float
    ended_by: str | None = None
    last_lines: tuple[str, ...] = ()


class RobotRunResponse(RobotOutcome):
    """A run that succeeded.

    Attributes:
        documents: What it left in the output folder.
        more_documents: How many more it left than the workflow's history has room for; the process has them all.
        complete_task: The worker's settings want the task completed now.
    """

    documents: tuple[RobotDocument, ...] = ()
    more_documents: int | None = None
    complete_task: bool = False


class ExecuteRobotRequest(ActivityRequest):
    """Run suites of Robot Framework.

    Attributes:
        tests: File or folder of tests, relative to the worker's folder of suites.
        variables: ``NAME:VALUE``; they win over a ``variable`` among the options.
        options: Options by the names that ``robot.run`` gives them; only those that
            :mod:`kurun_robots.framework.options` lists.
    """

    tests: Annotated[str, Field(min_length=1)]
    variables: list[str] | None = None
    options: dict[str, Any] | None = None


class ExecuteRobotOutcome(RobotOutcome):
    """What became of a run of Robot Framework.

    Attributes:
        passed: Tests that passed; absent where the results could not be read.
        failed: Tests that failed.
        skipped: Tests that were skipped.
    """

    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None


class ExecuteRobotResponse(ExecuteRobotOutcome):
    """A run that succeeded. KuFlow's own activity answers with nothing."""
