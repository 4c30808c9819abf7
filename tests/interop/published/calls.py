"""The table of calls that drive the published client, and what they work with."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from azure.core.exceptions import HttpResponseError
from kuflow_rest import KuFlowRestClient, models

CALLS: dict[str, Callable[["Session"], None]] = {}
"""For each operation of the published client what calls it and looks at the answer; run from top to bottom."""


def client(endpoint: str, who: dict[str, Any]) -> KuFlowRestClient:
    """The published client as one principal; it wants to be told that plain http is meant."""
    return KuFlowRestClient(
        client_id=who["client_id"],
        client_secret=who["client_secret"],
        endpoint=endpoint,
        allow_insecure_connection=True,
    )


@dataclass
class Session:
    """What calls share.

    Attributes:
        info: What ``kurun dev --info`` wrote.
        application: The client of the application.
        ada: The client of the first person.
        made: What earlier calls made.
    """

    info: dict[str, Any]
    application: KuFlowRestClient = field(init=False)
    ada: KuFlowRestClient = field(init=False)
    made: SimpleNamespace = field(default_factory=SimpleNamespace)

    def __post_init__(self) -> None:
        kuflow = self.info["kuflow"]
        self.application = client(kuflow["endpoint"], kuflow)
        self.ada = client(kuflow["endpoint"], self.info["users"][0])

    @property
    def tenant_id(self) -> str:
        """The one tenant."""
        return str(self.info["kuflow"]["tenant_id"])

    @property
    def ada_id(self) -> str:
        """The first person."""
        return str(self.info["users"][0]["principal_id"])

    def new_process(self) -> models.Process:
        """A process of the definition that these calls are about."""
        params = models.ProcessCreateParams(
            id=new_id(), process_definition_code="CALLS", tenant_id=self.tenant_id, initiator_email="ada@example.com"
        )
        return self.application.process.create_process(params)

    def new_task(self, process_id: str) -> models.ProcessItem:
        """A task in a process."""
        params = models.ProcessItemCreateParams(
            id=new_id(),
            type=models.ProcessItemType.TASK,
            process_id=process_id,
            process_item_definition_code="FORM",
        )
        return self.application.process_item.create_process_item(params)


def call(function: Callable[[Session], None]) -> Callable[[Session], None]:
    """Put a function into the table; its name is the operation's."""
    CALLS[function.__name__] = function
    return function


def same(expected: object, actual: object) -> None:
    """Fail unless both are equal, and say what they are."""
    assert expected == actual, f"expected {expected!r}, got {actual!r}"


def refused(status: int, function: Callable[[], object]) -> models.DefaultError:
    """The error that the twin answers a call with, as the published client reads it."""
    try:
        answer = function()
    except HttpResponseError as error:
        same(status, error.status_code)
        # For 401, 404 and 409 the published client raises before it has read the body.
        return error.model or models.DefaultError.deserialize(error.response.json())
    raise AssertionError(f"expected {status}, got {answer!r}")


def new_id() -> str:
    """A new id."""
    return str(uuid.uuid4())


def document(content: bytes, name: str = "contract no 1; draft=2.pdf") -> models.Document:
    """A document to upload."""
    return models.Document(name, "application/pdf", BytesIO(content))


def replace(path: str, value: object) -> list[models.JsonPatchOperation]:
    """A JSON Patch that puts a value at a place."""
    return [models.JsonPatchOperation(op=models.JsonPatchOperationType.ADD, path=path, value=value)]
