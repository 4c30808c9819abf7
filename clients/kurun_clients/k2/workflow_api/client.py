"""The Workflow REST API: its address, who we are, and its nouns."""

import ssl
from collections.abc import Sequence
from typing import Final, Self

import httpx2

from kurun_clients.http import DEFAULT_TIMEOUT, AiohttpTransport, ApiClient, BaseClient, Observer, RetryPolicy, Service
from kurun_clients.http.auth import CredentialsAuth, Refused
from kurun_clients.http.observing import operations
from kurun_clients.k2.connecting import account_of, basic_auth_of, ssl_context_of, timeout_of
from kurun_clients.k2.oauth import OAuthAuth, TokenStore, change_oauth, oauth_auth_of
from kurun_clients.k2.places import Place
from kurun_clients.k2.workflow_api.arguments import SYSTEM_ACTIONS
from kurun_clients.k2.workflow_api.calls import Calls
from kurun_clients.k2.workflow_api.error_body import parse_error
from kurun_clients.k2.workflow_api.operations import Operations
from kurun_clients.k2.workflow_api.server_events import ServerEvents
from kurun_clients.k2.workflow_api.tasks import Tasks
from kurun_clients.k2.workflow_api.workflows import Workflows
from kurun_config import ConfigurationError, K2Authentication, K2Settings, require, variable

MAX_LIST_BYTES: Final = 64 * 1024**2

_WORDS: Final = ("tasks", "actions", *SYSTEM_ACTIONS, "serverEvents", "finish", "workflows", "schema", "op")


class WorkflowClient(ApiClient):
    """The Workflow REST API. Use it as an async context manager, or call :meth:`aclose`.

    Every call raises an outcome class of :mod:`kurun_clients.k2.errors`, or ``InvalidRequest`` for what is refused
    before it is sent. What changes K2's state is never sent twice, unless the first surely never arrived or K2 said
    that it did not act (401, or 429 and 503 with ``Retry-After``).

    Args:
        endpoint: Address of the API, with its version.
        auth: How requests say who they are; an :class:`OAuthAuth` is closed with the client.
        timeout: Seconds for connecting, for each read and write, and for a free connection.
        retries: Short repeats of reads, and of what never reached the server.
        max_connections: Connections at the same time.
        max_list_bytes: Largest list of tasks that is read.
        ssl_context: What to trust instead of the system's authorities.
        transport: The seam for tests; replaces what ``max_connections`` and ``ssl_context`` configure.
        observers: Told of every attempt of every call.

    Attributes:
        tasks: The caller's tasks, and what can be done with them.
        server_events: Steps of workflows that wait for somebody outside.
        workflows: Workflow definitions, and the start of their instances.
        operations: Operations on the service itself.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        auth: httpx2.Auth,
        timeout: httpx2.Timeout = DEFAULT_TIMEOUT,
        retries: int = 2,
        max_connections: int = 20,
        max_list_bytes: int = MAX_LIST_BYTES,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._auth = auth
        client = BaseClient(
            endpoint,
            auth=auth,
            timeout=timeout,
            retry=RetryPolicy(repeats=retries),
            transport=transport or AiohttpTransport(ssl_context=ssl_context, max_connections=max_connections),
            parse_error=parse_error,
            observers=observers,
            service=Service("k2", operations(_WORDS)),
        )
        super().__init__(client)
        calls = Calls(client, Place(client.endpoint, "k2.endpoint", lambda: _user(auth)))
        self.tasks = Tasks(calls, max_list_bytes)
        self.server_events = ServerEvents(calls)
        self.workflows = Workflows(calls)
        self.operations = Operations(calls)

    @classmethod
    def from_settings(
        cls,
        settings: K2Settings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        token_store: TokenStore | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """The client that the settings describe.

        Args:
            settings: The settings of K2.
            transport: The seam for tests; the token endpoint is reached through it as well.
            token_store: Where the refresh token is kept, instead of the file that the settings name.
            observers: Told of every attempt of every call, those to the token endpoint included.

        Raises:
            ConfigurationError: Something is missing, or the file of authorities cannot be read; the message names the
                variable to set.
        """
        require({"k2.endpoint": settings.endpoint})
        ssl_context = ssl_context_of(settings)
        auth = (
            basic_auth_of(settings)
            if settings.authentication is K2Authentication.BASIC
            else oauth_auth_of(
                settings, transport=transport, ssl_context=ssl_context, store=token_store, observers=observers
            )
        )
        try:
            return cls(
                str(settings.endpoint),
                auth=auth,
                timeout=timeout_of(settings),
                retries=settings.retries,
                max_connections=settings.max_connections,
                max_list_bytes=settings.max_list_bytes,
                ssl_context=ssl_context,
                transport=transport,
                observers=observers,
            )
        except ValueError as error:
            raise ConfigurationError(f"{variable('k2.endpoint')}: {error}") from None

    def change_credentials(self, settings: K2Settings) -> None:
        """Use the account, and the application's secret, of these settings from the next request on.

        Raises:
            ConfigurationError: Something is missing; the message names the variable to set.
        """
        match self._auth:
            case CredentialsAuth():
                basic_auth_of(settings)
                user, password = account_of(settings)
                self._auth.change(user, password.get_secret_value())
            case OAuthAuth():
                change_oauth(self._auth, settings)

    def when_refused(self, look: Refused) -> None:
        """Await this when the credentials are refused, and then try once more if there are newer ones."""
        match self._auth:
            case CredentialsAuth():
                self._auth.when_refused = look
            case OAuthAuth():
                self._auth.tokens.when_refused = look

    async def aclose(self) -> None:
        """Close every connection, after a renewal of the token that is under way."""
        if isinstance(self._auth, OAuthAuth):
            await self._auth.aclose()
        await super().aclose()


def _user(auth: httpx2.Auth) -> str | None:
    match auth:
        case CredentialsAuth():
            return auth.client_id
        case OAuthAuth():
            return auth.user
        case _:
            return "the account"
