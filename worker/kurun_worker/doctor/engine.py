"""Whether the engine lets this worker in, and who is there already."""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from kurun_clients.kuflow.models import EngineCertificate
from kurun_config import EngineCredentials, Settings, variable
from kurun_worker.doctor.kuflow import KuFlowSide
from kurun_worker.doctor.report import Verdict, failed, misconfigured, ok, warning
from kurun_worker.doctor.tls import until
from kurun_worker.engine import AUTHORIZATION, tls_config
from kurun_worker.plugin import TEMPORAL_DEFAULT_NAMESPACE
from kurun_worker.reasons import engine_reason

_RPC_SECONDS: Final = timedelta(seconds=10)
_POLLING: Final = timedelta(seconds=75)
"""A poll lasts a minute; whoever polled longer ago has gone."""
_MOST_NAMES: Final = 5
_HOUR: Final = timedelta(hours=1)


@dataclass
class EngineSide:
    """What is asked of the engine.

    Attributes:
        settings: The effective settings.
        kuflow: Where token and certificate come from.
        client: The connection, once it is there.
    """

    settings: Settings
    kuflow: KuFlowSide
    client: Client | None = field(default=None, repr=False)

    @property
    def keys(self) -> EngineCertificate | None:
        """What KuFlow gave us for the connection."""
        answer = self.kuflow.certificate
        return answer.engine_certificate if answer else None

    @property
    def namespace(self) -> str:
        """The namespace that a worker would work in."""
        named = self.settings.engine.namespace or (self.keys.namespace if self.keys else None)
        return named or TEMPORAL_DEFAULT_NAMESPACE

    async def certificate(self) -> Verdict:
        """Ask KuFlow for the certificate and read it."""
        if (wrong := await self.kuflow.authority()) is not None:
            return wrong
        keys = self.keys
        assert keys is not None  # noqa: S101 - narrows for the type checker
        try:
            certificate = x509.load_pem_x509_certificate(keys.tls.client_certificate.encode())
            key = load_pem_private_key(keys.tls.client_private_key.encode(), password=None)
            x509.load_pem_x509_certificates(keys.tls.server_root_ca_certificate.encode())
        except (ValueError, TypeError):
            return failed("the engine certificate that KuFlow gives cannot be read", "tell KuFlow's support")
        if certificate.public_key() != key.public_key():
            return failed("the engine certificate that KuFlow gives does not fit its key", "tell KuFlow's support")
        if certificate.not_valid_after_utc <= datetime.now(UTC):
            said = f"the engine certificate that KuFlow gives ended on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M}"
            return failed(f"{said} UTC", "check this machine's clock")
        named = self.settings.engine.namespace
        said = f"{until(certificate.not_valid_after_utc)}, for namespace {keys.namespace}"
        if named is not None and named != keys.namespace:
            fix = f"unset {variable('engine.namespace')} unless that is meant"
            return warning(f"{said}, but the settings name {named}", fix)
        return ok(said)

    def context(self) -> ssl.SSLContext:
        """What Temporal's connection is secured with, for a look at the engine's own certificate."""
        keys = self.keys
        assert keys is not None  # noqa: S101 - the check of the certificate comes before
        context = ssl.create_default_context(cadata=keys.tls.server_root_ca_certificate)
        context.set_alpn_protocols(["h2"])
        # OpenSSL reads keys from files alone; this one never touches a disk.
        descriptor = os.memfd_create("kurun-check", os.MFD_CLOEXEC)
        try:
            pair = f"{keys.tls.client_certificate}\n{keys.tls.client_private_key}\n".encode()
            os.write(descriptor, pair)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return context

    async def enter(self) -> Verdict:
        """Connect as the worker would, and ask for the namespace."""
        address = self.settings.engine.address
        try:
            self.client = await self._connect()
            request = DescribeNamespaceRequest(namespace=self.namespace)
            await self.client.workflow_service.describe_namespace(request, timeout=_RPC_SECONDS)
        except RPCError as error:
            return self._refused(error)
        except RuntimeError as error:
            said = f"no connection to {address}: {engine_reason(error)}"
            return failed(said, f"check {variable('engine.address')} and the firewall")
        return ok(f"the engine at {address} lets us into {self.namespace}")

    async def task_queue(self) -> Verdict:
        """Ask who polls the queue. Nothing is polled and nothing is registered."""
        assert self.client is not None  # noqa: S101 - the check of the namespace comes before
        queue = self.settings.worker.task_queue or ""
        pollers: list[PollerInfo] = []
        for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
            request = DescribeTaskQueueRequest(
                namespace=self.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
            )
            try:
                answer = await self.client.workflow_service.describe_task_queue(request, timeout=_RPC_SECONDS)
            except RPCError as error:
                said = f"the engine does not tell about {queue}: {engine_reason(error)}"
                return warning(said, f"see that {variable('worker.task_queue')} is right")
            pollers += answer.pollers
        return ok(
            f"{queue}: {_polled_by(pollers)}; whether KuFlow knows the queue is told by the first registration alone"
        )

    async def _connect(self) -> Client:
        token = self.kuflow.token.engine_token if self.kuflow.token else None
        bare = self.settings.engine.credentials is EngineCredentials.NONE
        return await Client.connect(
            self.settings.engine.address,
            namespace=self.namespace,
            identity="kurun check",
            connect_timeout=self.settings.engine.connect_timeout,
            runtime=Runtime(telemetry=TelemetryConfig(logging=None)),
            tls=False if bare or self.keys is None else tls_config(self.keys),
            rpc_metadata={} if bare or token is None else {AUTHORIZATION: f"Bearer {token.token}"},
        )

    def _refused(self, error: RPCError) -> Verdict:
        said = engine_reason(error)
        match error.status:
            case RPCStatusCode.NOT_FOUND:
                named = self.settings.engine.namespace is not None
                fix = f"check {variable('engine.namespace')}" if named else "tell KuFlow's support, who named it"
                return misconfigured(f"the engine has no namespace {self.namespace}", fix)
            case RPCStatusCode.PERMISSION_DENIED if self.client is not None:
                # A worker needs no right to see its namespace, only to poll in it.
                said = f"the engine does not tell about {self.namespace}: {said}"
                return warning(said, f"see that {variable('engine.namespace')} is right")
            case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
                said = f"the engine at {self.settings.engine.address} refuses KuFlow's token: {said}"
                fix = f"see that {variable('engine.address')} and {variable('kuflow.endpoint')} belong together"
                return misconfigured(said, f"{fix}, and that the clocks agree")
            case _:
                said = f"the engine at {self.settings.engine.address} does not serve: {said}"
                return failed(said, "try again later; see that nothing between here and there breaks HTTP/2")


def _polled_by(pollers: Sequence[PollerInfo]) -> str:
    seen: dict[str, timedelta] = {}
    for poller in pollers:
        ago = datetime.now(UTC) - poller.last_access_time.ToDatetime(tzinfo=UTC)
        if ago < _POLLING:
            seen[poller.identity] = min(ago, seen.get(poller.identity, _HOUR))
    if not seen:
        return "nobody polls it now"
    names = [f"{name} ({max(ago.total_seconds(), 0):.0f} s ago)" for name, ago in sorted(seen.items())]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"last polled by {', '.join(names[:_MOST_NAMES])}{more}"
