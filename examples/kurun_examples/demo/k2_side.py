"""K2's part in the demo. Needs K2's libraries, so that a demo without K2 does not load it."""

from collections.abc import Sequence
from typing import Any

from kurun_clients.kuflow import KuFlowClient
from kurun_examples.demo.cases import Case, Cases
from kurun_examples.demo.figures import K2Event, K2Figures
from kurun_examples.demo.k2_checks import check_k2
from kurun_examples.demo.k2_people import WORKFLOW, K2Approver


class K2Side:
    """Where loans above the limit are decided.

    Args:
        k2: What ``kurun dev`` says of K2.

    Attributes:
        workflow_id: The workflow that a process is told to ask.
    """

    def __init__(self, k2: dict[str, Any]) -> None:
        self._k2 = k2
        self.workflow_id = next(int(each["id"]) for each in k2["workflows"] if each["name"] == WORKFLOW)

    def approver(self, cases: Cases) -> K2Approver:
        """Who decides."""
        return K2Approver(self._k2, cases)

    async def check(self, cases: Sequence[Case], kuflow: KuFlowClient, history: Sequence[K2Event]) -> K2Figures:
        """See :func:`check_k2`."""
        return await check_k2(cases, kuflow, history)
