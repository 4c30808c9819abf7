"""Requests and responses of the activities on documents. Bytes stay out of them, but for small inline documents."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from kurun_activities.models.base import ActivityRequest, ActivityResponse
from kurun_activities.models.business_artifact import BusinessArtifactRequest
from kurun_activities.models.process import ProcessRequest
from kurun_activities.models.process_item import ProcessItemRequest


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


class UploadRequest(ActivityRequest):
    """What all uploads share.

    Attributes:
        file_name: The document's name in KuFlow.
        content_type: Its media type; guessed from the name if absent.
        source: Where its bytes come from.
    """

    file_name: str = Field(min_length=1, max_length=255)
    content_type: str | None = None
    source: DocumentSource


class UploadResponse(ActivityResponse):
    """Where a document lies. KuFlow deletes it after some hours unless it is linked into data.

    Attributes:
        document_uri: Its address inside KuFlow.
        reference: The ``kuflow-file:`` text to put into JSON data.
        size: Its length in bytes.
    """

    document_uri: str
    reference: str
    size: int


class DownloadRequest(ActivityRequest):
    """What all downloads share.

    Attributes:
        path: The file to write, inside one of the worker's document folders; an existing file is replaced.
    """

    path: str = Field(min_length=1)


class DownloadResponse(ActivityResponse):
    """The written file: its path, its length in bytes and the SHA-256 of its content in hexadecimal digits."""

    path: str
    size: int
    sha256: str


DocumentUri = Annotated[str, Field(min_length=1)]
"""A document, as an upload answered it: its address, or a whole ``kuflow-file:`` reference."""


class ProcessDocumentUploadRequest(UploadRequest, ProcessRequest):
    """Upload a document into a process."""


class ProcessDocumentUploadResponse(UploadResponse):
    """Where the document lies; unlinked, it is deleted after 24 hours."""


class ProcessDocumentDownloadRequest(DownloadRequest, ProcessRequest):
    """Download a document of a process to a local file of the worker."""

    document_uri: DocumentUri


class ProcessDocumentDownloadResponse(DownloadResponse):
    """The written file."""


class BusinessArtifactDocumentUploadRequest(UploadRequest, BusinessArtifactRequest):
    """Upload a document into a business artifact."""


class BusinessArtifactDocumentUploadResponse(UploadResponse):
    """Where the document lies; unlinked, it is deleted after 2 hours."""


class BusinessArtifactDocumentDownloadRequest(DownloadRequest, BusinessArtifactRequest):
    """Download a document of a business artifact to a local file of the worker."""

    document_uri: DocumentUri


class BusinessArtifactDocumentDownloadResponse(DownloadResponse):
    """The written file."""


class DocumentUploadRequest(UploadRequest):
    """Upload a document into what a uri names.

    Attributes:
        target_uri: ``ku:process/{id}`` or ``ku:business-artifact/{id}``, as resources give it in their ``uri``.
    """

    target_uri: str = Field(min_length=1)


class DocumentUploadResponse(UploadResponse):
    """Where the document lies; unlinked, it is deleted after 2 hours."""


class DocumentDownloadRequest(DownloadRequest):
    """Download any document that the worker may read to a local file of the worker."""

    document_uri: DocumentUri


class DocumentDownloadResponse(DownloadResponse):
    """The written file."""


class ProcessItemTaskDataWebformsDownloadRequest(DownloadRequest, ProcessItemRequest):
    """Download a form of a task, filled in, as a document to a local file of the worker.

    Attributes:
        property_path: JSON pointer (RFC 6901) to the form in the task's data.
    """

    property_path: str = Field(min_length=1)


class ProcessItemTaskDataWebformsDownloadResponse(DownloadResponse):
    """The written file."""
