"""The business key in a folio."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_activities.k2.folio import KEY_FORM, MAX_FOLIO, key_of, search_text, with_key

KEYS = st.from_regex(re.compile(KEY_FORM), fullmatch=True)


@given(folio=st.one_of(st.none(), st.text(max_size=400)), key=KEYS)
def test_every_folio_gives_its_key_back(folio: str | None, key: str) -> None:
    """Whatever stands before it, the key is found again, and nothing is longer than K2 keeps."""
    written = with_key(folio, key)

    assert key == key_of(written)
    assert len(written) <= MAX_FOLIO
    assert search_text(key) in written


@given(folio=st.text(max_size=100), key=KEYS)
def test_a_key_is_added_once(folio: str, key: str) -> None:
    """A folio that carries the key already stays as it is."""
    written = with_key(folio, key)

    assert written == with_key(written, key)


def test_a_folio_is_readable_for_people() -> None:
    """The text comes first, then the key."""
    assert with_key("Loan 4711", "a-1:2") == "Loan 4711 [kuflow:a-1:2]"
    assert with_key(None, "a") == with_key("  ", "a") == "[kuflow:a]"


def test_a_long_text_is_cut_and_the_key_is_not() -> None:
    """What K2 would cut is the text before the key."""
    written = with_key("x" * 300, "key")

    assert len(written) == MAX_FOLIO
    assert written.endswith("x… [kuflow:key]")


@pytest.mark.parametrize(
    ("folio", "key"),
    [
        (None, None),
        ("Loan 4711", None),
        ("[kuflow:]", None),
        ("[kuflow:a b]", None),
        ("[kuflow:a", None),
        ("Loan [kuflow:a] changed by the workflow", "a"),
        ("Copy of [kuflow:a] [kuflow:b]", "b"),
    ],
)
def test_a_key_is_read_or_there_is_none(folio: str | None, key: str | None) -> None:
    """A workflow may write around the key; of several the last counts."""
    assert key == key_of(folio)


@pytest.mark.parametrize("key", ["", "a b", "50%", "ä", "a]", "a\n", "x" * 101])
def test_what_could_not_be_read_back_is_no_key(key: str) -> None:
    """A key with other characters is refused before anything is sent."""
    with pytest.raises(ValueError, match="1 to 100"):
        with_key("Loan", key)
