"""Access to the engine: token and certificate from KuFlow, handed to Temporal clients."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum

import structlog
from cryptography import x509
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import ConnectConfig, RPCError, ServiceClient, TLSConfig
from temporalio.worker import Worker

from kurun_clients.http import InvalidResponse
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import Authentication, AuthenticationType, EngineCertificate
from kurun_config import Settings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.credentials import Credential, Keeper, NotAppliedError
from kurun_worker.pacing import Pacing
from kurun_worker.reasons import engine_reason

log = structlog.get_logger(__name__)

AUTHORIZATION = "authorization"
CERTIFICATE_LIFE_FALLBACK = timedelta(days=1)
RENEWAL_PAUSE = 2.0
CONNECT_SECONDS = 30.0


class Step(Enum):
    """What the way to the engine consists of; names the party that keeps us waiting."""

    CERTIFICATE = "engine certificate"
    TOKEN = "engine token"  # noqa: S105 - a name
    CONNECTION = "connection"


def token_life(answer: Authentication, now: datetime, fallback: timedelta) -> timedelta:
    """How long an engine token is good for.

    ``expiredAt`` is a date of KuFlow's clock. Where that lies in the past by ours, one of the clocks is wrong and only
    the distance from ``createdAt`` tells something.

    Args:
        answer: What POST /authentications said.
        now: This machine's time when it was asked.
        fallback: What to assume when nothing is said.
    """
    expired_at = answer.engine_token.expired_at if answer.engine_token else None
    if expired_at is None:
        return fallback
    until = _aware(expired_at) - now
    if answer.created_at is None or (total := _aware(expired_at) - _aware(answer.created_at)) <= timedelta(0):
        return until if until > timedelta(0) else fallback
    return min(until, total) if until > timedelta(0) else total


def certificate_life(certificate: EngineCertificate, now: datetime) -> timedelta:
    """How long the client certificate is good for, as its own ``notAfter`` says."""
    try:
        end = x509.load_pem_x509_certificate(certificate.tls.client_certificate.encode()).not_valid_after_utc
    except ValueError:
        log.warning("the end of the engine certificate cannot be read", assumed=CERTIFICATE_LIFE_FALLBACK)
        return CERTIFICATE_LIFE_FALLBACK
    return end - now if end > now else CERTIFICATE_LIFE_FALLBACK


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def tls_config(certificate: EngineCertificate) -> TLSConfig:
    """The certificate as Temporal wants it."""
    return TLSConfig(
        server_root_ca_cert=certificate.tls.server_root_ca_certificate.encode(),
        client_cert=certificate.tls.client_certificate.encode(),
        client_private_key=certificate.tls.client_private_key.encode(),
    )


def _tls_of(worker: Worker) -> TLSConfig | bool | None:
    return worker.client.service_client.config.tls


def own_authorization(config: ConnectConfig) -> bool:
    """Whether the caller brought an authorization of his own, which is then left alone."""
    return config.api_key is not None or any(key.lower() == AUTHORIZATION for key in config.rpc_metadata)


class EngineAccess:
    """The two credentials of the engine and the Temporal clients that use them.

    Args:
        settings: The effective settings.
        kuflow: Asked for credentials.
        on_token: Told every new token.
        clock: Where time comes from.

    Attributes:
        namespace: The namespace to work in, once it is known.
        brings_certificate: Whether connections use KuFlow's certificate, and not one of the caller's.
        step: What was waited for last.
    """

    def __init__(
        self,
        settings: Settings,
        kuflow: KuFlowClient,
        *,
        on_token: Callable[[str], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        engine = settings.engine
        self._on_token = on_token
        self._settings = settings
        self._kuflow = kuflow
        self._clock = clock
        self._clients: weakref.WeakSet[ServiceClient] = weakref.WeakSet()
        self._workers: set[Worker] = set()
        backoff = engine.renewal_backoff_max.total_seconds()
        self.token = Keeper("engine token", self._ask_token, pacing=Pacing(backoff), clock=clock)
        self.certificate = Keeper(
            "engine certificate",
            self._ask_certificate,
            pacing=Pacing(backoff, look_max=engine.certificate_check.total_seconds(), minimum=RENEWAL_PAUSE),
            clock=clock,
        )
        self.namespace: str | None = engine.namespace
        self.brings_certificate = False
        self.step = Step.CONNECTION

    async def connect(
        self, config: ConnectConfig, connect: Callable[[ConnectConfig], Awaitable[ServiceClient]]
    ) -> ServiceClient:
        """Connect with keys and token, except where the caller set his own.

        Raises:
            ApiError: KuFlow refused or could not be reached.
        """
        # A worker takes a new client only on the same runtime, so it is named even where it is the default one.
        config = replace(config, runtime=config.runtime or Runtime.default())
        if config.tls in (None, True):
            config = replace(config, tls=tls_config(await self._current_certificate()))
            self.brings_certificate = True
        if own_authorization(config):
            self.step = Step.CONNECTION
            return await connect(config)
        token = await self.token.current()
        self.step = Step.CONNECTION
        client = await connect(replace(config, rpc_metadata=_authorized(config.rpc_metadata, token)))
        self._clients.add(client)
        return client

    async def adopt(self, client: ServiceClient) -> None:
        """Keep the token of a client fresh that was connected without us."""
        if client not in self._clients and not own_authorization(client.config):
            self._clients.add(client)
            await self.apply_token(await self.token.current())

    async def apply_token(self, token: str) -> None:
        """Let every client use a new token from its next call on; a long poll in flight keeps the old one."""
        for client in list(self._clients):
            metadata = _authorized(client.config.rpc_metadata, token)
            client.update_rpc_metadata(metadata)
            client.config.rpc_metadata = metadata

    async def refresh(self) -> None:
        """Renew both credentials before a new connection; a renewal that fails leaves what is still valid.

        Raises:
            ApiError: KuFlow refused or could not be reached, and the old credential has expired.
        """
        await self.apply_token(await self.token.refresh())
        if self.brings_certificate:
            await self.certificate.refresh()

    @contextmanager
    def connecting(self, worker: Worker) -> Iterator[None]:
        """Give this worker a new connection whenever the certificate is renewed inside the block."""
        self._workers.add(worker)
        held = self.certificate.held
        if held is not None and _tls_of(worker) != tls_config(held):
            # Renewed for the others while this one was connecting.
            self.certificate.demand()
        try:
            yield
        finally:
            self._workers.discard(worker)

    async def apply_certificate(self, certificate: EngineCertificate) -> None:
        """Give every running worker a connection with a new certificate; calls in flight end on the old one.

        Raises:
            ApiError: The token has ended, and KuFlow gives out no other.
            NotAppliedError: The engine does not accept the connection.
        """
        tls = tls_config(certificate)
        while lacking := [each for each in self._workers if _tls_of(each) != tls]:
            await self._reconnect(lacking[0], tls)
        now = self._clock.now()
        log.info("engine certificate renewed", expires_at=now + certificate_life(certificate, now))

    async def _reconnect(self, worker: Worker, tls: TLSConfig) -> None:
        old = worker.client
        ours = old.service_client in self._clients
        if ours and self.token.remaining() <= 0:
            await self.apply_token(await self.token.current())
        # The configuration of the old connection holds what every plugin and the caller put in, and the newest token.
        config = replace(old.service_client.config, tls=tls)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                service = await ServiceClient.connect(config)
        except (RPCError, RuntimeError) as error:
            reason = engine_reason(error)
            raise NotAppliedError(f"no connection to the engine with the new certificate: {reason}") from error
        if ours:
            self._clients.add(service)
            await self.apply_token(await self.token.current())
        parameters = old.config()
        parameters["service_client"] = service
        worker.client = Client(**parameters)

    async def _current_certificate(self) -> EngineCertificate:
        certificate = await self.certificate.current()
        self.namespace = self._settings.engine.namespace or certificate.namespace
        return certificate

    async def _ask_token(self) -> Credential[str]:
        self.step = Step.TOKEN
        now = self._clock.now()
        answer = await self._kuflow.authentications.create(
            AuthenticationType.ENGINE_TOKEN, tenant_id=self._settings.kuflow.tenant_id
        )
        if answer.engine_token is None:
            raise self._without("engine token")
        if self._on_token is not None:
            self._on_token(answer.engine_token.token)
        life = token_life(answer, now, self._settings.engine.token_life_fallback)
        return Credential(answer.engine_token.token, life, now + life)

    async def _ask_certificate(self) -> Credential[EngineCertificate]:
        self.step = Step.CERTIFICATE
        now = self._clock.now()
        answer = await self._kuflow.authentications.create(
            AuthenticationType.ENGINE_CERTIFICATE, tenant_id=self._settings.kuflow.tenant_id
        )
        if answer.engine_certificate is None:
            raise self._without("engine certificate")
        life = certificate_life(answer.engine_certificate, now)
        return Credential(answer.engine_certificate, life, now + life)

    def _without(self, wanted: str) -> InvalidResponse:
        endpoint = str(self._settings.kuflow.endpoint)
        return InvalidResponse("POST", f"{endpoint}/authentications", "/authentications", f"the answer has no {wanted}")


def _authorized(metadata: Mapping[str, str | bytes], token: str) -> dict[str, str | bytes]:
    return {**metadata, AUTHORIZATION: f"Bearer {token}"}
