"""XML from a server that need not be trusted."""

import codecs
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_clients.k2.services.xml_reading import Element, UnreadableXml, contents, parse
from kurun_clients.k2.services.xml_text import MAX_MARKUP

BOMB = (
    b'<!DOCTYPE l [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(20))
    + b"]><l>&u;</l>"
)
OUTSIDE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'


@pytest.mark.parametrize(
    "document",
    [
        BOMB,
        OUTSIDE,
        b'<?xml version="1.0"?>\n<!-- <a> - > -->\n<?p x?><!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><l/>',
        b"\xef\xbb\xbf<!DOCTYPE l><l/>",
        "<!DOCTYPE l><l/>".encode("utf-16"),
    ],
)
def test_no_dtd(document: bytes) -> None:
    """A document with a DTD is refused whatever is in it: no entity is ever declared."""
    with pytest.raises(UnreadableXml, match="DTD"):
        parse(document)


def test_a_dtd_in_a_text_is_text() -> None:
    """Only a DTD is refused, not a field whose value shows one."""
    assert contents(parse(b"<l><![CDATA[<!DOCTYPE x>&x;]]></l>")) == "<!DOCTYPE x>&x;"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"<l>&x;</l>", "no XML"),
        (b"", "no XML"),
        (b"not XML", "no XML"),
        (b'<l a="1"><b>text</b', "no XML"),
        (b"<l/><l/>", "no XML"),
        (b"<x:l/>", "no XML"),
        (b"<l>\x01</l>", "no XML"),
        (b"<l>" * 65 + b"</l>" * 65, "64 elements inside"),
        (b"<l>" * 100_000, "no XML"),
        (b"<l>" + b"<a/>" * MAX_MARKUP, "more than"),
    ],
)
def test_what_is_no_document(document: bytes, said: str) -> None:
    """Undefined entities, broken, cut, too deep and too large documents are refused."""
    with pytest.raises(UnreadableXml, match=said):
        parse(document)


def test_documents_may_be_64_deep() -> None:
    """The limit is where it is said to be."""
    assert parse(b"<l>" * 64 + b"</l>" * 64).tag == "l"


@pytest.mark.parametrize(
    ("document", "charset"),
    [
        ("<l>é</l>".encode(), None),
        ("<l>é</l>".encode(), "UTF-8"),
        (codecs.BOM_UTF8 + "<l>é</l>".encode(), None),
        ("<l>é</l>".encode("utf-16"), None),
        ("<l>é</l>".encode("utf-16"), "utf-16"),
        ("<l>é</l>".encode("utf-16-le"), "utf-16"),
        ("<l>é</l>".encode("utf-16-be"), "utf-16"),
        ("<l>é</l>".encode("latin-1"), "iso-8859-1"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><l>é</l>".encode("latin-1"), None),
        ("<?xml version='1.0' encoding='windows-1252'?><l>é</l>".encode("cp1252"), None),
        ("<?xml version='1.0' encoding='utf-16'?><l>é</l>".encode("utf-16"), None),
        ("<?xml version='1.0' encoding='utf-16'?><l>é</l>".encode(), "utf-8"),  # as .NET's strings are declared
        ("<?xml version='1.0' encoding='us-ascii'?><l>é</l>".encode(), "utf-8"),
    ],
)
def test_encodings(document: bytes, charset: str | None) -> None:
    """The mark counts before the header, the header before the declaration, and UTF-8 without them all."""
    assert parse(document, charset).text == "é"


@pytest.mark.parametrize(
    ("document", "charset"),
    [
        ("<l>é</l>".encode("latin-1"), None),
        ("<l>é</l>".encode("latin-1"), "utf-8"),
        ("<l>é</l>".encode(), "utf-16"),
        ("<l>é</l>".encode(), "us-ascii"),
        ("<l>é</l>".encode("utf-16"), "utf-8"),
        ("<?xml version='1.0' encoding='utf-8'?><l>é</l>".encode(), "iso-8859-1"),
        ("<?xml version='1.0' encoding='utf-16'?><l>é</l>".encode(), None),
        ("<l>é</l>".encode(), "utf-7"),
        ("<l>é</l>".encode(), "rot13"),
        ("<l>é</l>".encode(), "no-such-charset"),
        (b"<?xml version='1.0' encoding='ebcdic-cp-us'?><l/>", None),
        (b"\xff\xfe<\0l\0>\0\0\xd8<\0/\0l\0>\0", None),
    ],
)
def test_wrong_encodings(document: bytes, charset: str | None) -> None:
    """What is not in its encoding, is said to be in two, or in one that is not read, is refused: never guessed."""
    with pytest.raises(UnreadableXml):
        parse(document, charset)


@given(st.binary(max_size=60) | st.text(alphabet="<>/!?&;-[] ='\"aDOCTYPE\0é").map(str.encode))
def test_anything_is_read_or_refused(document: bytes) -> None:
    """Whatever bytes come, there is a document or the one error."""
    try:
        read: object = parse(document)
    except UnreadableXml as error:
        read = error

    assert isinstance(read, Element | UnreadableXml)


ATTACKS = """
import resource, sys
from pathlib import Path
from kurun_clients.k2.services.xml_reading import UnreadableXml, parse
bombs = [
    Path(sys.argv[1]).read_bytes(),
    b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 100_000 + b'">]><l>' + b"&a;" * 100_000 + b"</l>",
    b"<l>" * 3_000_000,
    b"<l>" + b"<a/>" * 4_000_000 + b"</l>",
    b"<l" + b' a=""' * 2_100_000 + b"/>",
    b"<l>" + b"x" * 15_000_000 + b"</l>",
    b"<!--" * 3_000_000,
]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
refused = 0
for bomb in bombs:
    try:
        parse(bomb)
    except UnreadableXml:
        refused += 1
print(refused, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Of documents that would fill gigabytes, none costs a hundred megabytes until it is refused."""
    file = tmp_path / "bomb.xml"
    file.write_bytes(BOMB)

    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", ATTACKS, str(file)], capture_output=True, text=True, timeout=60, check=True
    )

    refused, kilobytes = map(int, done.stdout.split())
    assert refused == 7
    assert kilobytes < 100 * 1024
