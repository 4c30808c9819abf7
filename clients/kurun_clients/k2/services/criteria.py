"""Which items a list has, and in which order: K2's Criteria document.

``Criteria(field(WorklistField.PROCESS_FOLIO).like("Demo%"), sorts=(Sort(WorklistField.PROCESS_START_DATE),))``
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services.conditions import Condition, Filter, Group, all_of, any_of, field
from kurun_clients.k2.services.criteria_words import Logical, SortOrder, WorklistField
from kurun_clients.k2.services.xml_writing import Node

__all__ = ["Condition", "Criteria", "Filter", "Group", "Sort", "all_of", "any_of", "field"]

NAMESPACE: Final = "http://schemas.k2.com/worklist/d1"
MAX_FILTERS: Final = 200
MAX_NESTING: Final = 20


@dataclass(frozen=True)
class Sort:
    """One key of the order; further keys count where the ones before are equal.

    Attributes:
        field: What to sort by.
        order: Ascending unless said otherwise.
        sub_field: Name of a data field.
    """

    field: WorklistField | str
    order: SortOrder = SortOrder.ASCENDING
    sub_field: str | None = None

    def node(self) -> Node:
        """The key as an element; K2 documents that the ascending order is left out."""
        order = None if self.order is SortOrder.ASCENDING else self.order
        return Node("Sort", {"Field": self.field, "SubField": self.sub_field, "Order": order})


@dataclass(frozen=True)
class Criteria:
    """What is listed.

    Attributes:
        where: The condition, or ``None`` for everything.
        sorts: The order.
        managed_user: Whose worklist, for a manager.
        platform: Which forms the items link to, such as ``ASP``.

    Raises:
        InvalidRequest: There are too many filters, or groups in groups.
    """

    where: Condition | None = None
    sorts: tuple[Sort, ...] = ()
    managed_user: str | None = None
    platform: str | None = None

    def __post_init__(self) -> None:
        if len(self.filters()) > MAX_FILTERS:
            raise InvalidRequest(f"criteria have at most {MAX_FILTERS} filters")

    def filters(self) -> tuple[Filter, ...]:
        """The flat list that K2 reads, brackets included."""
        return () if self.where is None else tuple(_top(self.where))

    def to_xml(self) -> str:
        """The document, without a declaration; the same criteria always print the same."""
        attributes = {"xmlns": NAMESPACE, "ManagedUser": self.managed_user, "Platform": self.platform}
        entries = [*(each.node() for each in self.filters()), *(each.node() for each in self.sorts)]
        return str(Node("Criteria", attributes, children=entries))


def _top(condition: Condition) -> Iterator[Filter]:
    yield from _joined(condition, None, 1) if isinstance(condition, Group) else _entries(condition, None, 1)


def _joined(group: Group, first: Logical | None, depth: int) -> Iterator[Filter]:
    """The members of a group; the first of them carries what joins the group to those before it."""
    if depth > MAX_NESTING:
        raise InvalidRequest(f"criteria have at most {MAX_NESTING} groups inside each other")
    for position, member in enumerate(group.conditions):
        yield from _entries(member, group.join if position else first, depth)


def _entries(condition: Condition, logical: Logical | None, depth: int) -> Iterator[Filter]:
    match condition:
        case Filter():
            yield replace(condition, logical=logical)
        case Group():
            yield from _bracketed(condition, logical, depth + 1)
        case _:  # Python's == makes a truth value where a condition was meant
            raise InvalidRequest(f"{condition!r:.60} is no condition: field(…).equals(…) makes one")


def _bracketed(group: Group, logical: Logical | None, depth: int) -> Iterator[Filter]:
    # AndBracket and OrBracket stand at a filter of their own, as .NET callers write them; a group that begins with a
    # group has none, so the join gets an entry without a field, like the plain brackets.
    opening = _OPENING.get(logical)
    if opening is None or isinstance(group.conditions[0], Group):
        yield _bracket(opening or Logical.START_BRACKET)
        opening = None
    yield from _joined(group, opening, depth)
    yield _bracket(Logical.END_BRACKET)


_OPENING: Final[dict[Logical | None, Logical]] = {Logical.AND: Logical.AND_BRACKET, Logical.OR: Logical.OR_BRACKET}


def _bracket(logical: Logical) -> Filter:
    return Filter(field=WorklistField.NONE, logical=logical)
