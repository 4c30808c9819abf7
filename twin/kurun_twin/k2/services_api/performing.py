"""Carrying out an action on a task: the workflow's or the system's."""

import math
from dataclasses import dataclass, field
from datetime import timedelta
from sqlite3 import Connection

from kurun_twin.k2.platform import K2Platform, K2User
from kurun_twin.k2.services_api.actions import Delegate, Redirect, Sleep, Wake, WorkflowAction, read_action
from kurun_twin.k2.services_api.nodes import utc
from kurun_twin.k2.services_api.posts import PostedFields


@dataclass(frozen=True)
class Deed:
    """What is to be done with a task.

    Attributes:
        serial: The task's serial number.
        action: The action, as :func:`read_action` takes it.
        batch_only: Whether a workflow's action must be one that needs no form.
        fields: What to change with it; the system's actions change nothing.
    """

    serial: str
    action: str
    batch_only: bool
    fields: PostedFields = field(default_factory=PostedFields)


def perform(connection: Connection, k2: K2Platform, user: K2User, deed: Deed) -> None:
    """Carry out an action. A task that is delegated leaves the caller's list, as one that is redirected.

    Raises:
        K2Refusal: The task is not this user's, or the action is not possible.
        UnknownAction: The text names none.
        UnreadableDocument: The fields are none of this task.
    """
    tasks, serial = k2.tasks, deed.serial
    match read_action(deed.action):
        case WorkflowAction(name):
            instance = tasks.retrieve(connection, user, serial).instance
            changes = deed.fields.changes(k2.definitions.workflow_by_id(instance.workflow_id))
            tasks.act(connection, user, serial, name, changes, batch_only=deed.batch_only)
        case Redirect(fqn) | Delegate(fqn):
            tasks.redirect(connection, user, serial, fqn)
        case Sleep(seconds=None, until=until):
            tasks.sleep(connection, user, serial, until)
        case Sleep(seconds=math.inf):
            tasks.sleep(connection, user, serial, None)
        case Sleep(seconds=seconds):
            tasks.sleep(connection, user, serial, utc(k2.clock()) + timedelta(seconds=seconds or 0))
        case Wake():
            tasks.wake(connection, user, serial)
