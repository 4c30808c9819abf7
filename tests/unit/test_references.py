"""References to documents inside JSON data."""

import contextlib
import dataclasses
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurun_clients.kuflow import (
    KuFlowDataSource,
    KuFlowFile,
    KuFlowGroup,
    KuFlowPrincipal,
    KuFlowProcessRef,
    MalformedReference,
)
from kurun_clients.kuflow.references import Reference

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
KNOWN = {"uri", "type", "size", "name", "originalname", "id"}
NAMES = TEXT.filter(lambda name: name and name.replace("-", "").lower() not in KNOWN)
EXTRA = st.lists(st.tuples(NAMES, TEXT), max_size=4, unique_by=lambda pair: pair[0]).map(tuple)
IDS = TEXT.filter(bool)
FILES = st.builds(
    KuFlowFile,
    uri=IDS,
    type=TEXT,
    size=st.integers(0, 2**62),
    name=TEXT,
    original_name=st.none() | TEXT,
    extra=EXTRA,
)
REFERENCES: st.SearchStrategy[Reference] = st.one_of(
    FILES,
    st.builds(KuFlowPrincipal, id=IDS, type=TEXT, name=st.none() | TEXT, extra=EXTRA),
    st.builds(KuFlowGroup, id=IDS, type=TEXT, name=st.none() | TEXT, extra=EXTRA),
    st.builds(KuFlowProcessRef, id=IDS, name=st.none() | TEXT, extra=EXTRA),
    st.builds(KuFlowDataSource, id=IDS, name=st.none() | TEXT, extra=EXTRA),
)
KINDS: list[type[Reference]] = [KuFlowFile, KuFlowPrincipal, KuFlowGroup, KuFlowProcessRef, KuFlowDataSource]


@settings(deadline=None)
@given(REFERENCES)
def test_what_is_written_is_read_back(reference: Reference) -> None:
    """Any names and values survive, unknown ones and their order included."""
    assert type(reference).parse(str(reference)) == reference


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters=";%"), max_size=20)
ESCAPES = st.sampled_from(["%3B", "%3d", "%25", "%20", "%C3%A9", "%", "%zz", "=", "+"])


def is_utf8(text: str) -> bool:
    """Whether what stands encoded in a text is UTF-8; a bare ``%`` before digits need not be, and is refused then."""
    return "\ufffd" not in unquote(text.replace("\ufffd", ""), errors="replace")


RAW = st.lists(PLAIN | ESCAPES, max_size=4).map("".join).filter(is_utf8)
EXTRA_NAMES = st.from_regex(r"[a-z]{3}-[A-Z]{3}", fullmatch=True)


@st.composite
def written(draw: st.DrawFn) -> tuple[type[Reference], str]:
    """A reference as another writer may write it: any order, raw or encoded values, unknown fields."""
    kind = draw(st.sampled_from(KINDS))
    head = "uri" if kind is KuFlowFile else "id"
    fields = {head: "x" + draw(RAW), "type": draw(RAW), "name": draw(RAW)}
    if kind is KuFlowFile:
        fields |= {
            "size": str(draw(st.integers(0, 10**9))),
            draw(st.sampled_from(["original-name", "originalName"])): draw(RAW),
        }
    fields |= draw(st.dictionaries(EXTRA_NAMES, RAW, max_size=3))
    pairs = draw(st.permutations([f"{name}={value}" for name, value in fields.items()]))
    return kind, kind.PREFIX + ";".join(pairs) + draw(st.sampled_from(["", ";", ";;"]))


@settings(deadline=None)
@given(written())
def test_what_is_read_is_written_back(reference: tuple[type[Reference], str]) -> None:
    """To the letter: order, encoding and the spelling of names, however it was written."""
    kind, text = reference

    assert str(kind.parse(text)) == text


@settings(deadline=None)
@given(REFERENCES)
def test_what_is_written_suits_the_simplest_reader(reference: Reference) -> None:
    """Values hold neither separator, so that readers that split at each of them, as published SDKs do, can read it."""
    pairs = str(reference).removeprefix(reference.PREFIX).removesuffix(";").split(";")

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
    """Unknown fields come out again, in their order, also when the reference is changed."""
    file = KuFlowFile.parse("kuflow-file:z=1;uri=u;type=t/t;size=1;name=n;a=%20;")

    changed = dataclasses.replace(file, name="m")

    assert file.extra == (("z", "1"), ("a", " "))
    assert str(changed) == "kuflow-file:uri=u;type=t/t;size=1;name=m;z=1;a=%20;"


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (KuFlowPrincipal("1", "USER", "Ada / B"), "kuflow-principal:id=1;type=USER;name=Ada%20%2F%20B;"),
        (KuFlowPrincipal("1", "API_KEY"), "kuflow-principal:id=1;type=API_KEY;"),
        (KuFlowGroup("1", "OTHERS", "é;="), "kuflow-group:id=1;type=OTHERS;name=%C3%A9%3B%3D;"),
        (KuFlowProcessRef("1"), "kuflow-process:id=1;"),
        (KuFlowProcessRef("1", "100% sure"), "kuflow-process:id=1;name=100%25%20sure;"),
        (KuFlowDataSource("1", "Countries"), "kuflow-data-source:id=1;name=Countries;"),
    ],
)
def test_the_forms_of_the_other_references(reference: Reference, text: str) -> None:
    """As KuFlow's own writers print them."""
    assert str(reference) == text
    assert type(reference).parse(text) == reference


def test_references_are_values() -> None:
    """Equal when they say the same, in whatever order and encoding."""
    one = KuFlowProcessRef.parse("kuflow-process:name=a%20b;id=1;")
    other = KuFlowProcessRef.parse("KuFlow-Process:id=1;Name=a b")

    assert one == other == KuFlowProcessRef("1", "a b")
    assert len({one, other}) == 1
    assert (str(one), str(other)) == ("kuflow-process:name=a%20b;id=1;", "KuFlow-Process:id=1;Name=a b")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_own_beginning_and_fields(kind: type[Reference]) -> None:
    """A reference of another kind, without a field or with an empty id is none of this kind."""
    first = "uri" if kind is KuFlowFile else "id"
    sound = f"{first}=x;type=t;size=1;name=n;"

    assert str(kind.parse(kind.PREFIX + sound)) == kind.PREFIX + sound
    for broken in ("kuflow-other:" + sound, kind.PREFIX + "name=n;", kind.PREFIX + sound.replace("=x", "=")):
        with pytest.raises(MalformedReference):
            kind.parse(broken)


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
        ("kuflow-file:uri=u;type=t;size=1;name=n;original-name=a;originalName=b", "names 'originalName' twice"),
        ("kuflow-file:uri=%ff;type=t;size=1;name=n;", "not UTF-8"),
        ("kuflow-file:uri=u;type=t;size=1;name=" + "n" * 20_000, "longer than"),
    ],
)
def test_malformed_references_say_what_is_wrong(text: str, said: str) -> None:
    """A ValueError that names the fault."""
    with pytest.raises(MalformedReference, match=said) as caught:
        KuFlowFile.parse(text)

    assert isinstance(caught.value, ValueError)
