"""Sending a JSON patch once, although activities are retried."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from kurun_activities import attempts
from kurun_activities.failures import unknown_outcome
from kurun_activities.patches import Unrepeatable, in_effect
from kurun_clients.kuflow.models import JsonPatchOperation, JsonValue

Result = TypeVar("Result")


async def patched(
    operations: Sequence[JsonPatchOperation],
    *,
    send: Callable[[], Awaitable[Result]],
    read: Callable[[], Awaitable[Result]],
    value: Callable[[Result], JsonValue | None],
) -> Result:
    """Patch, and in a repeated attempt first read whether an earlier one already did.

    If the data is as the patch leaves it, nothing is sent. If not, the patch is sent: an earlier attempt did not apply
    it, or someone has changed the data since. That reasoning holds for operations that change nothing when applied
    again (see :func:`~kurun_activities.patches.in_effect`). Of the others, such as an ``add`` at the end of a list,
    nobody can tell: then the activity ends with ``KuFlowActivities.UnknownOutcome`` instead of guessing.

    Args:
        operations: The patch.
        send: Sends it.
        read: Reads the resource.
        value: The patched value of the resource.

    Raises:
        ApplicationError: An unknown outcome.
    """
    with attempts.noted() as earlier:
        if earlier:
            found = await read()
            held = value(found)
            if _in_effect(operations, None if held is None else held.value):
                return found
        return await send()


def _in_effect(operations: Sequence[JsonPatchOperation], data: object) -> bool:
    try:
        return in_effect(operations, data)
    except Unrepeatable as operation:
        raise unknown_outcome(
            f"an earlier attempt may have applied the patch, and '{operation}' must not be applied twice: "
            "look at the data"
        ) from None
    except ValueError:
        return False  # KuFlow refuses a malformed pointer
