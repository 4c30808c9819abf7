"""The process that runs the code of users for ``kurun check``: it imports modules and tries them in the sandbox.

It is called with a descriptor to write answers to, ``sandbox`` or ``no-sandbox``, and the names of modules.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import temporalio

from kurun_config import ConfigurationError
from kurun_worker import modules
from kurun_worker.definitions import names_of_activities, names_of_workflows
from kurun_worker.doctor.modules import DEFINITIONS
from kurun_worker.modules import Definitions, current_folder_on_path, load_modules

_NOT_THEIRS = ("<", *(str(Path(file).parent) for file in (os.__file__, modules.__file__, temporalio.__file__)))
"""Where frames of a traceback come from that are none of the user's; packages of others lie in the first of them."""
_MEND = "mend the module, or leave it out of KURUN_WORKER_MODULES"


async def probe(descriptor: int, names: Sequence[str], *, sandbox: bool) -> None:
    """Look at each module, then at all of them together; on the event loop, as the sandbox starts only there."""
    good = []
    for name in names:
        try:
            found = load_modules([name], sandbox=False)
            if sandbox:
                load_modules([name], sandbox=True)
        except ConfigurationError as error:
            tell(descriptor, name, wrong=f"{error}{_place(error)}", fix=_MEND)
        except BaseException as error:  # a module may raise SystemExit, which would end a worker
            tell(descriptor, name, wrong=f"importing it raised {type(error).__name__}{_place(error)}", fix=_MEND)
        else:
            good.append(name)
            tell(descriptor, name, said=_held(found, sandbox=sandbox))
    if len(good) == len(names):
        try:
            tell(descriptor, DEFINITIONS, said=_held(load_modules(good, sandbox=False), sandbox=False))
        except ConfigurationError as error:
            tell(descriptor, DEFINITIONS, wrong=str(error), fix="rename one of them with @…defn(name=…)")
    tell(descriptor, "")


def tell(descriptor: int, about: str, *, said: str = "", wrong: str = "", fix: str = "") -> None:
    """Write one answer; one about nothing is the last."""
    os.write(descriptor, json.dumps({"about": about, "said": said, "wrong": wrong, "fix": fix}).encode() + b"\n")


def _held(found: Definitions, *, sandbox: bool) -> str:
    workflows, activities = names_of_workflows(list(found.workflows)), names_of_activities(list(found.activities))
    tried = ", which load in the sandbox" if sandbox and workflows else ""
    return f"{_listed('workflow', workflows)}{tried}; {_listed('activit', activities)}"


def _listed(word: str, names: Sequence[str]) -> str:
    plural = {"workflow": ("workflow", "workflows"), "activit": ("activity", "activities")}[word]
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return f"{len(names)} {plural[len(names) != 1]}" + (f" ({shown})" if names else "")


def _place(error: BaseException) -> str:
    """Where in the user's own code it happened, unless the message says that already."""
    if ".py:" in str(error):
        return ""
    cause: BaseException | None = error
    place = ""
    while cause is not None:
        for frame in traceback.extract_tb(cause.__traceback__):
            if not frame.filename.startswith(_NOT_THEIRS):
                place = f" ({frame.filename}:{frame.lineno})"
        cause = cause.__cause__ or cause.__context__
    return place


if __name__ == "__main__":
    current_folder_on_path()
    asyncio.run(probe(int(sys.argv[1]), sys.argv[3:], sandbox=sys.argv[2] == "sandbox"))
    sys.stdout.flush()
    os._exit(0)  # threads that a module started are not waited for
