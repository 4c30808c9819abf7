"""What Temporal knows of workflows and activities: their definitions and names.

temporalio offers no public way to ask for a definition; this is the one place that knows the private one.
"""

from collections.abc import Callable
from typing import Any

from temporalio import activity, workflow


def is_workflow(value: object) -> bool:
    """Whether this is a class with ``@workflow.defn`` of its own."""
    return isinstance(value, type) and "__temporal_workflow_definition" in vars(value)


def is_activity(value: object) -> bool:
    """Whether this is a function with ``@activity.defn``."""
    return isinstance(getattr(value, "__temporal_activity_definition", None), activity._Definition)  # noqa: SLF001


def workflow_definition(workflow_class: type) -> workflow._Definition:
    """What a runner of workflows is prepared with."""
    return workflow._Definition.must_from_class(workflow_class)  # noqa: SLF001 - see the module


def workflow_name(workflow_class: type) -> str | None:
    """The workflow type; ``None`` for one that serves every type."""
    return workflow_definition(workflow_class).name


def activity_name(definition: Callable[..., Any]) -> str | None:
    """The activity type; ``None`` for one that serves every type."""
    return activity._Definition.must_from_callable(definition).name  # noqa: SLF001 - see the module


def names_of_workflows(definitions: list[type]) -> list[str]:
    """Sorted workflow types."""
    return sorted(name for each in definitions if (name := workflow_name(each)) is not None)


def names_of_activities(definitions: list[Callable[..., Any]]) -> list[str]:
    """Sorted activity types."""
    return sorted(name for each in definitions if (name := activity_name(each)) is not None)
