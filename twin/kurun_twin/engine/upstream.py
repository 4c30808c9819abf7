"""The plain way to the Temporal frontend, and whether it is ready."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from kurun_twin.engine.errors import EngineError

MAX_MESSAGE = 128 * 1024**2
"""Largest gRPC message, in bytes: what a Temporal frontend takes."""

SEARCH_ATTRIBUTE = "KuFlowWorkflowVersion"

_SERVICE = b"temporal.api.workflowservice.v1.WorkflowService"
_HEALTH_REQUEST = bytes([0x0A, len(_SERVICE)]) + _SERVICE  # grpc.health.v1.HealthCheckRequest{service}
_SERVING = bytes([0x08, 0x01])  # grpc.health.v1.HealthCheckResponse{status: SERVING}
_ATTEMPT = 2.0
_PAUSE = 0.05


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel of bytes to ``host:port``; it connects when it is first used and again after every break."""
    return grpc.aio.insecure_channel(
        address,
        options=[
            ("grpc.max_send_message_length", MAX_MESSAGE),
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.enable_retries", 0),  # the worker behind the gateway decides what is repeated
        ],
    )


def unary(channel: grpc.aio.Channel, path: str) -> grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]:
    """A method by its full path, its messages as bytes."""
    return channel.unary_unary(path)


async def wait_until_ready(channel: grpc.aio.Channel, namespace: str, patience: float) -> None:
    """Wait until the frontend serves and knows the namespace.

    Raises:
        EngineError: It did not within ``patience`` seconds.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while reason := await _trouble(channel, namespace):
        if loop.time() > deadline:
            raise EngineError(f"the Temporal server was not ready within {patience:g} s: {reason}")
        await asyncio.sleep(_PAUSE)


async def _trouble(channel: grpc.aio.Channel, namespace: str) -> str:
    try:
        health = await unary(channel, "/grpc.health.v1.Health/Check")(_HEALTH_REQUEST, timeout=_ATTEMPT)
        if health != _SERVING:
            return "it does not serve yet"
        describe = unary(channel, "/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace")
        await describe(DescribeNamespaceRequest(namespace=namespace).SerializeToString(), timeout=_ATTEMPT)
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name}: {error.details()}"
    return ""


async def register_search_attribute(channel: grpc.aio.Channel, namespace: str) -> bool:
    """Let workflows carry KuFlow's search attribute; whether the server knows it now."""
    add = unary(channel, "/temporal.api.operatorservice.v1.OperatorService/AddSearchAttributes")
    request = AddSearchAttributesRequest(
        namespace=namespace, search_attributes={SEARCH_ATTRIBUTE: IndexedValueType.INDEXED_VALUE_TYPE_INT}
    )
    try:
        await add(request.SerializeToString(), timeout=10.0)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.ALREADY_EXISTS
    return True
