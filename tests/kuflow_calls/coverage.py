"""The page of every operation of KuFlow's API and what kurun has for it: ``python -m tests.kuflow_calls.coverage``.

Nothing in it is written down twice. The twin's table says which operations there are; the calls of this package say
which method of the client sends each of them, and are themselves held to the wire and to KuFlow's document; the
registry says which activities there are.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from kurun_activities import names
from kurun_activities.registry import ACTIVITIES
from kurun_twin.api import OPERATIONS as SERVED
from tests.kuflow_calls import DOWNLOADS, OPERATIONS

INTRODUCTION: Final = """\
# The KuFlow API, operation by operation

Made by `make docs`; do not edit it by hand.

Every operation of the API v2024-06-14, of which KuFlow's document and its libraries 3.5 know {count} together. The twin
serves each of them under the name in the first column. The third column is a method of `KuFlowClient`, the fourth the
activity that a workflow calls.

| operation | request | client | activity |
|---|---|---|---|
"""

OTHERWISE_NAMED: Final[Mapping[str, str]] = {
    "cancelProcessProcessItems": names.CANCEL_PROCESS_ITEMS,
    "downloadProcessItemTaskDataWebformsAsDocument": names.DOWNLOAD_PROCESS_ITEM_TASK_DATA_WEBFORMS,
    "patchBusinessArtifactData": names.PATCH_BUSINESS_ARTIFACT,
    "updateBusinessArtifactData": names.UPDATE_BUSINESS_ARTIFACT,
    "prepareBusinessArtifactStartProcess": names.PREPARE_BUSINESS_ARTIFACT_ACTION_START_PROCESS,
}
"""Activities that KuFlow's libraries call otherwise than the operation."""

NO_ACTIVITY: Final[Mapping[str, str]] = {
    "createAuthentication": "none: the worker itself obtains and renews engine credentials",
    "createWorker": "none: the worker itself registers, and goes on registering",
    "retrieveKmsKey": "none: a key must never reach a workflow's history; encryption fetches it",
    "downloadRobotSourceCode": "none: a robot's program is for whoever runs it, not for a workflow",
    "downloadRobotAsset": "none: as with the program",
    "uploadProcessUserActionDocument": "none: user actions are older than actions of processes, which have activities",
}
"""Why an operation has no activity."""


class _Spy:
    """Stands where a client is expected, and remembers which method of it is called."""

    def __init__(self, path: tuple[str, ...] = (), seen: list[str] | None = None) -> None:
        self._path = path
        self.seen: list[str] = [] if seen is None else seen

    def __getattr__(self, name: str) -> "_Spy":
        return _Spy((*self._path, name), self.seen)

    def __call__(self, *_: Any, **__: Any) -> None:
        self.seen.append(".".join(self._path))


def page() -> str:
    """The page, in Markdown."""
    return INTRODUCTION.format(count=len(SERVED)) + "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Each operation with its request, the client's methods for it, and its activity or why there is none."""
    calls = [(method_called(call[0]), call[2], call[3]) for call in OPERATIONS.values()]
    calls += [(method_called(call), "GET", target) for call, target in DOWNLOADS.values()]
    for operation in SERVED:
        clients = dict.fromkeys(
            called for called, method, target in calls if operation.matches(method, urlsplit(target).path)
        )
        methods = ", ".join(f"`{each}`" for each in clients)
        yield f"`{operation.name}`", f"`{operation.method} {operation.path}`", methods, activity(operation.name)


def method_called(call: Callable[[Any], object]) -> str:
    """Which method of the client a call is of, such as ``processes.find``."""
    spy = _Spy()
    call(spy)
    (called,) = spy.seen
    return called


def activity(operation: str) -> str:
    """The activity for an operation, or why there is none."""
    name = OTHERWISE_NAMED.get(operation, names.PREFIX + operation)
    return f"`{name}`" if name in ACTIVITIES else NO_ACTIVITY.get(operation, "")


if __name__ == "__main__":
    sys.stdout.write(page())
