"""How requests were written before November 2024, when KuFlow changed its API under the same address."""

from collections.abc import Mapping

from pydantic_core import to_json

from kurun_clients.http import InvalidRequest
from kurun_clients.kuflow.models import (
    Params,
    ProcessCreateParams,
    ProcessItemCreateParams,
    ProcessItemTaskCreateParams,
    ProcessItemType,
)
from kurun_clients.kuflow.resources.bodies import body

_LACKED: Mapping[type[Params], tuple[str, ...]] = {
    ProcessCreateParams: ("process_definition_code", "tenant_id", "entity", "related_process_id"),
    ProcessItemCreateParams: ("process_item_thread_id",),
    ProcessItemTaskCreateParams: ("context_data",),
}


def seed_process(params: ProcessCreateParams) -> bytes:
    """The body that starts a process.

    Raises:
        InvalidRequest: The older shape cannot say it.
    """
    _refuse_what_is_lacked(params)
    if params.process_definition_id is None:
        raise InvalidRequest("the older shape of the API starts a process by process_definition_id only")
    return body(params)


def seed_process_item(params: ProcessItemCreateParams) -> bytes:
    """The body that creates an item: the definition's code stands inside the task.

    Raises:
        InvalidRequest: The older shape cannot say it.
    """
    _refuse_what_is_lacked(params)
    body(params)  # refuses what JSON cannot express
    written = params.to_wire()
    code = written.pop("processItemDefinitionCode", None)
    if params.type is ProcessItemType.TASK:
        if code is None:
            raise InvalidRequest("the older shape of the API creates a task by process_item_definition_code only")
        if params.task is not None:
            _refuse_what_is_lacked(params.task)
        written["task"] = {"taskDefinitionCode": code, **written.get("task", {})}
    elif params.type is not ProcessItemType.MESSAGE or code is not None:
        raise InvalidRequest("the older shape of the API creates tasks and messages, and only tasks by a definition")
    return to_json(written)


def _refuse_what_is_lacked(params: Params) -> None:
    if lacked := [name for name in _LACKED[type(params)] if getattr(params, name) is not None]:
        raise InvalidRequest(f"the older shape of the API has no {', '.join(lacked)} in {type(params).__name__}")
