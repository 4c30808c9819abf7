"""The Identity service: users."""

from kurun_clients.k2.services import documents, paths
from kurun_clients.k2.services.exchange import Exchange
from kurun_clients.k2.services.models import User
from kurun_clients.k2.services.options import paging

_USERS = documents.collection(documents.user, "User")


class Identity:
    """Users as K2 knows them."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def find(self, *, skip: int | None = None, top: int | None = None) -> tuple[User, ...]:
        """Every user, or a page of them."""
        return await self._exchange.read(paths.USERS, _USERS, query=paging(skip, top))

    async def retrieve(self, fqn: str) -> User:
        r"""One user by the fully qualified name, such as ``K2:DENALLIX\\Anthony``."""
        return await self._exchange.read(paths.at(paths.USERS, fqn), documents.only("User", documents.user))

    async def search(
        self,
        *,
        username: str | None = None,
        display_name: str | None = None,
        fqn: str | None = None,
        manager: str | None = None,
        email: str | None = None,
    ) -> tuple[User, ...]:
        """The users for whom all of these hold; ``*`` stands for any text."""
        asked = {"username": username, "displayName": display_name, "FQN": fqn, "manager": manager, "email": email}
        query = [(name, value) for name, value in asked.items() if value is not None]
        return await self._exchange.read(paths.SEARCH_USERS, _USERS, query=query)
