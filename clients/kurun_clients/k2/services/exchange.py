"""One call to the K2 Services: XML there, XML back, and the outcome classes of what goes wrong."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from kurun_clients.http import ApiError, BaseClient
from kurun_clients.k2.errors import classified
from kurun_clients.k2.places import Place
from kurun_clients.k2.services.answers import DONE, Expected
from kurun_clients.k2.services.xml_reading import Element
from kurun_clients.k2.services.xml_writing import XML, Node
from kurun_clients.threads import in_thread

Result = TypeVar("Result")
Query = Iterable[tuple[str, str]]

MAX_ANSWER: Final = 32 * 1024 * 1024

_ACCEPT: Final = "application/xml, text/xml"
_IN_PLACE: Final = 64 * 1024  # reading this much takes the event loop a few milliseconds


class Exchange:
    """What every resource calls through. All methods raise :class:`kurun_clients.k2.errors.K2Error` and its like.

    Args:
        client: The client of the address above ``REST.svc`` and ``SyncREST.svc``.
        place: What errors say of it.
        max_answer: Largest answer that is read, in bytes.
    """

    def __init__(self, client: BaseClient, place: Place, max_answer: int = MAX_ANSWER) -> None:
        self._client = client
        self._place = place
        self._limit = max_answer

    async def read(
        self, path: str, build: Callable[[Element], Result], *, query: Query = (), document: str | None = None
    ) -> Result:
        """GET something, or POST the criteria of what is wanted; either may be repeated.

        Args:
            path: Path below the endpoint, quoted.
            build: Makes the result of the answer's root.
            query: Names and values.
            document: The criteria.
        """
        body = None if document is None else document.encode()
        return await self._call(path, Expected(build), query, body, changes_state=False)

    async def change(
        self, path: str, expected: Expected[Result], *, query: Query = (), document: Node | None = None
    ) -> Result:
        """POST a document, or GET what changes something nevertheless. Nothing repeats it."""
        body = None if document is None else document.document()
        return await self._call(path, expected, query, body, changes_state=True)

    async def act(self, path: str, *, query: Query = (), document: Node | None = None) -> None:
        """The same without a result."""
        await self.change(path, DONE, query=query, document=document)

    async def _call(
        self, path: str, expected: Expected[Result], query: Query, body: bytes | None, *, changes_state: bool
    ) -> Result:
        try:
            reply = await self._client.send(
                "GET" if body is None else "POST",
                path,
                query=query,
                body=body,
                content_type=XML,
                idempotent=not changes_state,
                accept=_ACCEPT,
                limit=self._limit,
            )
            if len(reply.content) <= _IN_PLACE:
                return expected.read(reply, changes_state=changes_state)
            return await in_thread(lambda: expected.read(reply, changes_state=changes_state))
        except ApiError as error:
            found = classified(error, self._place, changes_state=changes_state)
            if found is error:
                raise
            raise found from error
