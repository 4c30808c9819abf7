"""The bytes of a document: which characters they are, and whether a parser may see them at all."""

import codecs
import re
from typing import Final

MAX_MARKUP: Final = 2_000_000
"""Elements and attributes, roughly, of the largest document: each costs many times its bytes in memory."""

_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "ascii": "ascii",
    "iso8859-1": "iso8859-1",
    "cp1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16",
    "utf-16-be": "utf-16",
}
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED: Final = re.compile(rb"""<\?xml\b[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")
# Possessive, so that a hostile prolog cannot make it try again and again.
_PROLOG: Final = re.compile(rb"(?>\s++|<\?(?>[^?]++|\?(?!>))*+\?>|<!--(?>[^-]++|-(?!->))*+-->)*+(<!DOCTYPE)?")


class UnreadableXml(ValueError):  # noqa: N818 - reads as what it is
    """The bytes are no document that is read here: malformed, too large, wrongly encoded, or with a DTD."""


def checked_text(content: bytes, charset: str | None = None) -> bytes:
    """The document in UTF-8 without a byte order mark, safe to hand to a parser.

    The byte order mark counts before the header, the header before the declaration (RFC 7303). Where two of them
    contradict each other, nothing is read: a folio that was decoded wrongly would be another business key.

    Args:
        content: The bytes.
        charset: What the header says.

    Raises:
        UnreadableXml: They are not in this encoding, have a DTD, or more markup than any answer needs.
    """
    text = _in_utf8(content, charset)
    prolog = _PROLOG.match(text)
    if prolog is not None and prolog[1]:
        raise UnreadableXml("the document has a DTD, which is not read")
    if text.count(b"<") + text.count(b"=") > MAX_MARKUP:
        raise UnreadableXml(f"the document has more than {MAX_MARKUP} elements and attributes")
    return text


def _in_utf8(content: bytes, charset: str | None) -> bytes:
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", None))
    sent = _known(charset) if charset else None
    declared = _DECLARED.match(content, len(mark))
    said = _known(declared[1].decode("ascii")) if declared else None
    _refuse_contradiction(encoding, sent, said)
    found = encoding or sent or said or "utf-8"
    try:
        if found == "utf-16":
            return content.decode(_utf_16(content, mark)).removeprefix("\ufeff").encode()
        if found == "utf-8":  # the parser checks it
            return content[len(mark) :] if mark else content
        return content.decode(found).encode()
    except UnicodeDecodeError as error:
        raise UnreadableXml(f"the document is not in {found}: {error.reason}") from None


def _utf_16(content: bytes, mark: bytes) -> str:
    if mark:
        return "utf-16"
    return "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"


def _refuse_contradiction(mark: str | None, sent: str | None, said: str | None) -> None:
    if said == "utf-16" and sent is not None:
        said = None  # .NET declares its strings so, whatever they are sent in; the bytes that we read are not UTF-16
    told = {encoding for encoding in (mark, sent, said) if encoding is not None and encoding != "ascii"}
    if len(told) > 1:
        raise UnreadableXml(f"the document is said to be in {' and in '.join(sorted(told))}")


def _known(name: str) -> str:
    try:
        return _ENCODINGS[codecs.lookup(name.strip("\"' ")).name]
    except (LookupError, ValueError):
        raise UnreadableXml(f"the encoding {name[:40]!r} is not read") from None
