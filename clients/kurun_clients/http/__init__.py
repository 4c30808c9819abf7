"""What every API client here stands on: one async base client, its errors, its repeats, its transport."""

from kurun_clients.http.api import ApiClient
from kurun_clients.http.base import DEFAULT_TIMEOUT, BaseClient
from kurun_clients.http.body import Content
from kurun_clients.http.errors import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectError,
    ConnectionLost,
    ErrorBody,
    ErrorReason,
    Forbidden,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    ServerError,
    StatusError,
    TooManyRequests,
    TransportError,
    Unauthorized,
    UnsupportedMediaType,
)
from kurun_clients.http.observing import Exchange, Observer, Service
from kurun_clients.http.replies import Reply, StreamedReply
from kurun_clients.http.retry import RetryPolicy
from kurun_clients.http.transport import AiohttpTransport

__all__ = [
    # the client
    "AiohttpTransport",
    "ApiClient",
    "BaseClient",
    "Content",
    "DEFAULT_TIMEOUT",
    "Exchange",
    "Observer",
    "Reply",
    "RetryPolicy",
    "Service",
    "StreamedReply",
    # its errors
    "ApiError",
    "InvalidRequest",
    "InvalidResponse",
    "TransportError",
    "ConnectError",
    "ConnectionLost",
    "RequestTimeout",
    "StatusError",
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "Conflict",
    "PayloadTooLarge",
    "UnsupportedMediaType",
    "TooManyRequests",
    "ServerError",
    "ErrorBody",
    "ErrorReason",
]
