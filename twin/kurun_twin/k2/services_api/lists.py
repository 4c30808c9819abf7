"""Lists of tasks, filtered and sorted."""

from sqlite3 import Connection

from kurun_twin.k2.platform import LISTED, K2Platform, K2User, TaskRecord, TaskState
from kurun_twin.k2.platform.refusals import not_permitted
from kurun_twin.k2.services_api.criteria import Criteria
from kurun_twin.k2.services_api.worklist_fields import STATUS, read_field

_EVERY_STATE = frozenset(TaskState)


def listed(connection: Connection, k2: K2Platform, user: K2User, criteria: Criteria) -> list[TaskRecord]:
    """The tasks of the caller, or of somebody whose manager the caller is, that are wanted, in order.

    Sleeping ones are among them only if a filter asks for the status.

    Raises:
        K2Refusal: The list is another's.
    """
    owner = user
    if criteria.managed_user is not None:
        managed = k2.users.by_fqn(criteria.managed_user)
        if managed is None or managed.manager.casefold() != user.fqn.casefold():
            raise not_permitted(f"{user.fqn} does not manage {criteria.managed_user[:255]}")
        owner = managed
    states = _EVERY_STATE if STATUS in criteria.fields else LISTED
    wanted = criteria.select(k2.tasks.list(connection, owner, states=states), read_field)
    return wanted[: k2.options.k2_services_max_items or None]
