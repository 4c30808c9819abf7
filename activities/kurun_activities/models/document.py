"""Requests and responses of the activities on documents. Bytes stay out of them, but for small inline documents."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from kurun_activities.models.base import ActivityRequest, ActivityResponse
from kurun_activities.models.process import ProcessRequest


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None


Inline = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(lambda content: base64.b64encode(content).decode(), return_type=str, when_used="json"),
]
"""Bytes; base64 on the wire."""


class DocumentSource(ActivityRequest):
    """Where a document's bytes come from: exactly one of the three.

    Attributes:
        path: A local file of the worker, inside one of its document folders.
        url: An http(s) address on one of the hosts that the worker may fetch from.
        inline: The bytes themselves, for small documents: they travel through history.
    """

    path: str | None = None
    url: str | None = None
    inline: Inline | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _is_one_source(self) -> "DocumentSource":
        if [self.path, self.url, self.inline].count(None) != 2:
            raise ValueError("exactly one of path, url and inline is required")
        return self


class ProcessDocumentUploadRequest(ProcessRequest):
    """Upload a document into a process.

    Attributes:
        file_name: The document's name in KuFlow.
        content_type: Its media type; guessed from the name if absent.
        source: Where its bytes come from.
    """

    file_name: str = Field(min_length=1, max_length=255)
    content_type: str | None = None
    source: DocumentSource


class ProcessDocumentUploadResponse(ActivityResponse):
    """Where the document lies. KuFlow deletes it after 24 hours unless it is linked into data.

    Attributes:
        document_uri: Its address inside KuFlow.
        reference: The ``kuflow-file:`` text to put into JSON data.
        size: Its length in bytes.
    """

    document_uri: str
    reference: str
    size: int


class ProcessDocumentDownloadRequest(ProcessRequest):
    """Download a document of a process to a local file of the worker.

    Attributes:
        document_uri: The document, as an upload answered it: its address, or a whole ``kuflow-file:`` reference.
        path: The file to write, inside one of the worker's document folders; an existing file is replaced.
    """

    document_uri: str = Field(min_length=1)
    path: str = Field(min_length=1)


class ProcessDocumentDownloadResponse(ActivityResponse):
    """The written file: its path, its length in bytes and the SHA-256 of its content in hexadecimal digits."""

    path: str
    size: int
    sha256: str
