"""What the reading operations can be asked for beside their subject."""

from collections.abc import Iterator
from dataclasses import dataclass

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services.criteria import Criteria

Query = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class FieldFlags:
    """Which fields an answer has beside the rest. Without them, the server's own settings decide: mostly none.

    Attributes:
        process_data: Data fields of the process instance.
        process_xml: XML fields of the process instance.
        activity_data: Data fields of the activity.
        activity_xml: XML fields of the activity.
    """

    process_data: bool = False
    process_xml: bool = False
    activity_data: bool = False
    activity_xml: bool = False

    def query(self) -> Query:
        """The query options of items and tasks."""
        return [*self.process_query(), *_asked(actDataField=self.activity_data, actXmlField=self.activity_xml)]

    def process_query(self) -> Query:
        """Those of process instances."""
        return list(_asked(piDataField=self.process_data, piXmlField=self.process_xml))

    def activity_query(self) -> Query:
        """Those of activities."""
        return list(_asked(actDataField=self.activity_data, actXmlField=self.activity_xml))


NO_FIELDS = FieldFlags()
ALL_FIELDS = FieldFlags(process_data=True, process_xml=True, activity_data=True, activity_xml=True)


def paging(skip: int | None, top: int | None) -> Query:
    """``$skip`` and ``$top``.

    Raises:
        InvalidRequest: One of them is negative.
    """
    query = [(name, value) for name, value in (("$skip", skip), ("$top", top)) if value is not None]
    if any(value < 0 for _, value in query):
        raise InvalidRequest("skip and top cannot be negative")
    return [(name, str(value)) for name, value in query]


def filtering(criteria: Criteria | None) -> Query:
    """``filterXml``."""
    return [] if criteria is None else [("filterXml", criteria.to_xml())]


def synchronously(asked: bool | None) -> Query:
    """``synchronous``; without it K2 answers before the process has moved on."""
    return [] if asked is None else [("synchronous", "true" if asked else "false")]


def _asked(**flags: bool) -> Iterator[tuple[str, str]]:
    return ((name, "true") for name, wanted in flags.items() if wanted)
