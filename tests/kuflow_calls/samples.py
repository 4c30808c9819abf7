"""What the calls are made with, and what a KuFlow answers that says no more than it must."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_clients.kuflow.models import JsonPatchOperation, JsonPatchOperationType, JsonValue

ONE = UUID("11111111-1111-4111-8111-111111111111")
TWO = UUID("22222222-2222-4222-8222-222222222222")
AUTH = BasicAuth("robot", "hunter2")

PROCESS = {"id": str(ONE), "state": "RUNNING"}
ITEM = {"id": str(ONE), "type": "TASK", "processId": str(TWO), "task": {"state": "READY"}}
PROCESS_ACTION = {"id": str(TWO), "type": "DOWNLOADABLE", "status": "REQUESTED", "processActionDefinitionRef": {}}
ASSISTANCE = {"requestId": str(TWO), "state": "PENDING", "startedAt": "2024-06-14T10:00:00Z"}
DEFINITION = {"id": str(TWO), "code": "CUSTOMER"}
ARTIFACT = {"id": str(ONE), "tenantId": str(TWO), "businessArtifactDefinitionRef": DEFINITION}
ARTIFACT_ACTION = {
    "id": str(TWO),
    "type": "START_PROCESS",
    "status": "COMPLETED",
    "businessArtifactActionDefinitionRef": {"id": str(TWO), "code": "COPY"},
}
EMPTY_PAGE = {"metadata": {"size": 25, "page": 0, "totalElements": 0, "totalPages": 0}, "content": []}
DOCUMENT = {"documentUri": "ku:process/1/document/2"}
WORKER = {"identity": "w", "taskQueue": "q", "hostname": "h", "ip": "127.0.0.1"}
TOKEN = {"type": "ENGINE_TOKEN", "engineToken": {"token": "t", "expiredAt": "2024-06-14T10:00:00Z"}}

PATCH = [JsonPatchOperation(op=JsonPatchOperationType.ADD, path="/a", value=None)]
VALUE = JsonValue.of({"a": 1})
FILE = {"file_name": "a b.pdf", "content_type": "application/pdf"}

Operation = Callable[[KuFlowClient], Awaitable[object]]

Call = tuple[Operation, dict[str, Any] | None, str, str, Any]
"""The call, what KuFlow answers to it (``None`` is 204), and the request: method, target, body."""
