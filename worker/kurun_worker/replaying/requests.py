"""What the workflows of today ask for in a replay, held to what the history says was asked for.

Temporal compares types and ids of activities alone. All process items are made by the same activity, so that it takes a
message in the place of a task for the same.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter, SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info, _Definition

from kurun_activities import names
from kurun_activities.k2 import names as k2_names

KINDS: Final = frozenset(
    {
        "businessArtifactActionDefinitionCode",
        "businessArtifactActionId",
        "businessArtifactDefinitionCode",
        "businessArtifactDefinitionId",
        "businessArtifactId",
        "id",
        "instanceId",
        "operation",
        "processActionDefinitionCode",
        "processActionId",
        "processDefinitionCode",
        "processDefinitionId",
        "processId",
        "processItemDefinitionCode",
        "processItemId",
        "processItemIds",
        "robotId",
        "serialNumber",
        "type",
        "workflowId",
    }
)
"""Fields of KuFlow's and K2's requests that make it another one: what is made, and what is acted on."""

FORMER_NAMES: Final = {"taskDefinitionCode": "processItemDefinitionCode"}
"""Fields of histories that other SDKs made."""

MOST_PLACES = 5
MOST_LENGTH = 100

_Key = tuple[str, str, str]
"""What it is, its id, and its type."""
_Requests = dict[_Key, list[list[Payload]]]


class Requests:
    """What the workflow that is being replayed asks for.

    Attributes:
        failure: What it raised last, in clear text.
        ended: Whether that was to end the workflow, and not its task alone.
    """

    def __init__(self) -> None:
        self.failure: Failure | None = None
        self.ended = False
        self._made: _Requests = defaultdict(list)

    def seen_by(self, runner: WorkflowRunner) -> WorkflowRunner:
        """The runner, telling what its workflows ask for."""
        return _Runner(runner, self)

    def begin(self) -> None:
        """Forget what another run asked for."""
        self.failure, self.ended = None, False
        self._made.clear()

    def note(self, completion: WorkflowActivationCompletion) -> None:
        """Keep what a workflow wants done."""
        if completion.HasField("failed"):
            self._keep_failure(completion.failed.failure, ended=False)
        for command in completion.successful.commands:
            if command.HasField("schedule_activity"):
                activity = command.schedule_activity
                self._keep("activity", activity.activity_id, activity.activity_type, activity.arguments)
            elif command.HasField("start_child_workflow_execution"):
                child = command.start_child_workflow_execution
                self._keep("child workflow", child.workflow_id, child.workflow_type, child.input)
            elif command.HasField("fail_workflow_execution"):
                self._keep_failure(command.fail_workflow_execution.failure, ended=True)

    async def compare(self, history: WorkflowHistory, converter: DataConverter) -> tuple[str | None, tuple[str, ...]]:
        """Hold what was asked for since :meth:`begin` to a history that this code replays.

        Returns:
            Why it would break, or ``None``; and what else has changed. Neither quotes more of a process than the
            fields of :data:`KINDS`.
        """
        changed = []
        turns: dict[_Key, int] = defaultdict(int)
        for key, recorded in _recorded(history.events):
            made = self._made.get(key, [])
            turn = turns[key]
            turns[key] += 1
            # Temporal has its own word about what was not asked for at all.
            if turn >= len(made):
                continue
            before = [_content(each) for each in await _decoded(recorded, converter)]
            now = [_content(each) for each in made[turn]]
            kind, identifier, name = key
            which = f"{kind} {identifier} {name}"
            if (other := _another(name, before, now)) is not None:
                return f"{which} is another request: {other}", ()
            if places := list(_differences(before, now)):
                shown = ", ".join(each[:MOST_LENGTH] for each in places[:MOST_PLACES])
                changed.append(f"{which}: {shown}" + (" …" if len(places) > MOST_PLACES else ""))
        return None, tuple(changed)

    def _keep_failure(self, failure: Failure, *, ended: bool) -> None:
        # As payloads, it is encrypted in place.
        self.failure, self.ended = Failure(), ended
        self.failure.CopyFrom(failure)

    def _keep(self, kind: str, identifier: str, name: str, payloads: Iterable[Payload]) -> None:
        copies = []
        for each in payloads:
            # The originals are encrypted in place.
            copy = Payload()
            copy.CopyFrom(each)
            copies.append(copy)
        self._made[kind, identifier, name].append(copies)


class _Runner(WorkflowRunner):
    def __init__(self, inner: WorkflowRunner, requests: Requests) -> None:
        self._inner = inner
        self._requests = requests

    def prepare_workflow(self, defn: _Definition) -> None:
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        # One that was put out of the cache begins anew.
        self._requests.begin()
        return _Instance(self._inner.create_instance(det), self._requests)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._inner.set_worker_level_failure_exception_types(types)


class _Instance(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance, requests: Requests) -> None:
        self._inner = inner
        self._requests = requests

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = self._inner.activate(act)
        self._requests.note(completion)
        return completion

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def _recorded(events: Iterable[HistoryEvent]) -> Iterator[tuple[_Key, Sequence[Payload]]]:
    for event in events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            activity = event.activity_task_scheduled_event_attributes
            yield ("activity", activity.activity_id, activity.activity_type.name), activity.input.payloads
        elif event.HasField("start_child_workflow_execution_initiated_event_attributes"):
            child = event.start_child_workflow_execution_initiated_event_attributes
            yield ("child workflow", child.workflow_id, child.workflow_type.name), child.input.payloads


async def _decoded(payloads: Sequence[Payload], converter: DataConverter) -> Sequence[Payload]:
    return payloads if converter.payload_codec is None else await converter.payload_codec.decode(list(payloads))


def _content(payload: Payload) -> Any:
    """JSON without absent values; anything else as it is."""
    encoding = payload.metadata.get("encoding", b"")
    if encoding == b"binary/null":
        return None
    if encoding.startswith(b"json/"):
        try:
            return _without_absent(json.loads(payload.data))
        except (ValueError, RecursionError):
            pass
    return encoding, payload.data


def _without_absent(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if each is not None}
        return {FORMER_NAMES.get(name, name): _without_absent(each) for name, each in kept.items()}
    return [_without_absent(each) for each in value] if isinstance(value, list) else value


def _another(activity: str, before: list[Any], now: list[Any]) -> str | None:
    """Which field makes it another request; a search acts on nothing."""
    if not activity.startswith((names.PREFIX, k2_names.PREFIX)) or "_find" in activity.casefold():
        return None
    if not (before and now and isinstance(before[0], dict) and isinstance(now[0], dict)):
        return None
    for name in sorted(KINDS & (before[0].keys() | now[0].keys()), key=lambda each: (each != "type", each)):
        was, shall = before[0].get(name), now[0].get(name)
        if was != shall:
            return f"{name} was {_shown(was)}, now {_shown(shall)}"
    return None


def _shown(value: Any) -> str:
    return "absent" if value is None else json.dumps(value, ensure_ascii=False)[:MOST_LENGTH]


def _differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, without what stands there."""
    if before == now:
        return
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [*before, *(each for each in now if each not in before)]:
            yield from _differences(before.get(name), now.get(name), f"{place}.{name}" if place else name)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        # A request has one argument as a rule, whose number would tell nothing.
        alone = not place and len(before) == 1
        for number, (was, shall) in enumerate(zip(before, now, strict=True)):
            yield from _differences(was, shall, "" if alone else f"{place}[{number}]")
    else:
        yield place or "the input"
