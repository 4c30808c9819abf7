"""What a mirror mirrors: a task or a server event, read and ended by their own activities."""

from typing import Protocol

from kurun_activities.k2 import names
from kurun_activities.k2.models.server_events import (
    K2ServerEventFinishRequest,
    K2ServerEventFinishResponse,
    K2ServerEventRetrieveRequest,
    K2ServerEventRetrieveResponse,
)
from kurun_activities.k2.models.tasks import (
    K2TaskActRequest,
    K2TaskActResponse,
    K2TaskRetrieveRequest,
    K2TaskRetrieveResponse,
)
from kurun_activities.k2.watch_models import Kind, Mirrored
from kurun_workflows.calls import Calls
from kurun_workflows.k2.forms import Answer, MirrorForm


class Subject(Protocol):
    """Something in K2 that a person answers in KuFlow."""

    name: str
    """What to call it in messages."""

    async def read(self) -> MirrorForm | None:
        """As it is now; ``None`` if it is gone, or not for this account."""

    async def end(self, answer: Answer) -> None:
        """Do what the answer says.

        Raises:
            ActivityError: K2 did not do it, or nobody knows.
        """


class TaskSubject:
    """A task, ended by one of its actions."""

    def __init__(self, calls: Calls, mirrored: Mirrored) -> None:
        self.name = f"K2 task {mirrored.serial_number}"
        self._calls = calls
        self._mirrored = mirrored

    async def read(self) -> MirrorForm | None:
        """See :class:`Subject`."""
        request = K2TaskRetrieveRequest(serial_number=self._mirrored.serial_number)
        task = (await self._calls.short(names.RETRIEVE_TASK, request, K2TaskRetrieveResponse)).task
        return MirrorForm.of_task(task) if task else None

    async def end(self, answer: Answer) -> None:
        """See :class:`Subject`."""
        request = K2TaskActRequest(
            serial_number=self._mirrored.serial_number,
            action=answer.action or "",
            data_fields=answer.changes,
            marker_field=self._mirrored.marker_field,
        )
        await self._calls.short(names.ACT_ON_TASK, request, K2TaskActResponse)


class ServerEventSubject:
    """A server event, ended by finishing it."""

    def __init__(self, calls: Calls, mirrored: Mirrored) -> None:
        self.name = f"K2 server event {mirrored.serial_number}"
        self._calls = calls
        self._mirrored = mirrored

    async def read(self) -> MirrorForm | None:
        """See :class:`Subject`."""
        request = K2ServerEventRetrieveRequest(serial_number=self._mirrored.serial_number)
        response = await self._calls.short(names.RETRIEVE_SERVER_EVENT, request, K2ServerEventRetrieveResponse)
        return MirrorForm.of_server_event(response.server_event) if response.server_event else None

    async def end(self, answer: Answer) -> None:
        """See :class:`Subject`."""
        request = K2ServerEventFinishRequest(
            serial_number=self._mirrored.serial_number,
            data_fields=answer.changes,
            marker_field=self._mirrored.marker_field,
        )
        await self._calls.short(names.FINISH_SERVER_EVENT, request, K2ServerEventFinishResponse)


def subject_of(mirrored: Mirrored, calls: Calls) -> Subject:
    """What a mirror's metadata names."""
    return TaskSubject(calls, mirrored) if mirrored.kind is Kind.TASK else ServerEventSubject(calls, mirrored)
