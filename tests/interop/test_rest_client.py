"""The published REST client against the twin: every operation, with a look at each answer."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.conftest import FIGURES
from tests.interop.operations import OPERATIONS
from tests.processes import Dev

# The first run on a machine installs the published packages.
pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("python")]


@pytest.mark.parametrize("operation", [each for group in OPERATIONS.values() for each in group])
async def test_the_published_client_calls(calls: dict[str, Any], operation: str) -> None:
    """It reads the answer, and the answer is right."""
    failure = calls["failures"].get(operation, "it was not called")

    assert failure is None, failure


async def test_no_operation_of_the_published_client_is_left_out(calls: dict[str, Any], dev: Dev) -> None:
    """The table of calls is the client's own list, and the twin has seen as many."""
    seen = (await dev.figures())["requests"]["by_operation"]

    FIGURES.append(
        f"operations of the published client that ran: {len(calls['failures'])} of {len(calls['operations'])}"
    )
    assert sorted(calls["failures"]) == calls["operations"] == sorted(_all())
    assert len(seen) >= len(calls["operations"])


def _all() -> Iterator[str]:
    for group in OPERATIONS.values():
        yield from group
