"""The page that lists every activity, made from the registries: ``python -m kurun_activities.reference > …``."""

import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, get_type_hints

from kurun_activities import names
from kurun_activities.registry import ACTIVITIES, Activity
from kurun_activities.robot_runs import names as robot_names
from kurun_activities.robot_runs import registry as robots
from kurun_clients.kuflow.models import WireModel


class Repeat(StrEnum):
    """What a repeated attempt of an activity does, in a few words."""

    READS = "changes nothing"
    SAME_AGAIN = "leaves what the first attempt left"
    BY_ID = "finds what the first made, by `id`; without one it is derived from the activity"
    BY_REQUEST_ID = "finds the run by `requestId`"
    DONE_STAYS = "is content with what is done already"
    ITEMS = "is content with what is cancelled already; without `processItemIds` it also cancels newer items"
    READS_FIRST = "reads first; what cannot be told ends with `KuFlowActivities.UnknownOutcome`"
    LOG = "reads the log first and adds no second line"
    LINKED = "finds the link, by the document's uri"
    UPLOAD = "uploads again; KuFlow drops the copy that nothing links to"
    DOWNLOAD = "starts over; the file appears when it is whole"
    ANEW = "runs anew from the beginning; what the first attempt started has ended"


REPEATS: Final[Mapping[str, Repeat]] = {
    names.CREATE_PROCESS: Repeat.BY_ID,
    names.COMPLETE_PROCESS: Repeat.DONE_STAYS,
    names.CANCEL_PROCESS: Repeat.DONE_STAYS,
    names.DELETE_PROCESS: Repeat.DONE_STAYS,
    names.CANCEL_PROCESS_ITEMS: Repeat.ITEMS,
    names.CHANGE_PROCESS_INITIATOR: Repeat.SAME_AGAIN,
    names.UPDATE_PROCESS_METADATA: Repeat.SAME_AGAIN,
    names.PATCH_PROCESS_METADATA: Repeat.READS_FIRST,
    names.UPDATE_PROCESS_ENTITY: Repeat.SAME_AGAIN,
    names.PATCH_PROCESS_ENTITY: Repeat.READS_FIRST,
    names.CREATE_PROCESS_ACTION: Repeat.BY_ID,
    names.CANCEL_PROCESS_ACTION: Repeat.DONE_STAYS,
    names.CREATE_PROCESS_ITEM: Repeat.BY_ID,
    names.CLAIM_PROCESS_ITEM_TASK: Repeat.SAME_AGAIN,
    names.ASSIGN_PROCESS_ITEM_TASK: Repeat.SAME_AGAIN,
    names.COMPLETE_PROCESS_ITEM_TASK: Repeat.DONE_STAYS,
    names.UPDATE_PROCESS_ITEM_TASK_DATA: Repeat.SAME_AGAIN,
    names.PATCH_PROCESS_ITEM_TASK_DATA: Repeat.READS_FIRST,
    names.UPDATE_PROCESS_ITEM_TASK_CONTEXT_DATA: Repeat.SAME_AGAIN,
    names.APPEND_PROCESS_ITEM_TASK_LOG: Repeat.LOG,
    names.GENERATE_PROCESS_ITEM_AI_ASSISTANCE: Repeat.BY_REQUEST_ID,
    names.UPLOAD_PROCESS_DOCUMENT: Repeat.UPLOAD,
    names.DOWNLOAD_PROCESS_DOCUMENT: Repeat.DOWNLOAD,
    names.UPLOAD_BUSINESS_ARTIFACT_DOCUMENT: Repeat.UPLOAD,
    names.DOWNLOAD_BUSINESS_ARTIFACT_DOCUMENT: Repeat.DOWNLOAD,
    names.UPLOAD_DOCUMENT: Repeat.UPLOAD,
    names.DOWNLOAD_DOCUMENT: Repeat.DOWNLOAD,
    names.DOWNLOAD_PROCESS_ITEM_TASK_DATA_WEBFORMS: Repeat.DOWNLOAD,
    names.LINK_PROCESS_ITEM_TASK_DOCUMENT: Repeat.LINKED,
    names.CREATE_BUSINESS_ARTIFACT: Repeat.BY_ID,
    names.DELETE_BUSINESS_ARTIFACT: Repeat.DONE_STAYS,
    names.RESTORE_BUSINESS_ARTIFACT: Repeat.DONE_STAYS,
    names.UPDATE_BUSINESS_ARTIFACT: Repeat.SAME_AGAIN,
    names.PATCH_BUSINESS_ARTIFACT: Repeat.READS_FIRST,
    names.CREATE_BUSINESS_ARTIFACT_ACTION: Repeat.BY_ID,
    names.CANCEL_BUSINESS_ARTIFACT_ACTION: Repeat.DONE_STAYS,
    robot_names.RUN_ROBOT: Repeat.ANEW,
    robot_names.EXECUTE_ROBOT: Repeat.ANEW,
}
"""Every activity that changes something; the others only read."""

SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {**names.SPELLINGS, **robots.SPELLINGS}

_INTRODUCTION: Final = """\
# The activities

Made from the registry by `make docs`; do not edit it by hand.

Each activity takes one JSON object and answers with one. Its name is `{prefix}` and one of the spellings below; names
of those that run robots are written whole, and only workers with [robots](robots.md) have them. Where KuFlow's SDKs
have the activity, names and fields are theirs, so that workflows of every SDK can call it. A field in **bold** is
required. The last column says what an attempt does that Temporal makes after an earlier one, which may have taken
effect.
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def fields(model: type[WireModel]) -> dict[str, bool]:
    """The JSON names of a model's fields, in order, and whether each is required."""
    return {str(field.serialization_alias or field.alias): field.is_required() for field in model.model_fields.values()}


def models_of(function: Activity) -> tuple[type[WireModel], type[WireModel]]:
    """The request and the response of an activity."""
    hints = get_type_hints(function)
    return hints["request"], hints["return"]


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.format(prefix=names.PREFIX)
    subject = None
    for name, function in {**ACTIVITIES, **robots.ACTIVITIES}.items():
        if subject != (subject := sentence(inspect.getmodule(function))):
            yield f"\n## {subject}\n"
            yield "| activity | what it does | request | response | a repeated attempt |"
            yield "|---|---|---|---|---|"
        yield _row(name, function)


def _row(name: str, function: Activity) -> str:
    request, response = models_of(function)
    spellings = ", ".join(f"`{spelling.removeprefix(names.PREFIX)}`" for spelling in SPELLINGS[name])
    asked = ", ".join(f"**`{field}`**" if required else f"`{field}`" for field, required in fields(request).items())
    answered = ", ".join(f"`{field}`" for field in fields(response))
    columns = (spellings, sentence(function), asked or "none", answered or "none", REPEATS.get(name, Repeat.READS))
    return f"| {' | '.join(columns)} |"


def sentence(described: object) -> str:
    """The first sentence of a docstring, without what stands after a semicolon."""
    first = (inspect.getdoc(described) or "").split("\n\n")[0].replace("\n", " ")
    return first.split(". ")[0].split("; ")[0].rstrip(".")


if __name__ == "__main__":
    sys.stdout.write(page())
