"""Async clients of K2: the Workflow REST API and the older K2 Services.

Names are imported when they are first used, so that nobody loads the libraries of what is not in use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kurun_clients.k2.errors import (
        AuthenticationRefused,
        GoneOrForbidden,
        K2Error,
        LoginRequired,
        NotExecuted,
        Refused,
        Temporary,
        UnknownOutcome,
    )
    from kurun_clients.k2.fields import FieldChanges, XmlField
    from kurun_clients.k2.oauth import FileTokenStore, OAuthApplication, StoredLogin, TokenStore, log_in
    from kurun_clients.k2.serial_numbers import SerialNumber
    from kurun_clients.k2.services.client import ServicesClient
    from kurun_clients.k2.workflow_api.client import WorkflowClient
    from kurun_clients.k2.workflow_api.models import WorkflowStart

__all__ = [
    # the Workflow REST API
    "WorkflowClient",
    "WorkflowStart",
    "FieldChanges",
    "SerialNumber",
    "XmlField",
    # the older K2 Services
    "ServicesClient",
    # logging in
    "FileTokenStore",
    "OAuthApplication",
    "StoredLogin",
    "TokenStore",
    "log_in",
    # how calls end
    "AuthenticationRefused",
    "GoneOrForbidden",
    "K2Error",
    "LoginRequired",
    "NotExecuted",
    "Refused",
    "Temporary",
    "UnknownOutcome",
]

_HOMES = {
    "WorkflowClient": "workflow_api.client",
    "WorkflowStart": "workflow_api.models",
    "FieldChanges": "fields",
    "SerialNumber": "serial_numbers",
    "XmlField": "fields",
    "ServicesClient": "services.client",
    "FileTokenStore": "oauth",
    "OAuthApplication": "oauth",
    "StoredLogin": "oauth",
    "TokenStore": "oauth",
    "log_in": "oauth",
    "AuthenticationRefused": "errors",
    "GoneOrForbidden": "errors",
    "K2Error": "errors",
    "LoginRequired": "errors",
    "NotExecuted": "errors",
    "Refused": "errors",
    "Temporary": "errors",
    "UnknownOutcome": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
