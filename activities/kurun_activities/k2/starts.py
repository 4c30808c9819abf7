"""Starting a workflow instance once, although activities are retried and K2 starts another one at every call."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from temporalio import activity

from kurun_activities import attempts
from kurun_activities.k2 import context
from kurun_activities.k2.failures import changed_nothing, interrupted, unknown_outcome
from kurun_activities.k2.folio import key_of, search_text
from kurun_clients.k2.services.criteria import Criteria, Filter
from kurun_clients.k2.services.criteria_words import Comparison, WorklistField
from kurun_clients.k2.services.models import ProcessInstance

PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (2, 4, 8, 15, 30))
"""Time between two looks: an instance is found by its first task, which K2 makes a while after the start."""

_LOOKS: Final = "looks"


async def started_once(
    keys: Mapping[str, str], start: Callable[[], Awaitable[Mapping[str, int]]]
) -> tuple[Mapping[str, int], bool]:
    """Start, and in a later attempt look for what an earlier one started.

    The first attempt starts at once. A later one does so too if the one before noted that K2 refused it. Any other
    looks for the keys in the folios of this account's tasks. Whether nothing was started or the tasks are not there
    yet cannot be told apart; so after a few looks the activity ends, and it never starts a second instance.

    Args:
        keys: Business keys that the folios carry, with the folios.
        start: Starts the instances; answers with their ids by key.

    Returns:
        The instances' ids by key, and whether an earlier attempt had started them.

    Raises:
        ApplicationError: ``K2.Interrupted``: not found yet. ``K2.UnknownOutcome``: not found in six looks.
    """
    with attempts.noted(changed_nothing) as earlier:
        if not earlier:
            return await start(), False
        found = await instances_with(set(keys))
        if found.keys() < keys.keys():
            raise _not_found(keys, found)
        return found, True


async def instances_with(keys: set[str]) -> dict[str, int]:
    """Ids of the workflow instances whose folios carry these keys, as far as this account's tasks show them."""
    clients = context.current()
    found: dict[str, int] = {}
    if clients.has_workflow:
        for task in (await clients.workflow.tasks.find(state=clients.settings.watch_state)).tasks:
            _note(found, keys, task.workflow_instance_folio, task.workflow_instance_id)
    if clients.has_services:
        for key in keys - found.keys():
            for instance in await _in_worklist(key):
                _note(found, keys, instance.folio, instance.id)
    return found


async def _in_worklist(key: str) -> list[ProcessInstance]:
    folio = Filter(field=WorklistField.PROCESS_FOLIO, comparison=Comparison.LIKE, value=f"%{search_text(key)}%")
    items = await context.current().services.worklist.find(Criteria(folio))
    return [item.process_instance for item in items if item.process_instance is not None]


def _note(found: dict[str, int], keys: set[str], folio: str | None, instance: int | None) -> None:
    key = key_of(folio)
    if key in keys and instance is not None:
        found[key] = min(instance, found.get(key, instance))


def _not_found(keys: Mapping[str, str], found: Mapping[str, int]) -> Exception:
    looks = _looks() + 1
    missing = sorted(keys.keys() - found.keys())
    said = f"the reply to the start was lost, and no task of this account carries its key {missing[0]}"
    if looks <= len(PAUSES):
        activity.heartbeat({_LOOKS: looks})
        return interrupted(f"{said} yet", delay=PAUSES[looks - 1])
    return unknown_outcome(f"{said}; {looks} looks", _seen(keys, found, missing))


def _seen(keys: Mapping[str, str], found: Mapping[str, int], missing: list[str]) -> dict[str, Any]:
    clients = context.current()
    places = {"tasks": clients.has_workflow, "worklist": clients.has_services}
    return {
        "businessKeys": missing,
        "folios": [keys[key] for key in missing],
        "found": dict(found),
        "lookedIn": [place for place, there in places.items() if there],
        "attempts": activity.info().attempt,
    }


def _looks() -> int:
    details = activity.info().heartbeat_details
    noted = details[0] if details else None
    looks = noted.get(_LOOKS) if isinstance(noted, dict) else None
    return looks if isinstance(looks, int) else 0
