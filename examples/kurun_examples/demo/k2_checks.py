"""Whether K2 was asked once for each approval, and each of its tasks acted on once: its own history is read."""

from collections.abc import Iterator, Sequence
from typing import Final

from kurun_activities.k2.folio import key_of
from kurun_clients.http import ApiError
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItem
from kurun_examples.demo.cases import Case
from kurun_examples.demo.figures import K2Event, K2Figures
from kurun_examples.demo.k2_people import ACTIONS
from kurun_examples.demo.people import APPROVAL, K2_APPROVAL

ACKNOWLEDGE: Final = "Acknowledge"


async def check_k2(cases: Sequence[Case], kuflow: KuFlowClient, history: Sequence[K2Event]) -> K2Figures:
    """Add to each case's problems whatever is not as it should be in K2, and count what happened there."""
    for case in cases:
        try:
            await _check(case, kuflow, history)
        except ApiError as error:
            case.problems.append(f"its approval could not be checked: {error}")
    acted = [event for event in history if event.what == "acted"]
    return K2Figures(
        instances=sum(event.what == "started" for event in history),
        completed=sum(event.what == "completed" for event in history),
        tasks=len({event.serial for event in acted}),
        actions=len(acted),
    )


async def _check(case: Case, kuflow: KuFlowClient, history: Sequence[K2Event]) -> None:
    codes = (APPROVAL, K2_APPROVAL)
    page = await kuflow.process_items.find(process_id=(case.process_id,), process_item_definition_code=codes)
    items = [await kuflow.process_items.retrieve(item.id) for item in page.content]
    case.problems += problems_in(case, items, history)


def problems_in(case: Case, items: Sequence[ProcessItem], history: Sequence[K2Event]) -> list[str]:
    """What is not as it should be.

    Args:
        case: The loan.
        items: Its approvals.
        history: What happened in K2, to this loan and others.
    """
    asked = [event.instance_id for event in history if event.what == "started" and _key(event) == str(case.process_id)]
    if len(items) > 1 or len(items) != len(asked):
        return [f"{len(asked)} K2 instances for {len(items)} approvals"]
    pairs = zip(asked, items, strict=True)
    return [each for instance, item in pairs for each in _problems_with(case, instance, item, history)]


def _problems_with(case: Case, instance: int, item: ProcessItem, history: Sequence[K2Event]) -> Iterator[str]:
    mine = [event for event in history if event.instance_id == instance]
    acted = [event for event in mine if event.what == "acted"]
    expected = [ACTIONS[case.application.outcome], ACKNOWLEDGE]
    if expected != [event.detail.get("action") for event in acted] or len({event.serial for event in acted}) != 2:
        chosen = ", ".join(f"{event.detail.get('action')} on {event.serial}" for event in acted)
        yield f"K2 instance {instance}: expected {' and '.join(expected)}, found {chosen or 'nothing'}"
    if [event.what for event in mine].count("completed") != 1:
        yield f"K2 instance {instance} is not completed"
    data = item.task.data.value if item.task and item.task.data else {}
    outcome = data.get("k2") or {}
    landed = outcome.get("instanceId"), (outcome.get("dataFields") or {}).get("Decision")
    if landed != (instance, case.application.outcome):
        yield f"K2's decision: expected {case.application.outcome} of instance {instance}, found {landed}"


def _key(event: K2Event) -> str | None:
    return key_of(str(event.detail.get("folio")))
