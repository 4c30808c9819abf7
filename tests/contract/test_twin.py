"""The twin answers as KuFlow's document says, whatever it is asked."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.document import document_or_skip, operations
from tests.contract.drive import Size, drive
from tests.contract.run import report
from tests.contract.stage import open_stage

SMALL = Size(examples=2, scenarios=4, steps=25)


@pytest.mark.timeout(300)
def test_twin_keeps_the_contract(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Requests right and wrong, alone and in chains, are answered as the document says and never with a 5xx."""
    document = copy.deepcopy(document_or_skip())
    expected = set(operations(document)) | {"deleteProcess"}

    with open_stage(tmp_path) as twin:
        outcome = drive(document, twin, SMALL)

    for line in report(outcome):
        record_property("contract", line)
    assert outcome.failures == []
    assert {name for name, _ in outcome.answers} == expected
    assert outcome.cases.total() > 2000
    assert outcome.links.total() > 50
    assert outcome.successes.total() > 30
