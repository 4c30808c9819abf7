"""OpenAPI links, which KuFlow's document lacks: what can follow an answer, and with which values of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.contract.document import Json, operations

ID = "$response.body#/id"
SAME = "$request.path.id"
FIRST = "$response.body#/content/0/id"
"""Where ids stand: in an answer, in the request before it, in a list."""


@dataclass(frozen=True)
class Link:
    """A request that can follow a successful answer.

    Attributes:
        source: Operation that was answered.
        target: Operation that follows.
        parameters: Values of its parameters, as runtime expressions of OpenAPI.
        body: Its body, with such expressions inside; merged into a generated one.
        whole_body: The body is all there is.
        label: Tells links between the same operations apart.
    """

    source: str
    target: str
    parameters: dict[str, str] = field(default_factory=dict)
    body: Any = None
    whole_body: bool = False
    label: str = ""

    @property
    def name(self) -> str:
        """Unlike any other link's."""
        return " ".join(filter(None, (self.source, self.target, self.label)))


def on(source: str, *targets: str, id: str = ID) -> list[Link]:  # noqa: A002 - the parameter's name
    """Links to operations on what has this id."""
    return [Link(source, target, {"path.id": id}) for target in targets]


def whole(source: str, target: str, label: str, body: Any, id: str = ID) -> Link:  # noqa: A002
    """A link that gives the whole body too."""
    return Link(source, target, {"path.id": id}, body, whole_body=True, label=label)


def adding(path: str, value: Any) -> list[Json]:
    """A JSON Patch that adds a value."""
    return [{"op": "add", "path": path, "value": value}]


def add_links(document: Json, links: Iterable[Link]) -> None:
    """Add links to every successful answer of their sources that has a body, if the document has source and target."""
    known = operations(document)
    for link in links:
        if link.source not in known or link.target not in known:
            continue
        for status, response in known[link.source]["responses"].items():
            if status.startswith("2") and "content" in response:
                declared = response.setdefault("links", {})
                declared[link.name] = _definition(link)


def _definition(link: Link) -> Json:
    definition: Json = {"operationId": link.target, "parameters": link.parameters}
    if link.body is not None:
        definition["requestBody"] = link.body
        definition["x-schemathesis"] = {"merge_body": not link.whole_body}
    return definition
