"""Documents that are no good, posted to the twin's K2 Services."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.k2_twin_services import REST, SCHEMAS, SYNC, Services, instance, q, refused, root
from tests.unit.k2_twins import K2Twin, open_k2_twin

START = f"{REST}/Process/Instances/StartInstance"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def bob(twin: K2Twin) -> Services:
    """The services as Bob calls them."""
    return Services(twin)


def _bomb() -> str:
    entities = "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 20))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'


HOSTILE = {
    "a bomb in text": f"{_bomb()}ROOT>&l19;</END",
    "a bomb in an attribute": f'{_bomb()}ROOT Folio="&l19;"></END',
    "an external entity": '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>ROOT>&x;</END',
    "an external document type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">ROOT></END',
    "an unknown entity": "ROOT>&x;</END",
    "the end is missing": "ROOT><a><b>",
    "deep nesting": f"ROOT>{'<a>' * 50_000}{'</a>' * 50_000}</END",
    "very many elements": f"ROOT>{'<a/>' * 60_000}</END",
    "very many attributes": "ROOT " + " ".join(f"a{each}='1'" for each in range(20_000)) + "></END",
    "JSON": json.dumps({"a": 1}),
    "another document": "<Other/>",
    "nothing": "",
}


@pytest.mark.parametrize("trouble", HOSTILE)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"{REST}/Worklist/Items/Filtered", "Criteria"),
        (START, "ProcessInstance"),
        (f"{SYNC}/Task/Items/UpdateTask", "UpdateTask"),
    ],
)
async def test_hostile_documents_are_refused(twin: K2Twin, bob: Services, path: str, name: str, trouble: str) -> None:
    """Documents that are no good are failures with a short reason; nothing is done."""
    start = f'<{name} FullName="Two" Action="Approve"'
    document = HOSTILE[trouble].replace("ROOT", start).replace("</END", f"</{name}>")

    status, message = refused(await bob.post(path, document))

    assert status == 500
    assert len(message) < 300
    assert "root:" not in message
    assert [] == twin.happened()


@pytest.mark.parametrize(
    ("content_type", "document"),
    [
        ("application/xml; charset=utf-8", '<ProcessInstance FullName="Two" Folio="é"/>'.encode("latin-1")),
        ("application/xml; charset=klingon", b'<ProcessInstance FullName="Two"/>'),
        ("text/xml", b'<?xml version="1.0" encoding="utf-8"?><ProcessInstance FullName="Two" Folio="\xff"/>'),
        ("text/xml", b'<?xml version="1.0" encoding="klingon"?><ProcessInstance FullName="Two"/>'),
        ("application/xml; charset=utf-16", b'<ProcessInstance FullName="Two"/>'),
        ("application/xml", b'<ProcessInstance FullName="Two" Folio="\x00"/>'),
    ],
)
async def test_a_wrong_charset_is_refused(twin: K2Twin, content_type: str, document: bytes) -> None:
    """Bytes that are not in the charset they are said to be in start nothing."""
    async with twin.client("Bob", "") as client:
        answer = await client.post(START, content=document, headers={"Content-Type": content_type})

    assert refused(answer)[0] == 500
    assert [] == twin.happened()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", "WINDOWS-1252"])
async def test_charsets_that_are_read(twin: K2Twin, charset: str) -> None:
    """A folio arrives as it was written, whichever charset the header names."""
    document = f'<ProcessInstance xmlns="{SCHEMAS}/worklist/d1" FullName="Two" Folio="&lt;é&#38;&quot;"/>'
    headers = {"Content-Type": f"text/xml; charset={charset}"}
    async with twin.client("Bob", "") as client:
        answer = await client.post(START, content=document.encode(charset), headers=headers)

    assert root(answer).tag == "long"
    assert twin.history(what="started")[0]["detail"] == {"folio": '<é&"'}


async def test_large_documents_are_refused(tmp_path: Path) -> None:
    """No more is read than the twin's limit of bodies."""
    with open_k2_twin(tmp_path, max_body=1000) as twin:
        answer = await Services(twin).post(START, instance("x" * 2000, FullName="Two"))

        assert refused(answer) == (413, "a document has at most 1000 bytes")
        assert [] == twin.happened()


async def test_what_xml_cannot_hold_is_replaced(twin: K2Twin, bob: Services) -> None:
    """A folio with control characters, which JSON brought in, does not spoil the answer."""
    twin.start(folio="a\x00b\x1f")

    shown = await bob.get(f"{REST}/Worklist/Items")

    assert "a�b�" == next(root(shown).iter(q("process", "ProcessInstance"))).attrib["Folio"]
