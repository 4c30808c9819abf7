"""Reading posted XML: no document types, no entities, nothing from outside, and bounds on size and shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

CHARSETS: Final = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1252"})
"""What a ``Content-Type`` may name."""

_MAX_DEPTH: Final = 32
_MAX_ELEMENTS: Final = 50_000
_MAX_ATTRIBUTES: Final = 50  # of one element: what builds trees needs quadratic time for them


class UnreadableDocument(Exception):  # noqa: N818 - it says what is the matter
    """The body is no XML that is accepted."""


@dataclass
class Element:
    """An element of a posted document.

    Attributes:
        namespace: Its namespace; empty if it has none.
        name: Its local name.
        attributes: Those without a namespace.
        text: All text directly inside it.
        children: The elements inside it, in their order.
    """

    namespace: str
    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """The children of this name, whatever their namespace: published clients disagree on it."""
        return (each for each in self.children if each.name == name)

    def value(self) -> str:
        """The text of an element that may hold nothing else.

        Raises:
            UnreadableDocument: There are elements inside it.
        """
        if self.children:
            raise UnreadableDocument(f"{self.name} takes text; XML inside it has to be escaped")
        return self.text


def read_document(content: bytes, root: str, *, charset: str | None = None) -> Element:
    """Read a posted document.

    Args:
        content: The body, of bounded size.
        root: Local name that its root element must have.
        charset: What the ``Content-Type`` names; it goes before the document's own declaration.

    Raises:
        UnreadableDocument: It is no XML, has a document type, goes too deep or is something else.
    """
    if charset is not None and charset.lower() not in CHARSETS:
        raise UnreadableDocument(f"the charset {charset[:40]!r} is not known")
    try:
        target: Any = _Tree()  # the stubs want the methods too that it can do without
        # Unresolved, &amp; in attributes would reach the target as it stands. Other entities need a document type, at
        # which the target stops the parser.
        parser = etree.XMLParser(
            target=target,
            encoding=charset,
            resolve_entities="internal",
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        document: object = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise UnreadableDocument(f"the body is no XML: {str(error)[:200]}") from None
    assert isinstance(document, Element)  # noqa: S101 - what the target's close gives
    if document.name != root:
        raise UnreadableDocument(f"the document is {document.name[:60]}, {root} is wanted")
    return document


class _Tree:
    """Builds the elements as the parser meets them, and stops it at the first thing that is not allowed."""

    def __init__(self) -> None:
        self._root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []  # joined at the end: adding piece by piece would take quadratic time
        self._count = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _MAX_DEPTH or self._count > _MAX_ELEMENTS or len(attributes) > _MAX_ATTRIBUTES:
            raise UnreadableDocument("the document goes too deep, or has too many elements or attributes")
        namespace, _, name = tag.rpartition("}")
        plain = {key: value for key, value in attributes.items() if not key.startswith("{")}
        element = Element(namespace.removeprefix("{"), name, plain)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.append([])

    def end(self, _tag: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def data(self, text: str) -> None:
        self._texts[-1].append(text)

    def doctype(self, *_: object) -> None:
        raise UnreadableDocument("a document type is not accepted")

    def close(self) -> Element | None:
        return self._root
