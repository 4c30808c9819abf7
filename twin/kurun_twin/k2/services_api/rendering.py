"""Answers, described once and written as XML or as JSON."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from lxml import etree
from pydantic_core import to_json

from kurun_twin.k2.services_api.values import as_text

Scalar: TypeAlias = str | int | bool | datetime | None

FRAMEWORK: Final = "http://schemas.k2.com/framework/d1"
SUCCESS: Final = "http://schemas.k2.com/api/framework"
USER: Final = "http://schemas.k2.com/user/d1"
TASK: Final = "http://schemas.k2.com/task/d1"
WORKLIST: Final = "http://schemas.k2.com/worklist/d1"
PROCESS: Final = "http://schemas.k2.com/process/d1"
ACTIVITY: Final = "http://schemas.k2.com/activity/d1"
EVENT: Final = "http://schemas.k2.com/event/d1"

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Node:
    """An element in XML; in JSON an object, or a bare value if it has text alone.

    Attributes:
        namespace: Of the element; empty for none.
        name: Of the element, and of the member that holds it in JSON.
        attributes: Those that are ``None`` are left out.
        children: What is inside it.
        text: Its text; in JSON the member ``Value`` if there are attributes too.
        member: Its name in JSON, where that is another.
    """

    namespace: str
    name: str
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    children: Sequence["Node | Group"] = ()
    text: Scalar = None
    member: str | None = None


@dataclass(frozen=True)
class Group:
    """Elements of one kind: one after the other in XML, an array in JSON.

    Attributes:
        member: Name of the array; ``None``: it stands for the whole object, as WCF writes collections.
        nodes: The elements.
    """

    member: str | None
    nodes: Sequence[Node]


def collection(namespace: str, name: str, nodes: Sequence[Node]) -> Node:
    """A list as a document of its own."""
    return Node(namespace, name, children=[Group(None, nodes)])


def to_xml(node: Node) -> bytes:
    """The document in XML."""
    root = etree.Element(_tag(node), nsmap={None: node.namespace} if node.namespace else None)
    _fill(root, node)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def to_json_text(node: Node, *, wcf_dates: bool) -> bytes:
    """The document in JSON.

    Args:
        node: The document.
        wcf_dates: Write dates as ``/Date(milliseconds)/``, as WCF does, instead of ISO 8601.
    """
    return to_json(_json(node, wcf_dates))


def _fill(element: etree._Element, node: Node) -> None:
    for name, value in node.attributes.items():
        if value is not None:
            element.set(name, _clean(value))
    if node.text is not None:
        element.text = _clean(node.text)
    for each in node.children:
        for child in each.nodes if isinstance(each, Group) else (each,):
            nsmap = {None: child.namespace} if child.namespace else None
            _fill(etree.SubElement(element, _tag(child), nsmap=nsmap), child)


def _tag(node: Node) -> str:
    return f"{{{node.namespace}}}{node.name}" if node.namespace else node.name


def _clean(value: Scalar) -> str:
    return _NO_XML.sub("\ufffd", as_text(value))


def _json(node: Node, wcf_dates: bool) -> Any:
    if not node.attributes and not node.children:
        return _scalar(node.text, wcf_dates)
    members = {name: _scalar(value, wcf_dates) for name, value in node.attributes.items() if value is not None}
    for each in node.children:
        if isinstance(each, Group):
            array = [_json(one, wcf_dates) for one in each.nodes]
            if each.member is None:
                return array
            members[each.member] = array
        else:
            members[each.member or each.name] = _json(each, wcf_dates)
    return members if node.text is None else {**members, "Value": _scalar(node.text, wcf_dates)}


def _scalar(value: Scalar, wcf_dates: bool) -> Any:
    if not isinstance(value, datetime):
        return value
    return f"/Date({(value - _EPOCH) // _MILLISECOND})/" if wcf_dates else as_text(value)
