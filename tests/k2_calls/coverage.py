"""The page of every operation of K2 and what kurun has for it: ``python -m tests.k2_calls.coverage``.

The reference says which operations there are. What serves one of them in the twin is found by method and path, and the
client's method by which of the calls of this package sends it.
"""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from kurun_twin.k2 import services_api, workflow_api
from kurun_twin.k2.operations import Named
from tests.k2_calls.activities import ACTIVITIES
from tests.k2_calls.reference import REFERENCE, Documented
from tests.k2_calls.services_posts import POSTS
from tests.k2_calls.services_reads import READS
from tests.k2_calls.workflow_api import OPERATIONS

SERVED: Final = (*workflow_api.OPERATIONS, *services_api.OPERATIONS)
"""What the twin serves, in the order in which it looks for the operation of a request."""

INTRODUCTION: Final = """\
# The K2 APIs, operation by operation

Made by `make docs`; do not edit it by hand.

The {count} operations of the Workflow REST API and of the K2 Services that K2 documents or that are known from its
contracts. The third column is a method of `WorkflowClient` or of `ServicesClient`, the fourth the activity that a
workflow calls. The twin serves each of them and counts it under the name in the last column.
"""

HEADING: Final = """\

## {title}

| operation | request | client | activity | twin |
|---|---|---|---|---|
"""

Row = tuple[str, str, str, str, str]


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
    count = sum(map(len, REFERENCE.values()))
    return INTRODUCTION.format(count=count) + "".join(
        HEADING.format(title=title) + "".join(f"| {' | '.join(row)} |\n" for row in rows(title)) for title in REFERENCE
    )


def rows(title: str) -> Iterator[Row]:
    """The operations of a part, each with its request, the client's methods, the activity and the twin's name."""
    for each in REFERENCE[title]:
        served = served_as(each)
        methods = ", ".join(f"`{method}`" for method in client_methods(served)) if served else ""
        activity = ACTIVITIES[served.name][0] if served and served.name in ACTIVITIES else ""
        cells = (each.name, f"{each.method} {each.path}", activity, served.name if served else "")
        name, request, activity, twin = (f"`{cell}`" if cell else "" for cell in cells)
        yield name, request, methods, activity, twin


def served_as(wanted: Documented) -> Named | None:
    """What the twin has for an operation."""
    shape = (wanted.method, _shape(wanted.path))
    return next((each for each in SERVED if (each.method, _shape(each.path)) == shape), None)


def client_methods(served: Named) -> list[str]:
    """The client's methods that send an operation."""
    return list(dict.fromkeys(called for called, method, path in sent() if operation_of(method, path) is served))


def sent() -> Iterator[tuple[str, str, str]]:
    """What the calls of this package send: the client's method, and the request's method and path at the twin."""
    for operation, _, method, target, _ in OPERATIONS.values():
        yield method_called(operation), method, "/api/workflow" + urlsplit(target).path
    for call, target, *_ in READS:
        service = "SyncREST" if target.startswith("Task/") else "REST"
        yield method_called(call), "GET", f"/K2Services/{service}.svc/{urlsplit(target).path}"
    for call, target, *_ in POSTS:
        yield method_called(call), "POST", f"/K2Services/{urlsplit(target).path}"


def operation_of(method: str, path: str) -> Named | None:
    """The operation that the twin takes a request for."""
    return next((each for each in SERVED if each.matches(method, path)), None)


def method_called(call: Callable[[Any], object]) -> str:
    """Which method of the client a call is of, such as ``tasks.find``."""
    spy = _Spy()
    call(spy)
    (called,) = spy.seen
    return called


def _shape(path: str) -> str:
    """The path, whatever its variable parts are called."""
    return re.sub(r"\{\w+\}", "{}", path)


if __name__ == "__main__":
    sys.stdout.write(page())
