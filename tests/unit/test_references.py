"""References to documents inside JSON data."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurun_clients.kuflow import KuFlowFile, MalformedReference

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
NAMES = TEXT.filter(lambda name: name and name not in {"uri", "type", "size", "name", "original-name", "originalName"})
FILES = st.builds(
    KuFlowFile,
    uri=TEXT.filter(bool),
    type=TEXT,
    size=st.integers(0, 2**62),
    name=TEXT,
    original_name=st.none() | TEXT,
    extra=st.lists(st.tuples(NAMES, TEXT), max_size=4, unique_by=lambda pair: pair[0]).map(tuple),
)


@settings(deadline=None)
@given(FILES)
def test_what_is_written_is_read_back(file: KuFlowFile) -> None:
    """Any names and values survive, unknown ones and their order included."""
    assert KuFlowFile.parse(str(file)) == file


@settings(deadline=None)
@given(FILES)
def test_what_is_written_suits_the_simplest_reader(file: KuFlowFile) -> None:
    """Values hold neither separator, so that readers that split at each of them, as published SDKs do, can read it."""
    pairs = str(file).removeprefix("kuflow-file:").removesuffix(";").split(";")

    assert all(pair.count("=") == 1 for pair in pairs)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands in the data: a reference, or MalformedReference, and nothing else."""
    for candidate in (text, "kuflow-file:" + text, "kuflow-file:uri=a;type=b;size=1;name=c;" + text):
        with contextlib.suppress(MalformedReference):
            KuFlowFile.parse(candidate)


def test_the_form_that_kuflow_documents() -> None:
    """The example of the API, read and written back as it was."""
    text = "kuflow-file:uri=ku:process/1/document/2;type=application/json;size=500;name=file.json;"

    file = KuFlowFile.parse(text)

    assert file == KuFlowFile("ku:process/1/document/2", "application/json", 500, "file.json")
    assert str(file) == text


def test_values_are_url_encoded() -> None:
    """Names with separators, spaces and letters beyond ASCII."""
    file = KuFlowFile("ku:1", "text/plain", 1, "a=b; c+d é.txt", original_name="é;")

    assert str(file) == (
        "kuflow-file:uri=ku:1;type=text/plain;size=1;name=a%3Db%3B%20c%2Bd%20%C3%A9.txt;original-name=%C3%A9%3B;"
    )


def test_values_may_hold_the_equals_sign_plainly() -> None:
    """Some writers leave it as it is."""
    assert KuFlowFile.parse("kuflow-file:uri=ku:1?a=b;type=a/b;size=1;name=x=y").name == "x=y"


@pytest.mark.parametrize("key", ["original-name", "originalName"])
def test_both_spellings_of_the_original_name(key: str) -> None:
    """The name before it was changed, in either spelling, in any place."""
    assert KuFlowFile.parse(f"kuflow-file:{key}=old;uri=u;type=t/t;size=1;name=new").original_name == "old"


def test_fields_of_a_later_kuflow_are_kept() -> None:
    """Unknown fields come out again, in their order."""
    file = KuFlowFile.parse("kuflow-file:z=1;uri=u;type=t/t;size=1;name=n;a=%20;")

    assert file.extra == (("z", "1"), ("a", " "))
    assert str(file) == "kuflow-file:uri=u;type=t/t;size=1;name=n;z=1;a=%20;"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not begin with kuflow-file:"),
        ("kuflow-principal:id=1;", "does not begin with kuflow-file:"),
        ("kuflow-file:", "lacks uri, type, size, name"),
        ("kuflow-file:uri=u;type=t;name=n;", "lacks size"),
        ("kuflow-file:uri=;type=t;size=1;name=n;", "empty uri"),
        ("kuflow-file:uri=u;type=t;size=many;name=n;", "no number of bytes: 'many'"),
        ("kuflow-file:uri=u;type=t;size=-1;name=n;", "no number of bytes: '-1'"),
        ("kuflow-file:uri=u;type=t;size=1_0;name=n;", "no number of bytes"),
        ("kuflow-file:uri=u;type=t;size=1;name=n;oops;", "no name=value: 'oops'"),
        ("kuflow-file:=x;uri=u;type=t;size=1;name=n;", "no name=value"),
        ("kuflow-file:uri=u;uri=v;type=t;size=1;name=n;", "names 'uri' twice"),
        ("kuflow-file:uri=%ff;type=t;size=1;name=n;", "not UTF-8"),
        ("kuflow-file:uri=u;type=t;size=1;name=" + "n" * 20_000, "longer than"),
    ],
)
def test_malformed_references_say_what_is_wrong(text: str, said: str) -> None:
    """A ValueError that names the fault."""
    with pytest.raises(MalformedReference, match=said) as caught:
        KuFlowFile.parse(text)

    assert isinstance(caught.value, ValueError)
