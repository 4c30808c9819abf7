"""Async client of the KuFlow API v2024-06-14.

Names are imported when they are first used: workflows and the twin need the models, not the network underneath.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kurun_clients.kuflow.auth import Base64BearerAuth, BasicAuth, BearerAuth
    from kurun_clients.kuflow.client import KuFlowClient
    from kurun_clients.kuflow.documents import BytesContent, DocumentContent, DocumentDownload, FileContent
    from kurun_clients.kuflow.filters import FilterExpression, FilterOperation, MalformedFilter, field
    from kurun_clients.kuflow.references import (
        KuFlowDataSource,
        KuFlowFile,
        KuFlowGroup,
        KuFlowPrincipal,
        KuFlowProcessRef,
        MalformedReference,
    )
    from kurun_clients.kuflow.webhooks import MalformedEvent, WebhookEvent, parse_event

__all__ = [
    "KuFlowClient",
    # who we are
    "Base64BearerAuth",
    "BasicAuth",
    "BearerAuth",
    # documents
    "BytesContent",
    "DocumentContent",
    "DocumentDownload",
    "FileContent",
    # references inside data
    "KuFlowDataSource",
    "KuFlowFile",
    "KuFlowGroup",
    "KuFlowPrincipal",
    "KuFlowProcessRef",
    "MalformedReference",
    # conditions of lists
    "FilterExpression",
    "FilterOperation",
    "MalformedFilter",
    "field",
    # webhooks
    "MalformedEvent",
    "WebhookEvent",
    "parse_event",
]

_HOMES = {
    "KuFlowClient": "client",
    "Base64BearerAuth": "auth",
    "BasicAuth": "auth",
    "BearerAuth": "auth",
    "BytesContent": "documents",
    "DocumentContent": "documents",
    "DocumentDownload": "documents",
    "FileContent": "documents",
    "KuFlowDataSource": "references",
    "KuFlowFile": "references",
    "KuFlowGroup": "references",
    "KuFlowPrincipal": "references",
    "KuFlowProcessRef": "references",
    "MalformedReference": "references",
    "FilterExpression": "filters",
    "FilterOperation": "filters",
    "MalformedFilter": "filters",
    "field": "filters",
    "MalformedEvent": "webhooks",
    "WebhookEvent": "webhooks",
    "parse_event": "webhooks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
