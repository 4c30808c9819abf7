"""What a workflow starts with, held against the workflow's own JSON Schema before it is sent."""

import asyncio
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from kurun_clients.http import InvalidRequest
from kurun_clients.threads import in_thread

UNSTATED_DRAFT: Final = Draft4Validator
"""How a schema is read that names no draft; .NET's generators of K2's time write draft 4."""

KEEP_SECONDS: Final = 300.0
KEEP_SCHEMAS: Final = 64
BELIEVED_SECONDS: Final = 10.0
"""Age of a schema up to which its refusal is believed; the workflow may have changed since an older one."""

_MAX_EXPECTATION: Final = 80

_log = logging.getLogger(__name__)


class Validator(Protocol):
    """A compiled schema."""

    def iter_errors(self, instance: Any) -> Any:
        """Every :class:`jsonschema.ValidationError`."""


@dataclass(frozen=True)
class _Kept:
    validator: asyncio.Task[Validator | None]
    fetched_at: float


class StartSchemas:
    """The schemas of recently started workflows, bounded in time and number.

    Many starts at once fetch a schema once.

    Args:
        fetch: Fetches the schema of a workflow.
        keep_seconds: How long one is used.
        keep: How many are kept.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[dict[str, Any]]],
        *,
        keep_seconds: float = KEEP_SECONDS,
        keep: int = KEEP_SCHEMAS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._keep_seconds = keep_seconds
        self._keep = keep
        self._clock = clock
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    async def check(self, workflow_id: int, members: Mapping[str, Any]) -> None:
        """Hold the start of a workflow against its schema.

        Raises:
            InvalidRequest: It breaks the schema; the message names the field, and not its value.
        """
        wrong, age = await self._violation(workflow_id, members, oldest=self._keep_seconds)
        if wrong is not None and age > BELIEVED_SECONDS:
            wrong, _ = await self._violation(workflow_id, members, oldest=BELIEVED_SECONDS)
        if wrong is not None:
            raise InvalidRequest(f"workflow {workflow_id} cannot start with this: {wrong}")

    async def _violation(
        self, workflow_id: int, members: Mapping[str, Any], *, oldest: float
    ) -> tuple[str | None, float]:
        kept = self._kept.get(workflow_id)
        if kept is None or self._clock() - kept.fetched_at > oldest:
            kept = self._kept[workflow_id] = _Kept(asyncio.create_task(self._compiled(workflow_id)), self._clock())
            kept.validator.add_done_callback(lambda done: self._forget_failure(workflow_id, done))
        self._kept.move_to_end(workflow_id)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)
        validator = await asyncio.shield(kept.validator)
        wrong = None if validator is None else await in_thread(lambda: violation(validator, members))
        return wrong, self._clock() - kept.fetched_at

    async def _compiled(self, workflow_id: int) -> Validator | None:
        schema = await self._fetch(workflow_id)
        return await in_thread(lambda: compiled(workflow_id, schema))

    def _forget_failure(self, workflow_id: int, done: "asyncio.Task[Validator | None]") -> None:
        kept = self._kept.get(workflow_id)
        if (done.cancelled() or done.exception() is not None) and kept is not None and kept.validator is done:
            del self._kept[workflow_id]


def compiled(workflow_id: int, schema: dict[str, Any]) -> Validator | None:
    """A schema ready to check with; ``None`` if it is none, so that K2 alone checks."""
    kind = validator_for(schema, default=UNSTATED_DRAFT)
    try:
        kind.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        said = error.message if isinstance(error, SchemaError) else "it is nested too deeply"
        _log.warning("the start schema of K2 workflow %s is not used: %s", workflow_id, said[:200])
        return None
    return kind(schema, registry=Registry())  # an empty one, so that no reference leads out of the document


def violation(validator: Validator, members: Mapping[str, Any]) -> str | None:
    """What breaks the schema most plainly, without the value: that may be nobody else's business."""
    try:
        error = best_match(validator.iter_errors(members))
    except (Unresolvable, RecursionError, re.error) as reason:  # .NET knows patterns that Python does not
        _log.warning("a start schema of K2 is not used: %s", type(reason).__name__)
        return None
    return None if error is None else _explained(error)


def _explained(error: ValidationError) -> str:
    place = ".".join(str(step) for step in error.absolute_path)
    match error.validator:
        case "required" | "additionalProperties" | "dependentRequired":
            said = error.message  # holds names of fields, no values
        case "type":
            said = f"is not of type {_short(error.validator_value)}"
        case other:
            said = f"breaks the rule {other}: {_short(error.validator_value)}"
    return f"{place}: {said}" if place else said


def _short(rule: Any) -> str:
    text = rule if isinstance(rule, str) else json.dumps(rule, default=str, ensure_ascii=False)
    return text if len(text) <= _MAX_EXPECTATION else text[:_MAX_EXPECTATION] + "…"
