"""Finding the workflows and activities in the modules that the settings name."""

import importlib
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from kurun_config import ConfigurationError
from kurun_worker.definitions import activity_name, is_activity, is_workflow, workflow_definition, workflow_name
from kurun_worker.sandbox import workflow_runner


@dataclass(frozen=True)
class Definitions:
    """What a worker serves, each thing once and in the order in which it was found."""

    workflows: tuple[type, ...] = ()
    activities: tuple[Callable[..., Any], ...] = ()


def load_modules(names: Sequence[str], *, sandbox: bool = True) -> Definitions:
    """Import modules and gather the workflows and activities that they define or re-export.

    To be called on the event loop, because the sandbox starts only there.

    Args:
        names: Dotted module names.
        sandbox: Whether to try each workflow in the sandbox that will run it.

    Raises:
        ConfigurationError: A module is missing, fails to import, or holds nothing to serve; two things share a name; a
            workflow cannot run in the sandbox.
    """
    workflows: dict[str | None, type] = {}
    activities: dict[str | None, Callable[..., Any]] = {}
    for name in names:
        found = list(vars(_import(name)).values())
        own_workflows = [each for each in found if is_workflow(each)]
        own_activities = [each for each in found if is_activity(each)]
        if not own_workflows and not own_activities:
            raise ConfigurationError(
                f"worker.modules: {name} has no @workflow.defn class and no @activity.defn function at its top level"
            )
        _gather("workflow", workflows, own_workflows, workflow_name)
        _gather("activity", activities, own_activities, activity_name)
    if sandbox:
        for workflow in workflows.values():
            _try_in_sandbox(workflow)
    return Definitions(tuple(workflows.values()), tuple(activities.values()))


def current_folder_on_path() -> None:
    """Let modules in the folder where the command was started be found."""
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)


def _gather(
    kind: str, known: dict[str | None, Any], found: Iterable[Any], name_of: Callable[[Any], str | None]
) -> None:
    for each in found:
        name = name_of(each)
        other = known.setdefault(name, each)
        if other is not each:
            raise ConfigurationError(
                f"worker.modules: two {kind} definitions are called {name or 'by any name'}: "
                f"{_place(other)} and {_place(each)}"
            )


def _place(definition: Any) -> str:
    return f"{definition.__module__}.{getattr(definition, '__qualname__', type(definition).__qualname__)}"


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigurationError(f"worker.modules: there is no module {name}") from None
        raise ConfigurationError(_import_failure(name, error)) from error
    except (Exception, SystemExit) as error:
        raise ConfigurationError(_import_failure(name, error)) from error


def _import_failure(name: str, error: BaseException) -> str:
    """One line with the place in the code that raised, not in the import machinery."""
    if isinstance(error, SyntaxError):
        return f"worker.modules: {name} is no valid Python: {error.msg} ({error.filename}:{error.lineno})"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename not in (__file__, importlib.__file__)
    ]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    said = " ".join(str(error).split())
    return f"worker.modules: importing {name} failed: {type(error).__name__}: {said}{place}"


def _try_in_sandbox(workflow: type) -> None:
    runner = workflow_runner(None, sandbox=True)
    try:
        runner.prepare_workflow(workflow_definition(workflow))
    except (Exception, SystemExit) as error:
        cause = error.__cause__ or error
        said = " ".join(str(cause).split())
        if isinstance(cause, SystemExit):
            said = f"importing its module there raised SystemExit: {said}"
        raise ConfigurationError(
            f"worker.modules: the sandbox refuses workflow {_place(workflow)}: {said}; import what does I/O inside "
            "`with workflow.unsafe.imports_passed_through():`, or set KURUN_WORKER_SANDBOX=false for trusted code"
        ) from error
