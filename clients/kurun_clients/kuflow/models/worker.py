"""Workers as KuFlow's catalogue knows them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from kurun_clients.kuflow.models.base import Audited, Name, Params, Resource


class WorkerCreateParams(Params):
    """Announce a worker; ``identity`` is the key under which a later call updates it."""

    identity: Name
    task_queue: Name
    workflow_types: list[Name] | None = None
    activity_types: list[Name] | None = None
    hostname: Name
    ip: Annotated[str, StringConstraints(min_length=7, max_length=40)]
    installation_id: UUID | None = None
    robot_ids: list[UUID] | None = None
    tenant_id: UUID | None = None


class Worker(Audited):
    """A registered worker."""

    id: UUID | None = None
    identity: str
    task_queue: str
    workflow_types: list[str] | None = None
    activity_types: list[str] | None = None
    hostname: str
    ip: str
    installation_id: UUID | None = None
    robot_ids: list[UUID] | None = None
    tenant_id: UUID | None = None


class WorkerRegistration(Resource):
    """The outcome of a registration.

    Attributes:
        worker: The worker as KuFlow keeps it.
        delay_window: When KuFlow wants to hear of it again (header ``x-kf-delay-window``); ``None`` if it did not say.
    """

    worker: Worker
    delay_window: timedelta | None = None
