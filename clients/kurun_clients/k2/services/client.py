"""The K2 Services: their address, who we are, and their five services."""

import ssl
from collections.abc import Sequence
from typing import Self

import httpx2

from kurun_clients.http import DEFAULT_TIMEOUT, AiohttpTransport, ApiClient, BaseClient, Observer, RetryPolicy, Service
from kurun_clients.http.auth import CredentialsAuth, Refused
from kurun_clients.http.observing import operations
from kurun_clients.k2.connecting import account_of, basic_auth_of, ssl_context_of, timeout_of
from kurun_clients.k2.places import Place
from kurun_clients.k2.services.core import Core
from kurun_clients.k2.services.exchange import MAX_ANSWER, Exchange
from kurun_clients.k2.services.failure import parse_failure
from kurun_clients.k2.services.identity import Identity
from kurun_clients.k2.services.ntlm import NegotiateAuth
from kurun_clients.k2.services.paths import WORDS
from kurun_clients.k2.services.process import Process
from kurun_clients.k2.services.task import Tasks
from kurun_clients.k2.services.worklist import Worklist
from kurun_config import ConfigurationError, K2ServicesAuthentication, K2Settings, require, variable


class ServicesClient(ApiClient):
    """The K2 Services of K2 blackpearl and K2 Five. Use it as an async context manager, or call :meth:`aclose`.

    Every call raises a :class:`kurun_clients.k2.errors.K2Error`, or :class:`kurun_clients.http.InvalidRequest` for what
    is refused before it is sent. Nothing repeats what changes something, be it a GET, once it may have reached K2.

    Args:
        endpoint: Address above ``REST.svc``, such as ``https://k2.example.com/K2Services``.
        auth: How requests say who they are. With :class:`NegotiateAuth` calls share one connection, in turn.
        timeout: Seconds for connecting, for each read and write, and for a free connection.
        retries: Repeats of reads, and of what never reached the server.
        max_connections: Connections at the same time.
        max_answer: Largest answer that is read, in bytes.
        ssl_context: What to trust instead of the system's authorities.
        transport: The seam for tests; replaces what ``max_connections`` and ``ssl_context`` configure.
        observers: Told of every attempt of every call.

    Attributes:
        worklist: Items of the account's worklist.
        process: Process instances.
        identity: Users.
        core: Who we are to K2.
        task: The same items for batches; of ``SyncREST.svc``.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        auth: httpx2.Auth,
        timeout: httpx2.Timeout = DEFAULT_TIMEOUT,
        retries: int = 2,
        max_connections: int = 20,
        max_answer: int = MAX_ANSWER,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        if isinstance(auth, NegotiateAuth):
            max_connections = auth.max_connections
        client = BaseClient(
            endpoint,
            auth=auth,
            timeout=timeout,
            retry=RetryPolicy(repeats=retries),
            transport=transport or AiohttpTransport(ssl_context=ssl_context, max_connections=max_connections),
            parse_error=parse_failure,
            observers=observers,
            service=Service("k2", operations(WORDS)),
        )
        super().__init__(client)
        self._auth = auth
        exchange = Exchange(client, Place(client.endpoint, "k2.services_endpoint", lambda: _user(auth)), max_answer)
        self.worklist = Worklist(exchange)
        self.process = Process(exchange)
        self.identity = Identity(exchange)
        self.core = Core(exchange)
        self.task = Tasks(exchange)

    @classmethod
    def from_settings(
        cls,
        settings: K2Settings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """The client that the settings describe.

        Raises:
            ConfigurationError: The address or a credential is missing, or the file of authorities cannot be read; the
                message names the variable to set.
        """
        require({"k2.services_endpoint": settings.services_endpoint and str(settings.services_endpoint)})
        auth, ssl_context = _auth(settings), ssl_context_of(settings)
        try:
            return cls(
                str(settings.services_endpoint),
                auth=auth,
                timeout=timeout_of(settings),
                retries=settings.retries,
                max_connections=settings.max_connections,
                max_answer=settings.max_list_bytes,
                ssl_context=ssl_context,
                transport=transport,
                observers=observers,
            )
        except ValueError as error:
            raise ConfigurationError(f"{variable('k2.services_endpoint')}: {error}") from None

    def change_credentials(self, settings: K2Settings) -> None:
        """Use the account of these settings from the next request on.

        Raises:
            ConfigurationError: User or password is missing; the message names the variable to set.
        """
        user, password = account_of(settings)
        if isinstance(self._auth, CredentialsAuth):
            basic_auth_of(settings)
        if isinstance(self._auth, CredentialsAuth | NegotiateAuth):
            self._auth.change(user, password.get_secret_value())

    def when_refused(self, look: Refused) -> None:
        """Await this when the credentials are refused, and then try once more if there are newer ones."""
        if isinstance(self._auth, CredentialsAuth | NegotiateAuth):
            self._auth.when_refused = look


def _user(auth: httpx2.Auth) -> str:
    match auth:
        case CredentialsAuth():
            return auth.client_id
        case NegotiateAuth():
            return auth.user
        case _:
            return "the account"


def _auth(settings: K2Settings) -> httpx2.Auth:
    if settings.services_authentication is K2ServicesAuthentication.BASIC:
        return basic_auth_of(settings)
    user, password = account_of(settings)
    ntlm = settings.services_authentication is K2ServicesAuthentication.NTLM
    return NegotiateAuth(user, password.get_secret_value(), scheme="NTLM" if ntlm else "Negotiate")
