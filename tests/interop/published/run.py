"""How a workflow on the published SDK calls activities, and notes what it reads."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from kuflow_rest import Deserializer, Model
    from kuflow_rest import models as rest

# The published activities report what cannot succeed as worth repeating: without this Temporal repeats a 404 for ever.
RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    non_retryable_error_types=[
        "KuFlowActivities.Failure",
        "KuFlowActivities.RestFailure",
        "KuFlowActivities.ValidationFailure",
    ],
)
ATTEMPT = timedelta(seconds=5)
WHOLE = timedelta(seconds=30)

# In a workflow's sandbox a model of the published SDK does not find the models inside it by itself.
_deserialize = Deserializer({name: each for name, each in vars(rest).items() if isinstance(each, type)})


@dataclass
class Run:
    """A run through the steps.

    Attributes:
        queue: Where the activities are served.
        process_id: The process that the workflow is for.
        facts: Step by step what the published models read, as JSON.
        made: What earlier steps made.
    """

    queue: str
    process_id: str
    facts: list[tuple[str, Any]] = field(default_factory=list)
    made: SimpleNamespace = field(default_factory=SimpleNamespace)

    async def call(self, name: str, request: Model, response: type[Model]) -> Any:
        """Call an activity and note the answer."""
        answer = await self.ask(name, request, response)
        self.facts.append((name, answer.serialize(keep_readonly=True)))
        return answer

    async def ask(self, name: str, request: Model, response: type[Model]) -> Any:
        """Call an activity."""
        answer = await self.raw(name, request, response)
        assert type(answer) is response, f"{name}: {answer!r}"
        return answer

    async def raw(self, name: str, request: object, response: type | None = None) -> Any:
        """Call an activity with any request and read any answer."""
        return await workflow.execute_activity(
            f"KuFlow_Engine_{name}",
            request,
            task_queue=self.queue,
            result_type=response,
            start_to_close_timeout=ATTEMPT,
            schedule_to_close_timeout=WHOLE,
            retry_policy=RETRIES,
        )

    async def failure(self, step: str, name: str, request: Model, response: type[Model]) -> None:
        """Call an activity that fails and note how."""
        try:
            answer = await self.call(name, request, response)
        except ActivityError as error:
            if not isinstance(error.cause, ApplicationError):
                raise
            details = [_deserialize("DefaultError", each) for each in error.cause.details]
            failure = {"type": error.cause.type, "details": [each.serialize(keep_readonly=True) for each in details]}
            self.facts.append((step, failure))
        else:
            raise AssertionError(f"{name} was to fail, but answered {answer!r}")


def patch(path: str, value: object) -> list[rest.JsonPatchOperation]:
    """A JSON Patch that puts a value at a place; it may be applied twice."""
    return [rest.JsonPatchOperation(op=rest.JsonPatchOperationType.ADD, path=path, value=value)]
