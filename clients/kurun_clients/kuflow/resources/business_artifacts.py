"""Everything under /business-artifacts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import paging
from kurun_clients.kuflow.documents import DocumentContent, DocumentDownload, document_address
from kurun_clients.kuflow.filters import FilterExpression
from kurun_clients.kuflow.models import (
    BusinessArtifact,
    BusinessArtifactAction,
    BusinessArtifactActionCreateArtifactPrepare,
    BusinessArtifactActionCreateArtifactPrepareParams,
    BusinessArtifactActionCreateParams,
    BusinessArtifactActionStartProcessPrepare,
    BusinessArtifactActionStartProcessPrepareParams,
    BusinessArtifactCreateParams,
    BusinessArtifactDataUpdateParams,
    BusinessArtifactPage,
    BusinessArtifactPageItem,
    DeletedQueryParam,
    DocumentReference,
    JsonPatchOperation,
    JsonValue,
)
from kurun_clients.kuflow.references import KuFlowFile
from kurun_clients.kuflow.resources.arguments import (
    Id,
    Printer,
    expressions,
    identifier,
    identifiers,
    texts,
    words_of,
)
from kurun_clients.kuflow.resources.bodies import JSON_PATCH, body, patch
from kurun_clients.kuflow.resources.listing import Listing
from kurun_clients.kuflow.resources.uploads import upload

_FILTERS: dict[str, Printer] = {
    "tenant_id": identifiers,
    "business_artifact_definition_id": identifiers,
    "business_artifact_definition_code": texts,
    "value": expressions,
    "deleted": words_of(DeletedQueryParam),
}


class BusinessArtifactFilters(TypedDict, total=False):
    """Which artifacts are meant; several values of one filter mean any of them.

    Attributes:
        tenant_id: Tenants.
        business_artifact_definition_id: Definitions, by id.
        business_artifact_definition_code: Definitions, by code.
        value: Conditions on indexed fields of the data; see :mod:`kurun_clients.kuflow.filters`.
        deleted: Whether deleted ones are among them; by default they are not.
    """

    tenant_id: Id | Iterable[Id]
    business_artifact_definition_id: Id | Iterable[Id]
    business_artifact_definition_code: str | Iterable[str]
    value: FilterExpression | str | Iterable[FilterExpression | str]
    deleted: DeletedQueryParam | None


class BusinessArtifacts:
    """What a tenant keeps data of beyond one process."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client
        self._list = Listing[BusinessArtifactPage, BusinessArtifactPageItem](
            client, "/business-artifacts", BusinessArtifactPage, _FILTERS
        )

    async def find(
        self,
        *,
        size: int | None = None,
        page: int | None = None,
        sort: str | Iterable[str] = (),
        **filters: Unpack[BusinessArtifactFilters],
    ) -> BusinessArtifactPage:
        """One page.

        Args:
            size: Elements a page, 0 to 1000; KuFlow's default is 25.
            page: Its number, from 0.
            sort: ``property`` or ``property,desc`` of id, createdAt, lastModifiedAt.
            filters: See :class:`BusinessArtifactFilters`.
        """
        return await self._list.find(size=size, page=page, sort=sort, filters=filters)

    def iterate(
        self,
        *,
        size: int | None = None,
        sort: str | Iterable[str] = paging.STABLE_ORDER,
        **filters: Unpack[BusinessArtifactFilters],
    ) -> AsyncIterator[BusinessArtifactPageItem]:
        """Every artifact that :meth:`find` finds, page by page; ``size`` is the page's."""
        return self._list.iterate(size=size, sort=sort, filters=filters)

    async def create(self, params: BusinessArtifactCreateParams) -> BusinessArtifact:
        """Create an artifact, or get the one that has this ``id`` already."""
        return await self._client.call(
            BusinessArtifact, "POST", "/business-artifacts", json=body(params), idempotent=params.id is not None
        )

    async def retrieve(self, id: Id) -> BusinessArtifact:  # noqa: A002 - the API's own word
        """An artifact with its data."""
        return await self._client.call(BusinessArtifact, "GET", _path(id))

    async def delete(self, id: Id) -> None:  # noqa: A002
        """Delete an artifact; :meth:`restore` brings it back."""
        await self._client.send("DELETE", _path(id), idempotent=True)

    async def restore(self, id: Id) -> BusinessArtifact:  # noqa: A002
        """Bring a deleted artifact back; nothing happens if it is there."""
        return await self._client.call(BusinessArtifact, "POST", _path(id, "/~actions/restore"), idempotent=True)

    async def update_data(self, id: Id, data: JsonValue) -> BusinessArtifact:  # noqa: A002
        """Replace the data. Invalid data is saved and flagged: look at ``data.valid`` of the answer."""
        params = BusinessArtifactDataUpdateParams(data=data)
        return await self._client.call(BusinessArtifact, "PUT", _path(id, "/data"), json=body(params))

    async def patch_data(self, id: Id, operations: Iterable[JsonPatchOperation]) -> BusinessArtifact:  # noqa: A002
        """Change parts of the data."""
        return await self._client.call(
            BusinessArtifact, "PATCH", _path(id, "/data"), json=patch(operations), content_type=JSON_PATCH
        )

    async def create_action(
        self,
        id: Id,  # noqa: A002
        params: BusinessArtifactActionCreateParams,
    ) -> BusinessArtifactAction:
        """Start an action, or get the one that has this ``id`` already."""
        return await self._client.call(
            BusinessArtifactAction, "POST", _path(id, "/actions"), json=body(params), idempotent=params.id is not None
        )

    async def retrieve_action(self, id: Id, action_id: Id) -> BusinessArtifactAction:  # noqa: A002
        """An action of an artifact."""
        return await self._client.call(BusinessArtifactAction, "GET", _path(id, f"/actions/{identifier(action_id)}"))

    async def cancel_action(self, id: Id, action_id: Id) -> BusinessArtifactAction:  # noqa: A002
        """End an action that is only requested as cancelled; nothing happens if it has ended."""
        path = _path(id, f"/actions/{identifier(action_id)}/~actions/cancel")
        return await self._client.call(BusinessArtifactAction, "POST", path, idempotent=True)

    async def prepare_action_create_artifact(
        self,
        id: Id,  # noqa: A002
        params: BusinessArtifactActionCreateArtifactPrepareParams,
    ) -> BusinessArtifactActionCreateArtifactPrepare:
        """What the artifact would start with that an action creates; nothing is created or kept."""
        path = _path(id, "/~actions/prepare-create-artifact")
        return await self._client.call(
            BusinessArtifactActionCreateArtifactPrepare, "POST", path, json=body(params), idempotent=True
        )

    async def prepare_action_start_process(
        self,
        id: Id,  # noqa: A002
        params: BusinessArtifactActionStartProcessPrepareParams,
    ) -> BusinessArtifactActionStartProcessPrepare:
        """What the process would start with that an action starts; nothing is started or kept."""
        path = _path(id, "/~actions/prepare-start-process")
        return await self._client.call(
            BusinessArtifactActionStartProcessPrepare, "POST", path, json=body(params), idempotent=True
        )

    async def upload_document(
        self,
        id: Id,  # noqa: A002
        content: DocumentContent,
        *,
        file_name: str,
        content_type: str,
    ) -> DocumentReference:
        """Stream a document into the artifact; one that is not linked to its data within 2 hours is deleted."""
        reply = await upload(
            self._client,
            _path(id, "/~actions/upload-document"),
            content,
            file_name=file_name,
            content_type=content_type,
        )
        return reply.read(DocumentReference)

    @asynccontextmanager
    async def download_document(
        self,
        id: Id,  # noqa: A002
        document_uri: str | KuFlowFile,
    ) -> AsyncIterator[DocumentDownload]:
        """A document as a stream; leaving the block early drops the connection."""
        query = [("documentUri", document_address(document_uri))]
        async with self._client.stream(_path(id, "/~actions/download-document"), query=query) as reply:
            yield DocumentDownload.of(reply)


def _path(id: Id, below: str = "") -> str:  # noqa: A002
    return f"/business-artifacts/{identifier(id)}{below}"
