"""Saying what a workflow raised in a replay: type, text, and the line of its own code, without what a process holds."""

import json
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from temporalio.api.failure.v1 import Failure

MOST_CAUSES = 3
"""Errors of a chain that are told."""
MOST_TEXT = 300
"""Characters of an error's text."""

UNREADABLE: Final = "UnreadableContentError"
"""Type of the error whose text is made to be seen although its run is confidential."""

_FRAME = re.compile(r'^\s*File "(.+)", line (\d+), in ', re.MULTILINE)
_PYDANTIC = re.compile(r"\d+ validation errors? for ")
_INPUT = re.compile(r", input_value=.*, input_type=[^\]]*\]")
_LINK = re.compile(r"\n +For further information visit \S+")
# Also where the text is encrypted, the traceback has the line of Temporal's that raised.
_UNDECODED = 'raise RuntimeError("Failed decoding arguments")'
_NOT_USERS: Final = (
    *("temporalio", "pydantic", "pydantic_core"),
    *("kurun_worker", "kurun_workflows", "kurun_activities", "kurun_clients", "kurun_config"),
)
_NAMES: Final = {
    "application_failure_info": "ApplicationError",
    "timeout_failure_info": "TimeoutError",
    "canceled_failure_info": "CancelledError",
    "terminated_failure_info": "TerminatedError",
    "server_failure_info": "ServerError",
    "activity_failure_info": "ActivityError",
    "child_workflow_execution_failure_info": "ChildWorkflowError",
}


def raised(failure: Failure, workflow: type | None, clean: Callable[[str], str] = str) -> str:
    """What a workflow raised, or could not read, in one line with its causes and the place.

    The values that pydantic found wrong are left out, and so is the text of a failure that is to be encrypted.

    Args:
        failure: As the workflow's failure converter made it, before a codec.
        workflow: Its class, whose package is the user's code wherever it is installed; ``None`` if nobody knows.
        clean: Hides secrets in a text.
    """
    chain = [_Link(each, clean) for each in _chain(failure)]
    unread = len(chain) > 1 and _UNDECODED in chain[0].stack_trace
    told = chain[1:] if unread else chain
    said = ", from ".join(each.said for each in told[:MOST_CAUSES])
    said = f"what was recorded cannot be read: {said}" if unread else f"the workflow raised {said}"
    places = (_place(each.stack_trace, workflow) for each in chain)
    place = next((each for each in places if each is not None), None)
    return said if place is None else f"{said} ({place})"


class _Link:
    """One error of a chain."""

    def __init__(self, failure: Failure, clean: Callable[[str], str]) -> None:
        kind = failure.application_failure_info.type or _NAMES.get(failure.WhichOneof("failure_info") or "", "an error")
        text: str | None = failure.message
        self.stack_trace = failure.stack_trace
        if failure.HasField("encoded_attributes"):
            attributes = _attributes(failure)
            self.stack_trace = attributes.get("stack_trace", "")
            text = attributes.get("message") if kind == UNREADABLE else None
        if text is None:
            self.said = f"{kind}, whose text is encrypted"
        else:
            # Before it is cut: of a secret on the edge a part would be left that nobody recognises.
            text = _line(clean(text))
            self.said = f"{kind}: {text}" if text else kind


def _chain(failure: Failure) -> Iterator[Failure]:
    yield failure
    while failure.HasField("cause"):
        failure = failure.cause
        yield failure


def _attributes(failure: Failure) -> dict[str, str]:
    try:
        found = json.loads(failure.encoded_attributes.data)
    except ValueError:
        return {}  # of another run, and encrypted since then
    return {name: each for name, each in found.items() if isinstance(each, str)} if isinstance(found, dict) else {}


def _line(text: str) -> str:
    if _PYDANTIC.match(text):
        text = _INPUT.sub("]", _LINK.sub("", text))
        text = re.sub(r"\n(?! )", "; ", text).replace("\n  ", ": ")
    text = " ".join(text.split())
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]} …"


def _place(stack_trace: str, workflow: type | None) -> str | None:
    """The last line of the user's code in a traceback."""
    own = _homes((workflow.__module__ if workflow else "").partition(".")[0])
    for file, number in reversed(_FRAME.findall(stack_trace)):
        path = Path(file)
        if _within(path, own) or (path.is_absolute() and not _within(path, _others())):
            return f"{file}:{number}"
    return None


def _within(file: Path, homes: tuple[Path, ...]) -> bool:
    return any(file.is_relative_to(each) for each in homes)


@cache
def _homes(module: str) -> tuple[Path, ...]:
    """Where a package or a module is: its folders, or its file."""
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    return tuple(Path(each) for each in getattr(found, "__path__", [file] if file else []))


@cache
def _others() -> tuple[Path, ...]:
    """Where nothing is the user's: Python itself, what is installed, and what carries his workflows."""
    paths = sysconfig.get_paths()
    installed = [Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return (*installed, *(home for name in _NOT_USERS for home in _homes(name)))
