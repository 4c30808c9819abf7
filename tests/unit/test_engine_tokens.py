"""Engine tokens."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_config import ConfigurationError
from kurun_twin.engine.tokens import Refusal, TokenMint

KEY = bytes(range(32))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


def test_a_token_is_good_until_its_end_and_not_after() -> None:
    """The end that the API tells is the end that the gateway keeps, to the millisecond."""
    clock = Clock()
    mint = TokenMint(KEY, timedelta(seconds=5), clock=clock)
    token = mint.issue()

    assert datetime.fromtimestamp(clock.now + 5, UTC) == token.expired_at
    assert pytest.approx(5) == mint.remaining(token.token)
    clock.now += 4.9
    assert pytest.approx(0.1) == mint.remaining(token.token)
    clock.now += 0.1
    assert Refusal.EXPIRED is mint.remaining(token.token)


def test_a_token_is_taken_for_the_grace_after_its_end() -> None:
    """Its end stays as the API tells it; what is left is below zero then."""
    clock = Clock()
    mint = TokenMint(KEY, timedelta(seconds=5), grace=timedelta(seconds=2), clock=clock)
    token = mint.issue()

    assert datetime.fromtimestamp(clock.now + 5, UTC) == token.expired_at
    clock.now += 6.5
    assert pytest.approx(-1.5) == mint.remaining(token.token)
    clock.now += 0.5
    assert Refusal.EXPIRED is mint.remaining(token.token)


def test_tokens_survive_a_restart(tmp_path: Path) -> None:
    """A token of the last run opens the gateway of the next one; its key is kept for the owner only."""
    token = TokenMint.open(tmp_path / "token.key", timedelta(hours=1)).issue()
    remaining = TokenMint.open(tmp_path / "token.key", timedelta(seconds=1)).remaining(token.token)

    assert pytest.approx(3600, abs=5) == remaining
    assert 0o600 == stat.S_IMODE((tmp_path / "token.key").stat().st_mode)


def test_tokens_of_another_twin_are_unknown() -> None:
    """Each data directory has its own key."""
    token = TokenMint(KEY, timedelta(hours=1)).issue()

    assert Refusal.UNKNOWN is TokenMint(bytes(32), timedelta(hours=1)).remaining(token.token)


def test_tokens_are_unique_and_not_shown() -> None:
    """No two are alike, and no representation holds one."""
    mint = TokenMint(KEY, timedelta(hours=1))
    tokens = [mint.issue() for _ in range(100)]

    assert 100 == len({token.token for token in tokens})
    assert tokens[0].token not in repr(tokens[0])


@given(st.text(max_size=100) | st.binary(max_size=75).map(lambda raw: raw.hex()))
def test_arbitrary_text_is_no_token(text: str) -> None:
    """Whatever a caller sends is refused, not stumbled over."""
    assert Refusal.UNKNOWN is TokenMint(KEY, timedelta(hours=1)).remaining(text)


@given(st.integers(min_value=0, max_value=74), st.characters(codec="ascii"))
def test_a_token_with_one_character_changed_is_unknown(position: int, character: str) -> None:
    """Neither the end nor the signature can be altered."""
    mint = TokenMint(KEY, timedelta(hours=1))
    token = mint.issue().token
    altered = token[:position] + character + token[position + 1 :]

    # The last character carries two bits that base64 throws away.
    assert altered[:74] == token[:74] or mint.remaining(altered) is Refusal.UNKNOWN


def test_a_flood_of_tokens_keeps_the_memory_small() -> None:
    """Remembered tokens are dropped beyond a limit, and are still good when they come again."""
    mint = TokenMint(KEY, timedelta(hours=1))
    tokens = [mint.issue().token for _ in range(3000)]
    answers = {type(mint.remaining(token)) for token in (*tokens, tokens[0])}

    assert {float} == answers
    assert len(mint._known) <= 1024


def test_a_broken_key_is_a_configuration_error(tmp_path: Path) -> None:
    """A damaged key file is named."""
    (tmp_path / "token.key").write_bytes(b"short")
    with pytest.raises(ConfigurationError) as caught:
        TokenMint.open(tmp_path / "token.key", timedelta(hours=1))

    assert "token.key" in str(caught.value)
