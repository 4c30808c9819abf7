"""Everything under /workflows."""

from typing import Any

from pydantic_core import from_json

from kurun_clients.http import Reply
from kurun_clients.k2.fields import body, written
from kurun_clients.k2.workflow_api.arguments import number, word
from kurun_clients.k2.workflow_api.calls import Calls
from kurun_clients.k2.workflow_api.models import WorkflowDetails, WorkflowList, WorkflowStart
from kurun_clients.k2.workflow_api.schemas import StartSchemas

_MAX_SCHEMA_BYTES = 1024 * 1024


class Workflows:
    """Workflow definitions, and the start of their instances.

    Every id here is that of the definition, which stays the same over its versions, unless it says otherwise.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._schemas = StartSchemas(self.schema)

    async def find(self, type: str | None = None) -> WorkflowList:  # noqa: A002 - the API's own word
        """The workflows that the caller may see.

        Args:
            type: ``Startable`` for those that the caller may start.
        """
        query = [] if type is None else [("type", word("type", type))]
        return await self._calls.read(WorkflowList, "/workflows", query=query)

    async def retrieve(self, id: int) -> WorkflowDetails:  # noqa: A002
        """A workflow definition."""
        return await self._calls.read(WorkflowDetails, _path(id))

    async def schema(self, id: int) -> dict[str, Any]:  # noqa: A002
        """The JSON Schema of what :meth:`start` sends."""
        reply = await self._calls.fetch(_path(id, "/schema"), limit=_MAX_SCHEMA_BYTES)
        with self._calls.outcome(changes_state=False):
            return _schema(reply)

    async def start(
        self,
        id: int,  # noqa: A002
        start: WorkflowStart | None = None,
        *,
        check: bool = True,
    ) -> int:
        """Start an instance and return the *instance's* id. Every call that arrives makes one more.

        Args:
            id: The workflow.
            start: What it begins with.
            check: Hold ``start`` against the workflow's own schema first. The schema is fetched, and kept for minutes.

        Raises:
            InvalidRequest: It breaks the schema; the message names the field. Nothing was sent.
            ApiError: See :mod:`kurun_clients.k2.errors`; ``UnknownOutcome`` also when K2 names no id.
        """
        path = _path(id)
        members = written(start or WorkflowStart())
        json = body(members)
        if check:
            await self._schemas.check(id, members)
        reply = await self._calls.change(path, json)
        with self._calls.outcome(changes_state=True):
            return _instance_id(reply)


def _path(id: int, below: str = "") -> str:  # noqa: A002
    return f"/workflows/{number('the id of a workflow', id)}{below}"


def _schema(reply: Reply) -> dict[str, Any]:
    try:
        read = from_json(reply.content)
        if isinstance(read, str):  # as in workflowSchema, where it is text
            read = from_json(read)
    except ValueError as error:
        raise reply.call.invalid(f"{reply.status} with a schema that is no JSON: {error}") from None
    if not isinstance(read, dict):
        raise reply.call.invalid(f"{reply.status} with a schema that is no object")
    return read


def _instance_id(reply: Reply) -> int:
    """The id, which K2 writes as a number; its samples also read it as text or out of a member ``id``."""
    try:
        read = from_json(reply.content)
    except ValueError:
        read = None
    if isinstance(read, dict):
        read = next((value for name, value in read.items() if name.lower() == "id"), None)
    if isinstance(read, str) and read.isascii() and read.isdigit() and len(read) < 20:
        read = int(read)
    if isinstance(read, bool) or not isinstance(read, int) or read < 1:
        raise reply.call.invalid(f"{reply.status}, but the answer names no instance id")
    return read
