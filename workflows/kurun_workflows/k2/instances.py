"""Waiting for the end of a K2 workflow instance by asking the K2 Services, ever more rarely."""

from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

from kurun_activities.k2 import names
from kurun_activities.k2.failure_types import GONE_OR_FORBIDDEN
from kurun_activities.k2.models import (
    K2FieldFlags,
    K2ServicesInstanceRetrieveRequest,
    K2ServicesInstanceRetrieveResponse,
)
from kurun_clients.k2.services.models import InstanceStatus, ProcessInstance
from kurun_workflows.calls import Calls
from kurun_workflows.k2.failures import failure_type, ran_out, reason
from kurun_workflows.k2.outcomes import K2ApprovalFailed

FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(minutes=5)
LAST_LOOK: Final = timedelta(seconds=15)
"""How long K2 may be read beyond a deadline, so that what came in time is not missed."""

ENDED: Final = frozenset(
    {InstanceStatus.COMPLETED, InstanceStatus.STOPPED, InstanceStatus.ERROR, InstanceStatus.DELETED}
)


async def ended_instance(calls: Calls, instance_id: int, deadline: datetime | None) -> ProcessInstance | None:
    """The instance with its data fields, once it has ended; ``None`` if the time ran out first.

    Raises:
        K2ApprovalFailed: The instance cannot be read.
    """
    pause = FIRST_PAUSE
    while (found := await _read(calls, instance_id, deadline)) is None or found.status not in ENDED:
        left = pause if deadline is None else deadline - workflow.now()
        if left <= timedelta(0):
            return None
        await workflow.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
    return found


def time_to_read(deadline: datetime | None) -> timedelta | None:
    """How long a call may take, with all its attempts, that reads what came before the deadline."""
    return None if deadline is None else max(deadline - workflow.now(), LAST_LOOK)


def data_fields_of(instance: ProcessInstance) -> dict[str, Any]:
    """Its data fields by name; these services know texts only."""
    return {field.name: field.value for field in instance.data_fields}


async def _read(calls: Calls, instance_id: int, deadline: datetime | None) -> ProcessInstance | None:
    request = K2ServicesInstanceRetrieveRequest(instance_id=instance_id, fields=K2FieldFlags(process_data=True))
    try:
        found = await calls.short(
            names.SERVICES_RETRIEVE_INSTANCE,
            request,
            K2ServicesInstanceRetrieveResponse,
            within=time_to_read(deadline),
        )
    except ActivityError as error:
        if ran_out(error):
            return None
        if failure_type(error) != GONE_OR_FORBIDDEN:
            raise
        raise K2ApprovalFailed(f"K2 workflow instance {instance_id} cannot be read: {reason(error)}") from error
    return found.process_instance
