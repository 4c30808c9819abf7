"""Walking through the pages of a list."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar
from uuid import UUID

from kurun_clients.http import InvalidRequest
from kurun_clients.kuflow.models import Page

MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 100
STABLE_ORDER = ("createdAt", "id")
"""Order in which what is created meanwhile comes last, so that no page shifts."""


class Listed(Protocol):
    """An element of a list."""

    @property
    def id(self) -> UUID | None:
        """What tells it from the others."""

    def to_wire_json(self) -> bytes:
        """What tells it from the others if it has no id."""


Item = TypeVar("Item", bound=Listed)


def page_query(size: int | None, page: int | None) -> list[tuple[str, str]]:
    """The query that chooses a page.

    Raises:
        InvalidRequest: The size is not within 0 to 1000, or the page is negative.
    """
    if size is not None and not 0 <= size <= MAX_PAGE_SIZE:
        raise InvalidRequest(f"a page has 0 to {MAX_PAGE_SIZE} elements, not {size}")
    if page is not None and page < 0:
        raise InvalidRequest(f"pages count from 0; there is no page {page}")
    return [(name, str(value)) for name, value in (("size", size), ("page", page)) if value is not None]


async def iterate(find: "Callable[[int, int], Awaitable[Page[Item]]]", *, size: int | None) -> AsyncIterator[Item]:
    """Every element of a list, page by page.

    The list may change meanwhile: what shifts to the next page comes once, and the end is where a page is empty or
    holds nothing new, or where a short page is also the last one announced.

    Args:
        find: Fetches a page, given its size and number.
        size: Elements a page, 1 to 1000.
    """
    size = DEFAULT_PAGE_SIZE if size is None else size
    if size < 1:
        raise InvalidRequest("pages of no elements have no end")
    number, seen = 0, frozenset[UUID | bytes]()
    while True:
        page = await find(size, number)
        keyed = [(item.id or item.to_wire_json(), item) for item in page.content]
        keys = frozenset(key for key, _ in keyed)
        if keys <= seen:
            return
        for key, item in keyed:
            if key not in seen:
                yield item
        seen, number = keys, number + 1
        if len(page.content) < page.metadata.size and number >= page.metadata.total_pages:
            return
