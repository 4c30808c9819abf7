"""What the process item of a mirror holds: a K2 task for people to read, and what they answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field, ValidationError

from kurun_activities.k2.watch_models import Kind
from kurun_clients.k2.workflow_api.models import ServerEvent, Task
from kurun_clients.kuflow.models.base import Resource


class MirrorForm(Resource):
    """A K2 task, or server event, as the data of a process item.

    Attributes:
        workflow: Display name of the K2 workflow, or its name.
        activity: The step.
        event: What the step asks for.
        originator: Who started the workflow.
        form_url: K2's own form of the task.
        view_flow_url: K2's picture of where the workflow stands.
        actions: What can be chosen; empty for a server event.
        data_fields: Of the workflow instance, for reading.
        action: To be filled in: one of ``actions``.
        changes: To be filled in: data fields to write, by name.
    """

    serial_number: str
    kind: Kind = Kind.TASK
    folio: str | None = None
    workflow: str | None = None
    activity: str | None = None
    event: str | None = None
    description: str | None = None
    instruction: str | None = None
    priority: int | None = None
    started_at: datetime | None = None
    sleep_until: datetime | None = None
    originator: str | None = None
    form_url: str | None = None
    view_flow_url: str | None = None
    actions: list[str] = Field(default_factory=list)
    data_fields: dict[str, Any] = Field(default_factory=dict)
    action: str | None = None
    changes: dict[str, Any] | None = None

    @classmethod
    def of_task(cls, task: Task) -> Self:
        """The form of a task."""
        actions, originator = task.actions, task.originator
        return cls(
            serial_number=task.serial_number,
            folio=task.workflow_instance_folio,
            workflow=task.workflow_display_name or task.workflow_name,
            activity=task.activity_name,
            event=task.event_name,
            description=task.event_description,
            instruction=task.instruction,
            priority=task.priority,
            started_at=task.task_start_date,
            sleep_until=task.sleep_until,
            originator=(originator.display_name or originator.fqn) if originator else None,
            form_url=task.form_url,
            view_flow_url=task.view_flow_url,
            actions=[*actions.batchable_actions, *actions.non_batchable_actions] if actions else [],
            data_fields=task.fields,
        )

    @classmethod
    def of_server_event(cls, event: ServerEvent) -> Self:
        """The form of a server event."""
        step = event.event_instance
        return cls(
            serial_number=event.serial_number,
            kind=Kind.SERVER_EVENT,
            folio=event.workflow_instance_folio,
            workflow=event.workflow_display_name or event.workflow_name,
            activity=event.activity_name,
            event=event.event_name,
            description=event.event_description,
            priority=step.priority if step else None,
            started_at=step.start_date if step else None,
            view_flow_url=event.view_flow_url,
            data_fields=event.fields,
        )


class Answer(Resource):
    """What a person filled in."""

    action: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)


class WrongAnswerError(ValueError):
    """What a person filled in cannot be sent to K2; the message is for that person."""


def answer_in(data: Mapping[str, Any], form: MirrorForm) -> Answer:
    """Read a completed item.

    The action's case does not matter. Where a task has one action only, it need not be chosen.

    Raises:
        WrongAnswerError: There is no such action, or the changes are no data fields.
    """
    given = {name: data[name] for name in ("action", "changes") if data.get(name) not in (None, "")}
    try:
        answer = Answer.model_validate(given)
    except ValidationError:
        raise WrongAnswerError("`action` has to be a text and `changes` an object with data fields by name") from None
    if form.kind is Kind.SERVER_EVENT:
        return answer
    return answer.model_copy(update={"action": _action(answer.action, form.actions)})


def _action(chosen: str | None, actions: list[str]) -> str:
    listed = ", ".join(actions) or "none"
    if chosen is None:
        if len(actions) == 1:
            return actions[0]
        raise WrongAnswerError(f"an action has to be chosen: {listed}")
    for action in actions:
        if action.casefold() == chosen.strip().casefold():
            return action
    raise WrongAnswerError(f"the task has no action {chosen!r}; it has: {listed}")
