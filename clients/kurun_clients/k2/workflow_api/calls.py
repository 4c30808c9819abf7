"""Calls to the Workflow REST API: what may be repeated, and the outcome class of what fails."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel

from kurun_clients.http import ApiError, BaseClient, Reply
from kurun_clients.k2.errors import classified
from kurun_clients.k2.places import Place
from kurun_clients.threads import in_thread

Model = TypeVar("Model", bound=BaseModel)

READ_IN_THREAD = 256 * 1024
"""Bytes of an answer from which on it is read in a thread."""

JSON = "application/json"


class Calls:
    """Reads, which may be repeated, and changes, which never are."""

    def __init__(self, client: BaseClient, place: Place) -> None:
        self._client = client
        self._place = place

    async def read(self, model: type[Model], path: str, *, query: Sequence[tuple[str, str]] = ()) -> Model:
        """GET something as a model.

        Raises:
            ApiError: See :mod:`kurun_clients.k2.errors`.
        """
        with self.outcome(changes_state=False):
            reply = await self._client.send("GET", path, query=query)
            if len(reply.content) < READ_IN_THREAD:
                return reply.read(model)
            return await in_thread(lambda: reply.read(model))

    async def fetch(self, path: str, *, query: Sequence[tuple[str, str]] = (), limit: int | None = None) -> Reply:
        """GET something as it is."""
        with self.outcome(changes_state=False):
            return await self._client.send("GET", path, query=query, limit=limit)

    async def change(self, path: str, body: bytes | None = None) -> Reply:
        """POST something that changes K2's state: sent again only if it surely never arrived, or was not acted on.

        Every 2xx counts as done, with whatever body.

        Raises:
            ApiError: See :mod:`kurun_clients.k2.errors`.
        """
        with self.outcome(changes_state=True):
            return await self._client.send(
                "POST", path, body=body, content_type=None if body is None else JSON, idempotent=False
            )

    @contextmanager
    def outcome(self, *, changes_state: bool) -> Iterator[None]:
        """Raise what goes wrong inside as its outcome class."""
        try:
            yield
        except ApiError as error:
            found = classified(error, self._place, changes_state=changes_state)
            if found is error:
                raise
            raise found from error
