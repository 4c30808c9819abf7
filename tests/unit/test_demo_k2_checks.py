"""What the demo finds wrong about an approval in K2."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kurun_clients.kuflow.models import ProcessItem
from kurun_examples.demo.applications import Application
from kurun_examples.demo.cases import Case
from kurun_examples.demo.figures import K2Event
from kurun_examples.demo.k2_checks import problems_in

PROCESS = UUID("0b54e1ac-96c5-4a7d-8d0c-3f62f6f0a3d1")

STARTED = K2Event(instance_id=1, what="started", detail={"folio": f"Loan of Ada [kuflow:{PROCESS}]"})
DECLINED = K2Event(instance_id=1, serial="1_1", what="acted", detail={"action": "Decline"})
REPORTED = K2Event(instance_id=1, serial="1_2", what="acted", detail={"action": "Acknowledge"})
COMPLETED = K2Event(instance_id=1, what="completed")
OF_ANOTHER = K2Event(instance_id=2, what="started", detail={"folio": "Loan of Bob [kuflow:b]"})

GOOD = [STARTED, OF_ANOTHER, DECLINED, REPORTED, COMPLETED]


def case() -> Case:
    """A loan that has to be rejected."""
    application = Application(2, "Ada", "ada@example.com", Decimal(40000), "EUR", 0, None, "REJECTED")
    return Case(application, PROCESS)


def item(decision: str = "REJECTED") -> ProcessItem:
    """The approval as KuFlow has it."""
    data = {"value": {"k2": {"instanceId": 1, "dataFields": {"Decision": decision}}}}
    members: dict[str, Any] = {"id": str(PROCESS), "type": "TASK", "processId": str(PROCESS)}
    return ProcessItem.model_validate({**members, "task": {"state": "COMPLETED", "data": data}})


def test_an_approval_that_went_well_has_no_problem() -> None:
    """One instance, each task acted on once, completed, and the decision in KuFlow; a loan without approval neither."""
    assert [] == problems_in(case(), [item()], GOOD)
    assert [] == problems_in(case(), [], [OF_ANOTHER])


@pytest.mark.parametrize(
    ("items", "history", "problem"),
    [
        ([item()], [STARTED, *GOOD], "2 K2 instances for 1 approvals"),
        ([item()], [OF_ANOTHER], "0 K2 instances for 1 approvals"),
        ([item()], [STARTED, DECLINED, DECLINED, REPORTED, COMPLETED], "found Decline on 1_1, Decline on 1_1, Ack"),
        ([item()], [STARTED, DECLINED, COMPLETED], "expected Decline and Acknowledge, found Decline on 1_1"),
        ([item()], [STARTED, DECLINED, REPORTED], "K2 instance 1 is not completed"),
        ([item("GRANTED")], GOOD, "K2's decision: expected REJECTED of instance 1, found (1, 'GRANTED')"),
    ],
)
def test_what_went_wrong_is_named(items: list[ProcessItem], history: list[K2Event], problem: str) -> None:
    """Anything done twice or not at all, and a decision that did not land."""
    [found] = problems_in(case(), items, history)

    assert problem in found
