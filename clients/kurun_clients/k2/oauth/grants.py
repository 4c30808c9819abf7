"""How a new access token is had: by the refresh token of a login, or by user and password."""

import logging
from typing import Protocol

from pydantic import SecretStr

from kurun_clients.k2.errors import LoginRequired, Temporary
from kurun_clients.k2.oauth.endpoint import TokenEndpoint
from kurun_clients.k2.oauth.flow import OAuthApplication, TokenAnswer, password_request, refresh_request
from kurun_clients.k2.oauth.store import StoredLogin, TokenStore

_log = logging.getLogger(__name__)


class Grant(Protocol):
    """A way to a new access token."""

    async def obtain(self) -> TokenAnswer:
        """A new access token.

        Raises:
            K2Error: There is none; the class says what helps.
        """

    async def aclose(self) -> None:
        """Close every connection."""


class RefreshGrant:
    """New access tokens by the refresh token that a login has left in a store.

    The store is held from before the token is read until the one after it is kept. A refresh token that was refused is
    not sent again: a new login has to come first.
    """

    def __init__(self, endpoint: TokenEndpoint, store: TokenStore) -> None:
        self.endpoint = endpoint
        self._store = store
        self._refused: LoginRequired | None = None
        self._refused_token = ""
        self._unsaved: tuple[StoredLogin | None, StoredLogin] | None = None

    async def obtain(self) -> TokenAnswer:
        """A new access token; see :class:`Grant`."""
        async with self._store.held():
            stored = await self._store.load()
            login = self._newest(stored)
            if self._refused is not None and login.refresh_token == self._refused_token:
                raise LoginRequired(str(self._refused), code=self._refused.code)
            try:
                answer = await self.endpoint.ask(refresh_request(self.endpoint.application, login.refresh_token))
            except LoginRequired as error:
                self._refused, self._refused_token = error, login.refresh_token
                raise
            await self._keep(stored, login, answer)
            return answer

    async def aclose(self) -> None:
        """Close every connection."""
        await self.endpoint.aclose()

    def _newest(self, stored: StoredLogin | None) -> StoredLogin:
        if self._unsaved is not None and self._unsaved[0] == stored:
            return self._unsaved[1]
        self._unsaved = None  # somebody has logged in since
        if stored is None:
            raise LoginRequired("there is no K2 login: run `kurun k2 login`")
        application = self.endpoint.application
        if (stored.token_url, stored.client_id) != (application.token_url, application.client_id):
            raise LoginRequired(
                "the K2 login that is kept was made for another application or token endpoint: run `kurun k2 login`"
            )
        return stored

    async def _keep(self, stored: StoredLogin | None, login: StoredLogin, answer: TokenAnswer) -> None:
        """Keep the refresh token that replaces the last one; in memory, as long as the store cannot."""
        token = answer.refresh_token or login.refresh_token
        newer = StoredLogin(token, login.token_url, login.client_id)
        if newer == stored:
            return
        self._unsaved = (stored, newer)
        try:
            await self._store.save(newer)
        except Temporary as error:
            _log.warning("the new refresh token of K2 is not kept, and will be lost at a restart: %s", error)
        else:
            self._unsaved = None


class PasswordGrant:
    """New access tokens by user and password; for accounts without a second factor."""

    def __init__(self, endpoint: TokenEndpoint, user: str, password: SecretStr) -> None:
        self.endpoint = endpoint
        self._user = user
        self._password = password

    def change(self, user: str, password: SecretStr) -> None:
        """Use another account, or another password, from the next request on."""
        self._user, self._password = user, password

    async def obtain(self) -> TokenAnswer:
        """A new access token; see :class:`Grant`."""
        application = self.endpoint.application
        return await self.endpoint.ask(password_request(application, self._user, self._password.get_secret_value()))

    async def aclose(self) -> None:
        """Close every connection."""
        await self.endpoint.aclose()


def stored_login(application: OAuthApplication, refresh_token: str) -> StoredLogin:
    """A login as it is kept for this application."""
    return StoredLogin(refresh_token, application.token_url, application.client_id)
