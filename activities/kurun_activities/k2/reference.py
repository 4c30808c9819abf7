"""The page that lists every K2 activity: ``python -m kurun_activities.k2.reference > docs/k2-activities.md``."""

import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from kurun_activities.k2 import names
from kurun_activities.k2.registry import SERVICES, WORKFLOW_API, Activity
from kurun_activities.reference import fields, models_of, sentence


class Repeat(StrEnum):
    """What a repeated attempt of an activity does, in a few words."""

    READS = "changes nothing"
    SAME_AGAIN = "leaves what the first attempt left"
    WANTED = "is content with a task that is as it should be"
    START = "looks for the business key in the folios of the account's tasks, and never starts a second instance"
    MARK = "reads the task or event again; if it is gone, the mark in `markerField` says who acted"
    LOOK = "reads it again; what is gone ends with `K2.UnknownOutcome`"
    BATCH = "sends only what is still there, and names the rest in `gone`"


REPEATS: Final[Mapping[str, Repeat]] = {
    names.REDIRECT_TASK: Repeat.LOOK,
    names.SLEEP_TASK: Repeat.SAME_AGAIN,
    names.RELEASE_TASK: Repeat.WANTED,
    names.WAKE_TASK: Repeat.WANTED,
    names.ASSIGN_TASK: Repeat.WANTED,
    names.ACT_ON_TASK: Repeat.MARK,
    names.FINISH_SERVER_EVENT: Repeat.MARK,
    names.START_WORKFLOW: Repeat.START,
    names.RUN_OPERATION: Repeat.SAME_AGAIN,
    names.SERVICES_OPEN_WORKLIST_ITEM: Repeat.SAME_AGAIN,
    names.SERVICES_EXECUTE_ACTION: Repeat.LOOK,
    names.SERVICES_EXECUTE_ITEM_ACTION: Repeat.MARK,
    names.SERVICES_START_INSTANCE_BY_NAME: Repeat.START,
    names.SERVICES_START_INSTANCE: Repeat.START,
    names.SERVICES_START_INSTANCES: Repeat.START,
    names.SERVICES_UPDATE_INSTANCE: Repeat.SAME_AGAIN,
    names.SERVICES_UPDATE_TASK: Repeat.MARK,
    names.SERVICES_UPDATE_TASKS: Repeat.BATCH,
}
"""Every activity that may change something; the others only read."""

_INTRODUCTION: Final = """\
# The K2 activities

Made from the registry by `make docs`; do not edit it by hand.

A worker has them where `k2.endpoint` or `k2.services_endpoint` is set. Each takes one JSON object and answers with one.
A field in **bold** is required. What K2 answers with keeps K2's own names inside: camelCase with `ID` and `URL` in the
Workflow REST API, PascalCase in the K2 Services.

## How they fail

| type | meaning | |
|---|---|---|
| `K2.GoneOrForbidden` | the task, event or instance is not there for this account; K2 does not say why | ends |
| `K2.Refused` | the request is wrong | ends |
| `K2.NotExecuted` | K2 answered with a success status and did not do it | ends |
| `K2.UnknownOutcome` | an attempt may have taken effect, and looking did not tell; the detail says what it saw | ends |
| `K2.Interrupted` | an attempt may have taken effect; the next one looks before it acts | is tried again |
| `K2.Temporary` | K2 did not act: not reached, too busy, asks to come later, or a wrong address | is tried again |
| `K2.AuthenticationRefused` | K2 refused the worker's credentials | is tried again every 30 seconds |
| `K2.LoginRequired` | somebody has to run `kurun k2 login` | is tried again every 30 seconds |

A retry policy with few attempts, or a short time limit, ends the waiting of the last four.

## Never twice

K2 has no idempotency key, so a lost reply is looked into.

- A **start** puts a business key at the end of the folio, as in `Loan 4711 [kuflow:KEY]`. A later attempt looks for it
  in the folios of the tasks that the account sees, six times within about a minute. An instance without such a task
  cannot be found; then the activity ends with `K2.UnknownOutcome` rather than start another.
- An **action** ends its task, and a **finish** its event, so one that is still there was not acted on. Of one that is
  gone nobody can tell who acted, unless the workflow has a data field for that: name it in `markerField`, and let
  nothing else write it.
"""

_PARTS: Final[Mapping[str, Mapping[str, Activity]]] = {"Workflow REST API": WORKFLOW_API, "K2 Services": SERVICES}


def page() -> str:
    """The page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.rstrip("\n")
    for title, activities in _PARTS.items():
        yield f"\n## {title}\n"
        yield "| activity | what it does | request | response | a repeated attempt |"
        yield "|---|---|---|---|---|"
        yield from (_row(name, function) for name, function in activities.items())


def _row(name: str, function: Activity) -> str:
    request, response = models_of(function)
    asked = ", ".join(f"**`{field}`**" if required else f"`{field}`" for field, required in fields(request).items())
    answered = ", ".join(f"`{field}`" for field in fields(response))
    columns = (
        f"`{name}`",
        sentence(inspect.unwrap(function)),
        asked or "none",
        answered or "none",
        REPEATS.get(name, Repeat.READS),
    )
    return f"| {' | '.join(columns)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
