"""The KuFlow API v2024-06-14: its address, who we are, and its nouns."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Literal, Self
from uuid import UUID

import httpx2
from pydantic import SecretStr, ValidationError

from kurun_clients.http import DEFAULT_TIMEOUT, AiohttpTransport, ApiClient, BaseClient, Observer, RetryPolicy
from kurun_clients.http.auth import CredentialsAuth, Refused
from kurun_clients.http.trust import trusting
from kurun_clients.kuflow.auth import Base64BearerAuth, BasicAuth, BearerAuth
from kurun_clients.kuflow.models import DefaultError
from kurun_clients.kuflow.operations import KUFLOW
from kurun_clients.kuflow.resources import (
    Authentications,
    BusinessArtifacts,
    Documents,
    Groups,
    Kms,
    Principals,
    Processes,
    ProcessItems,
    Robots,
    Tenants,
    TenantUsers,
    Workers,
)
from kurun_config import ConfigurationError, KuFlowApiShape, KuFlowAuthentication, KuFlowSettings, require, variable


class KuFlowClient(ApiClient):
    """The KuFlow API. Use it as an async context manager, or call :meth:`aclose`.

    Every call raises :class:`kurun_clients.http.ApiError`; the tree is drawn in :mod:`kurun_clients.http.errors`.

    Args:
        endpoint: Address of the API, with its version.
        auth: How requests say who they are.
        tenant_id: Tenant to ask engine credentials for.
        timeout: Seconds for connecting, for each read and write, and for a free connection.
        retries: Repeats of what never reached the server, or may reach it twice; short ones only.
        max_connections: Connections at the same time.
        ssl_context: What to trust instead of the system's authorities.
        transport: The seam for tests; replaces what the two before configure.
        shape: How requests are written: as KuFlow does it now, or as it did before November 2024 (``seed``).
        observers: Told of every attempt of every call.

    Attributes:
        authentications: Engine credentials.
        workers: The catalogue of workers.
        principals: Whoever acts in KuFlow.
        tenants: The organisations that the caller may work in.
        tenant_users: People as members of tenants.
        groups: Groups of principals.
        processes: Processes, their data, their documents and their actions.
        process_items: Tasks, messages and threads.
        documents: Documents, whatever they belong to.
        business_artifacts: Business artifacts, their data, their documents and their actions.
        robots: Robots, their programs and the tools these need.
        kms: Keys to encrypt with.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        auth: httpx2.Auth,
        tenant_id: UUID | None = None,
        timeout: httpx2.Timeout = DEFAULT_TIMEOUT,
        retries: int = 2,
        max_connections: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        shape: KuFlowApiShape | Literal["current", "seed"] = KuFlowApiShape.CURRENT,
        observers: Sequence[Observer] = (),
    ) -> None:
        shape = KuFlowApiShape(shape)
        client = BaseClient(
            endpoint,
            auth=auth,
            timeout=timeout,
            retry=RetryPolicy(repeats=retries),
            transport=transport or AiohttpTransport(ssl_context=ssl_context, max_connections=max_connections),
            parse_error=parse_default_error,
            observers=observers,
            service=KUFLOW,
        )
        super().__init__(client)
        self._auth = auth
        self.authentications = Authentications(client, tenant_id)
        self.workers = Workers(client)
        self.principals = Principals(client, shape)
        self.tenants = Tenants(client)
        self.tenant_users = TenantUsers(client, shape)
        self.groups = Groups(client)
        self.processes = Processes(client, shape)
        self.process_items = ProcessItems(client, shape)
        self.documents = Documents(client)
        self.business_artifacts = BusinessArtifacts(client)
        self.robots = Robots(client)
        self.kms = Kms(client)

    @classmethod
    def from_settings(
        cls,
        settings: KuFlowSettings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """The client that the settings describe.

        Raises:
            ConfigurationError: A credential is missing, or the file of authorities cannot be read; the message names
                the variable to set.
        """
        read = settings.timeout.total_seconds()
        auth = _auth(settings)
        ssl_context = None if settings.ca_file is None else trusting(settings.ca_file, setting="kuflow.ca_file")
        try:
            return cls(
                str(settings.endpoint),
                auth=auth,
                tenant_id=settings.tenant_id,
                timeout=httpx2.Timeout(read, connect=settings.connect_timeout.total_seconds()),
                retries=settings.retries,
                max_connections=settings.max_connections,
                ssl_context=ssl_context,
                transport=transport,
                shape=settings.api_shape,
                observers=observers,
            )
        except ValueError as error:
            raise ConfigurationError(f"{variable('kuflow.endpoint')}: {error}") from None

    def change_credentials(self, settings: KuFlowSettings) -> None:
        """Use the credentials of these settings from the next request on; the way they are shown stays.

        Raises:
            ConfigurationError: One is missing; the message names the variable to set.
        """
        match self._auth:
            case CredentialsAuth():
                self._auth.change(*_pair(settings))
            case BearerAuth():
                self._auth.change(_token(settings))

    def when_refused(self, look: Refused) -> None:
        """Await this when KuFlow refuses the credentials, and then try once more if there are newer ones."""
        if isinstance(self._auth, CredentialsAuth | BearerAuth):
            self._auth.when_refused = look


def parse_default_error(body: bytes) -> DefaultError | None:
    """The body of an error response, if it is KuFlow's; a proxy before it may answer with something else."""
    try:
        return DefaultError.model_validate_json(body)
    except ValidationError:
        return None


def _auth(settings: KuFlowSettings) -> httpx2.Auth:
    if settings.authentication is KuFlowAuthentication.BEARER:
        return BearerAuth(_token(settings))
    kind = Base64BearerAuth if settings.authentication is KuFlowAuthentication.BASE64_BEARER else BasicAuth
    return kind(*_pair(settings))


def _token(settings: KuFlowSettings) -> str:
    return _texts({"kuflow.token": settings.token})[0]


def _pair(settings: KuFlowSettings) -> tuple[str, str]:
    name, secret = _texts({"kuflow.client_id": settings.client_id, "kuflow.client_secret": settings.client_secret})
    return name, secret


def _texts(credentials: Mapping[str, str | SecretStr | None]) -> list[str]:
    require(credentials)
    return [each.get_secret_value() if isinstance(each, SecretStr) else each for each in credentials.values() if each]
