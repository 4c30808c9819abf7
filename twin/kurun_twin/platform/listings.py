"""Pages of what lies in memory: everything that the definitions file names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.paging import PageRequest, page_metadata, sort_terms

Entry = TypeVar("Entry")

Keys = Mapping[str, Callable[[Entry], Any]]
"""The properties that a list can be sorted by."""


def listed(
    entries: Sequence[Entry],
    wanted: PageRequest,
    keys: Keys[Entry],
    body: Callable[[Entry], JsonObject],
) -> JsonObject:
    """A page of the entries, which keep their order where nothing else is asked for.

    Raises:
        Invalid: They cannot be sorted like that.
    """
    ordered = list(entries)
    for name, descending in reversed(sort_terms(wanted.sort, keys)):
        ordered.sort(key=keys[name], reverse=descending)
    first = wanted.size * wanted.page
    return {
        "metadata": page_metadata(wanted, len(ordered)),
        "content": [body(each) for each in ordered[first : first + wanted.size]],
    }
