"""Pages of a list."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.refusals import Invalid


@dataclass(frozen=True)
class PageRequest:
    """Which part of a list is wanted.

    Attributes:
        size: Entries on a page, 0 to 1000.
        page: Number of the page, from 0.
        sort: Criteria such as ``createdAt,desc``, the first being the most important.
    """

    size: int = 25
    page: int = 0
    sort: Sequence[str] = ()


@dataclass
class Query:
    """A ``SELECT`` in the making. Values are always bound; only names from our own tables become part of the text."""

    source: str
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def among(self, column: str, wanted: Sequence[str]) -> None:
        """Keep rows whose column holds one of the values; no values, no condition."""
        if wanted:
            self.conditions.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608
            self.values.append(json.dumps(list(wanted)))

    def where(self, condition: str, values: Sequence[Any] = ()) -> None:
        """Keep rows for which the condition holds."""
        self.conditions.append(condition)
        self.values.extend(values)

    def page(
        self,
        connection: sqlite3.Connection,
        wanted: PageRequest,
        columns: Mapping[str, str],
        body: Callable[[sqlite3.Row], JsonObject],
    ) -> JsonObject:
        """Read a page; ``columns`` says which properties can be sorted by, and their columns."""
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        total = connection.execute(f"SELECT count(*) FROM {self.source}{where}", self.values).fetchone()[0]  # noqa: S608
        order = _order(wanted.sort, columns)
        rows = connection.execute(
            f"SELECT * FROM {self.source}{where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
            [*self.values, wanted.size, wanted.size * wanted.page],
        )
        return {"metadata": page_metadata(wanted, total), "content": [body(row) for row in rows]}


def page_metadata(wanted: PageRequest, total: int) -> JsonObject:
    """What a page says of itself and of the whole list."""
    return {
        "size": wanted.size,
        "page": wanted.page,
        "totalElements": total,
        "totalPages": -(-total // wanted.size) if wanted.size else 0,
    }


def sort_terms(criteria: Sequence[str], allowed: Iterable[str]) -> list[tuple[str, bool]]:
    """The properties to sort by, and whether each is descending.

    Raises:
        Invalid: A property is not allowed, repeated, or its direction is neither ``asc`` nor ``desc``.
    """
    terms = [_term(criterion, list(allowed)) for criterion in criteria]
    if len({name for name, _ in terms}) < len(terms):
        raise Invalid("a property can be sorted by only once", location="sort", location_type="query")
    return terms


def _order(criteria: Sequence[str], columns: Mapping[str, str]) -> str:
    terms = [f"{columns[name]} {'DESC' if down else 'ASC'}" for name, down in sort_terms(criteria, columns)]
    # The id settles ties, so that no entry appears on two pages.
    return ", ".join([*(terms or ["created_at ASC"]), "id ASC"])


def _term(criterion: str, allowed: list[str]) -> tuple[str, bool]:
    name, _, direction = (part.strip() for part in criterion.partition(","))
    if name not in allowed:
        raise Invalid(
            f"cannot sort by {name!r}: choose of {', '.join(allowed)}", location="sort", location_type="query"
        )
    if direction.lower() not in ("", "asc", "desc"):
        raise Invalid(f"the direction {direction!r} is neither asc nor desc", location="sort", location_type="query")
    return name, direction.lower() == "desc"
