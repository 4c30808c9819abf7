"""Reading XML from a server that need not be trusted: no DTD, no entities, no network, nothing unbounded."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree
from lxml.etree import _Element as Element

from kurun_clients.k2.services.xml_text import UnreadableXml, checked_text

MAX_DEPTH: Final = 64
"""Elements inside each other; what K2 sends has five."""

K2: Final = "http://schemas.k2.com/"
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TOO_DEEP: Final = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")

__all__ = ["Element", "UnreadableXml", "child", "children", "contents", "inner_xml", "local_name", "parse", "scalars"]


def parse(content: bytes, charset: str | None = None) -> Element:
    """The root of a document.

    Args:
        content: The document; the caller has limited its size.
        charset: The charset that the header names.

    Raises:
        UnreadableXml: It is not well-formed to its end, not in its encoding, too deep, too large, or has a DTD.
    """
    text = checked_text(content, charset)
    try:
        root = etree.fromstring(text, _parser())
    except etree.XMLSyntaxError as error:
        raise UnreadableXml(f"the document is no XML: {error.msg}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableXml("the document has a DTD, which is not read")
    if _TOO_DEEP(root):
        raise UnreadableXml(f"the document has more than {MAX_DEPTH} elements inside each other")
    return root


def _parser() -> etree.XMLParser:
    # One for each document: a parser cannot serve two threads.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def local_name(element: Element) -> str:
    """The name without its namespace: K2's editions disagree on namespaces, hardly ever on names."""
    return etree.QName(element).localname


def namespace(element: Element) -> str | None:
    """The namespace of the name."""
    return etree.QName(element).namespace


def children(element: Element, name: str | None = None) -> Iterator[Element]:
    """The children of that name in the element's own namespace, in one of K2's or in none; without a name, all."""
    own = namespace(element)
    for each in element:
        space = namespace(each)
        if (space is None or space == own or space.startswith(K2)) and name in {None, local_name(each)}:
            yield each


def child(element: Element, name: str) -> Element | None:
    """The first child of that name."""
    return next(children(element, name), None)


def scalars(element: Element) -> dict[str, str]:
    """Simple values by name: of attributes, and of children that hold text alone; an attribute counts first."""
    values = {
        local_name(each): each.text or ""
        for each in reversed(list(children(element)))
        if not len(each) and each.get(_NIL) not in {"true", "1"}
    }
    return values | {name: value for name, value in element.attrib.items() if not name.startswith("{")}


def contents(element: Element) -> str:
    """The text of an element; elements in it are given as the XML that they are."""
    if not len(element):
        return element.text or ""
    return inner_xml(element)


def inner_xml(element: Element) -> str:
    """What stands between the tags of an element, as XML."""
    return escape(element.text or "") + "".join(map(_alone, element))


def _alone(element: Element) -> str:
    part = deepcopy(element)
    etree.cleanup_namespaces(part)  # those of the document around it are no part of the value
    return etree.tostring(part, encoding="unicode", with_tail=True)
