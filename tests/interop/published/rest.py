"""Drive the published client through every operation; prints as JSON what became of each.

Run as ``python -m tests.interop.published.rest INFO``, with what ``kurun dev --info`` wrote.
"""

import inspect
import json
import sys
import traceback
from pathlib import Path

from kuflow_rest import operations
from kuflow_temporal_activity_kuflow import KuFlowActivities

from tests.interop.published import artifact_calls, directory_calls, document_calls, item_calls, process_calls
from tests.interop.published.calls import CALLS, Session

GROUPS = (process_calls, document_calls, item_calls, artifact_calls, directory_calls)


def main(info: Path) -> None:
    """Call everything, one after the other; a failure does not keep the rest from running."""
    session = Session(json.loads(info.read_text()))
    failures: dict[str, str | None] = {}
    assert len(GROUPS) == len({function.__module__ for function in CALLS.values()})
    for name, function in CALLS.items():
        try:
            function(session)
            failures[name] = None
        except Exception:
            failures[name] = traceback.format_exc(limit=-3)
    report = {"operations": published_operations(), "activities": published_activities(), "failures": failures}
    print(json.dumps(report))  # noqa: T201 - the answer


def published_operations() -> list[str]:
    """Every operation that the published client has."""
    groups = [each for each in vars(operations).values() if inspect.isclass(each)]
    return sorted(
        name for group in groups for name, _ in inspect.getmembers(group, inspect.isfunction) if name[0] != "_"
    )


def published_activities() -> list[str]:
    """Every activity that the published SDK has, without the prefix that all share."""
    definitions = [getattr(each, "__temporal_activity_definition") for each in KuFlowActivities(None).activities]
    return sorted(each.name.removeprefix("KuFlow_Engine_") for each in definitions)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
