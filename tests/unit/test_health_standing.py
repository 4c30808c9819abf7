"""How registration and credentials stand, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from kurun_clients.http import ConnectError
from kurun_worker.credentials import Credential, Keeper
from kurun_worker.health.conditions import Health
from kurun_worker.health.standing import credential_trouble, registration_trouble
from kurun_worker.pacing import Pacing


def keeper(life: float, *, fails: bool = False) -> Keeper[str]:
    """A keeper of a token with this life in seconds, or of none where KuFlow is away."""

    async def obtain() -> Credential[str]:
        if fails:
            raise ConnectError("POST", "https://kuflow.example.com/authentications", "/authentications", "refused")
        return Credential("secret", timedelta(seconds=life), datetime.now(UTC) + timedelta(seconds=life))

    return Keeper("engine token", obtain, pacing=Pacing(30.0))


async def test_a_token_counts_until_its_margin() -> None:
    """Shortly before its end it counts no more, and the reason says when that is."""
    fresh, short = keeper(600), keeper(9)
    await fresh.current()
    await short.current()

    assert credential_trouble("engine token", fresh, margin=60) is None
    assert credential_trouble("engine token", short, margin=2) is None
    # A margin longer than the life would never be kept: then a quarter of the life is.
    assert credential_trouble("engine token", short, margin=60) is None


async def test_a_token_that_ended_or_never_was() -> None:
    """Each has words of its own, and no secret is among them."""
    ended, never = keeper(-1), keeper(60, fails=True)
    await ended.current()
    with pytest.raises(ConnectError):
        await never.current()
    said = credential_trouble("engine token", ended, margin=2) or ""

    assert said.startswith("the engine token ended at ")
    assert "secret" not in said
    assert credential_trouble("engine token", never, margin=2) == "there is no engine token yet"


def test_no_registrar_yet() -> None:
    """Registration follows the connection."""
    assert registration_trouble(None, 10) == "not registered with KuFlow yet: the engine is reached first"


def test_since_is_kept_while_nothing_changes() -> None:
    """A reason may change without the condition beginning anew; only turns are reported."""
    health = Health({}, max_loop_lag=10)
    first = health.note({"kuflow": "no answer for 6 s"})
    second = health.note({"kuflow": "no answer for 7 s"})
    third = health.note({"kuflow": None})

    assert [each.ok for each in (*first, *second, *third)] == [False, True]
    assert health.conditions[0].since >= first[0].since


def test_what_was_noted_long_ago_says_nothing() -> None:
    """Where nobody looks any more, a worker that was ready is not."""
    seconds = [0.0]
    health = Health({}, max_loop_lag=10, monotonic=lambda: seconds[0])
    health.note({"kuflow": None})
    before = health.ready().ok
    seconds[0] = 12.0
    health.beat()

    assert (before, health.ready().ok) == (True, False)
    assert health.ready().conditions[1].reason == "nothing has been looked at for 12.0 s"
