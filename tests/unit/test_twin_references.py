"""References to documents inside JSON data."""

from hypothesis import given
from hypothesis import strategies as st

from kurun_twin.platform.references import (
    DocumentAddress,
    Owner,
    parse_address,
    reference,
    referenced_documents,
)

ADDRESS = DocumentAddress(
    Owner("process", "7a1bf939-4d70-4439-9ced-a3dbbce12bd7"), "497f6eca-6276-4993-bfeb-53cbbbba6f08"
)


def test_an_address_is_read_in_both_forms() -> None:
    """The bare ``ku:`` form and the whole reference name the same document, whatever case the ids are in."""
    whole = f"kuflow-file:uri={ADDRESS};type=text/plain;size=3;name=a.txt;"
    encoded = whole.replace(":process/", "%3Aprocess%2F")

    assert parse_address(str(ADDRESS)) == ADDRESS
    assert parse_address(f"ku:process/{ADDRESS.owner.id.upper()}/document/{ADDRESS.document_id.upper()}") == ADDRESS
    assert parse_address(whole) == ADDRESS
    assert parse_address(encoded) == ADDRESS


def test_what_is_no_address_is_none() -> None:
    """Other texts are no addresses."""
    for text in ("", "kuflow-file:", "kuflow-file:uri=x;", "ku:process/1/document/2", f"{ADDRESS}/more"):
        assert parse_address(text) is None


@given(st.text(min_size=1, max_size=50))
def test_any_name_travels_in_a_reference(name: str) -> None:
    """Names with separators, spaces and any letters do not break the reference."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return

    text = reference(ADDRESS, content_type="text/plain", size=1, name=name)

    assert text.count(";") == 4
    assert parse_address(text) == ADDRESS


def test_references_are_found_anywhere() -> None:
    """In objects, lists and deep down; other texts are passed over."""
    text = reference(ADDRESS, content_type="a/b", size=1, name="n")

    assert list(referenced_documents({"a": text, "b": [{"c": [text, "x"]}], "d": {"e": text}, "f": 1})) == [ADDRESS] * 3
