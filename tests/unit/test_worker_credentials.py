"""The renewal of credentials, on a clock that the tests move."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from kurun_clients.http import ApiError
from kurun_worker.credentials import DEAF_SECONDS, WORTH_APPLYING, Credential, Keeper
from kurun_worker.pacing import MINIMUM_PAUSE, Pacing, jittered

# Each example is a simulation of hours or days; how long one takes says more of the machine than of us.
unhurried = settings(deadline=None)

START = datetime(2026, 1, 1, tzinfo=UTC)


class Over(Exception):  # noqa: N818 - the end of a simulation
    """The simulated time is up."""


class SimulatedClock:
    """Time that passes only while somebody waits.

    Attributes:
        steady: Seconds since the start.
        offset: By how much the wall clock was set.
        passed: Called with each step forward.
    """

    def __init__(self, horizon: float) -> None:
        self.steady = 0.0
        self.offset = timedelta(0)
        self.horizon = horizon
        self.passed: Callable[[], None] = lambda: None
        self.waits: list[float] = []

    def now(self) -> datetime:
        """The wall clock."""
        return START + timedelta(seconds=self.steady) + self.offset

    def monotonic(self) -> float:
        """Steady time."""
        return self.steady

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Let the time pass at once, unless the event is set."""
        await asyncio.sleep(0)
        if event.is_set():
            return True
        self.waits.append(seconds)
        self.steady += seconds
        self.passed()
        if self.steady > self.horizon:
            raise Over
        return False


class Office:
    """Hands out credentials of one life, except while it is closed.

    Attributes:
        asked: When it was asked, in steady seconds.
        issued: When it issued.
    """

    def __init__(self, clock: SimulatedClock, life: float, closed: tuple[float, float] = (0.0, 0.0)) -> None:
        self.clock = clock
        self.life = life
        self.closed = closed
        self.asked: list[float] = []
        self.issued: list[float] = []

    async def issue(self) -> Credential[int]:
        """One more."""
        self.asked.append(self.clock.steady)
        if self.closed[0] <= self.clock.steady < self.closed[1]:
            raise ApiError("closed")
        self.issued.append(self.clock.steady)
        life = timedelta(seconds=self.life)
        return Credential(len(self.issued), life, self.clock.now() + life)


def simulate(office: Office, *, backoff: float = 30.0, random: float = 0.5) -> Keeper[int]:
    """Run a keeper until the clock's horizon."""
    keeper = Keeper("test", office.issue, pacing=Pacing(backoff, random=lambda: random), clock=office.clock)

    async def apply(_value: int) -> None:
        return

    with pytest.raises(Over):
        asyncio.run(keeper.run(apply))
    return keeper


@unhurried
@given(life=st.floats(2.0, 86_400), random=st.floats(0, 1, exclude_max=True))
def test_a_credential_is_renewed_at_about_half_of_its_life(life: float, random: float) -> None:
    """Each renewal comes when 40 to 50 percent of the life have passed, so no credential is ever used near its end."""
    clock = SimulatedClock(horizon=life * 5)
    office = Office(clock, life)

    simulate(office, random=random)

    gaps = [later - earlier for earlier, later in zip(office.issued, office.issued[1:], strict=False)]
    assert len(gaps) >= 5
    assert all(0.4 * life - 0.01 <= gap <= 0.5 * life + MINIMUM_PAUSE for gap in gaps)


@unhurried
@given(life=st.floats(-10, 1.0), random=st.floats(0, 1, exclude_max=True))
def test_a_life_that_is_missing_or_past_makes_no_hot_loop(life: float, random: float) -> None:
    """However short the life that KuFlow names, it is not asked more often than every half second."""
    clock = SimulatedClock(horizon=30)
    office = Office(clock, life)

    simulate(office, random=random)

    assert len(office.asked) <= 30 / MINIMUM_PAUSE + 2


@unhurried
@given(
    life=st.floats(8, 7200),
    begins=st.floats(0.01, 0.99),
    share=st.floats(0.0, 0.8),
    random=st.floats(0, 1, exclude_max=True),
)
def test_a_short_outage_never_lets_the_credential_expire(
    life: float, begins: float, share: float, random: float
) -> None:
    """An outage that ends before four fifths of the remaining half costs nothing: the old credential bridges it."""
    start = life * (1 + begins)
    clock = SimulatedClock(horizon=life * 6)
    office = Office(clock, life, closed=(start, start + share * life / 2))
    lapses: list[float] = []

    keeper = Keeper("test", office.issue, pacing=Pacing(30.0, random=lambda: random), clock=clock)

    def look() -> None:
        if keeper.remaining() <= 0:
            lapses.append(clock.steady)

    clock.passed = look

    async def apply(_value: int) -> None:
        return

    with pytest.raises(Over):
        asyncio.run(keeper.run(apply))

    assert lapses == []


@unhurried
@given(outage=st.floats(100, 20_000), random=st.floats(0, 1, exclude_max=True))
def test_a_long_outage_is_survived_and_noticed_to_end_within_the_longest_pause(outage: float, random: float) -> None:
    """However long KuFlow is away, the tries go on, never oftener than the minimum, and the next comes within 30 s."""
    clock = SimulatedClock(horizon=outage + 1000)
    office = Office(clock, life=60, closed=(10, 10 + outage))

    keeper = simulate(office, backoff=30, random=random)

    pauses = [later - earlier for earlier, later in zip(office.asked, office.asked[1:], strict=False)]
    after = [moment for moment in office.issued if moment >= 10 + outage]
    assert min(pauses) >= MINIMUM_PAUSE - 1e-6
    assert after[0] <= 10 + outage + 30 + MINIMUM_PAUSE
    assert keeper.state.failing_since is None
    assert keeper.state.failures == len(office.asked) - len(office.issued)


@unhurried
@given(jump=st.floats(-100_000, 100_000), at=st.floats(1, 200))
def test_a_change_of_the_wall_clock_neither_starves_nor_floods(jump: float, at: float) -> None:
    """When somebody sets the date, renewals go on in time by the steady clock and stay few."""
    clock = SimulatedClock(horizon=600)
    office = Office(clock, life=60)

    def set_date() -> None:
        if clock.steady >= at:
            clock.offset = timedelta(seconds=jump)

    clock.passed = set_date

    simulate(office)

    gaps = [later - earlier for earlier, later in zip(office.issued, office.issued[1:], strict=False)]
    assert max(gaps) <= 31
    assert len(office.issued) <= 600 / 24 + 3


def test_a_machine_that_slept_renews_at_once() -> None:
    """Steady time stands still while the machine sleeps; the wall clock tells that the life is over."""
    clock = SimulatedClock(horizon=400)
    office = Office(clock, life=1000)

    def sleep() -> None:
        if clock.steady >= 100:
            clock.offset = timedelta(hours=2)

    clock.passed = sleep

    simulate(office)

    assert len(office.issued) >= 2
    assert 100 <= office.issued[1] <= 131


async def test_the_current_credential_is_reused_while_it_is_valid() -> None:
    """Asking twice asks KuFlow once; after the end it is asked again."""
    clock = SimulatedClock(horizon=1000)
    office = Office(clock, life=60)
    keeper = Keeper("test", office.issue, pacing=Pacing(30.0), clock=clock)

    first, second = await keeper.current(), await keeper.current()
    clock.steady = 61
    third = await keeper.current()

    assert [first, second, third] == [1, 1, 2]


async def test_a_refresh_that_fails_leaves_the_valid_credential() -> None:
    """Before a reconnect a new credential is wanted, but an old valid one is better than none."""
    clock = SimulatedClock(horizon=1000)
    office = Office(clock, life=60, closed=(10, 1000))
    keeper = Keeper("test", office.issue, pacing=Pacing(30.0), clock=clock)
    await keeper.current()
    clock.steady = 20

    kept = await keeper.refresh()
    clock.steady = 61

    assert kept == 1
    with pytest.raises(ApiError):
        await keeper.refresh()


async def test_after_an_outage_a_demand_is_heard_within_seconds() -> None:
    """The longest pause is not waited out; however often it is demanded, the tries stay seconds apart."""
    clock = SimulatedClock(horizon=700)
    office = Office(clock, life=60, closed=(10, 333))
    keeper = Keeper("test", office.issue, pacing=Pacing(30.0, random=lambda: 0.5), clock=clock)

    def refuse() -> None:
        if 200 <= clock.steady < 400:
            keeper.hurry()

    clock.passed = refuse

    async def apply(_value: int) -> None:
        return

    with pytest.raises(Over):
        await keeper.run(apply)

    tries = [moment for moment in office.asked if 230 <= moment <= 333]
    again = next(moment for moment in office.issued if moment >= 333)
    assert again <= 333 + DEAF_SECONDS
    assert min(later - earlier for earlier, later in pairwise(tries)) >= DEAF_SECONDS
    # Once it works there is nothing to hurry.
    assert not [moment for moment in office.issued if again < moment < again + 20]


async def test_a_demand_renews_before_the_time() -> None:
    """A token that the engine refuses is replaced at once, whatever its life says."""
    clock = SimulatedClock(horizon=1000)
    office = Office(clock, life=900)
    keeper = Keeper("test", office.issue, pacing=Pacing(30.0), clock=clock)

    def refuse() -> None:
        if 50 <= clock.steady < 90:
            keeper.demand()

    clock.passed = refuse

    async def apply(_value: int) -> None:
        return

    with pytest.raises(Over):
        await keeper.run(apply)

    assert office.issued[1] <= 61


async def test_what_cannot_be_applied_is_not_in_use() -> None:
    """A new certificate that the engine refuses is applied again, and all that is told is of the one in use."""
    clock = SimulatedClock(horizon=80)
    office = Office(clock, life=100)
    keeper = Keeper("test", office.issue, pacing=Pacing(5.0, random=lambda: 0.5), clock=clock)
    tried: list[tuple[int, int | None, int]] = []

    async def apply(value: int) -> None:
        tried.append((value, keeper.held, round(clock.steady + keeper.remaining())))
        if clock.steady < 70:
            raise RuntimeError("no connection")

    await keeper.current()
    with pytest.raises(Over):
        await keeper.run(apply)

    assert len(tried) > 2
    assert set(tried) == {(2, 1, 100)}
    assert keeper.held == 2
    assert keeper.state.failures == len(tried) - 1
    assert len(office.asked) == 2


async def test_what_can_never_be_applied_is_replaced() -> None:
    """It may be the certificate itself that is wrong: after a while another one is asked for."""
    clock = SimulatedClock(horizon=WORTH_APPLYING * 2)
    office = Office(clock, life=WORTH_APPLYING * 10)
    keeper = Keeper("test", office.issue, pacing=Pacing(30.0), clock=clock)

    async def apply(_value: int) -> None:
        raise RuntimeError("no connection")

    with pytest.raises(Over):
        await keeper.run(apply)

    assert 1 < len(office.issued) < 4


async def test_of_several_who_renew_one_does() -> None:
    """Two workers of one plugin do not ask twice as often, and the renewal goes on when one of them ends."""
    clock = SimulatedClock(horizon=1000)
    office = Office(clock, life=100)
    keeper = Keeper("test", office.issue, pacing=Pacing(30.0), clock=clock)
    applied: list[str] = []

    async def apply(_value: int, by: str) -> None:
        applied.append(by)
        if len(applied) == 3:
            first.cancel()
            await asyncio.sleep(0)

    first = asyncio.create_task(keeper.run(partial(apply, by="first")))
    second = asyncio.create_task(keeper.run(partial(apply, by="second")))
    with pytest.raises(Over):
        await second

    assert applied[:3] == ["first"] * 3
    assert set(applied[3:]) == {"second"}
    assert all(later - earlier >= 40 for earlier, later in pairwise(office.issued[:3]))
    assert all(later - earlier >= 40 for earlier, later in pairwise(office.issued[4:]))


async def test_a_failure_that_nobody_foresaw_is_logged_whole_once() -> None:
    """The traceback comes with the first line, and not again every half minute."""
    clock = SimulatedClock(horizon=300)
    keeper = Keeper("test", Office(clock, life=60).issue, pacing=Pacing(30.0), clock=clock)

    async def apply(_value: int) -> None:
        raise KeyError("defect")

    with structlog.testing.capture_logs() as logged, pytest.raises(Over):
        await keeper.run(apply)

    failures = [each for each in logged if each["event"] == "renewal fails"]
    assert keeper.state.failures > 3
    assert [type(each["exc_info"]) for each in failures] == [KeyError]


@unhurried
@given(failures=st.integers(1, 10_000), remaining=st.floats(-10, 10_000), random=st.floats(0, 1, exclude_max=True))
def test_pauses_after_failures_stay_within_their_bounds(failures: int, remaining: float, random: float) -> None:
    """The back-off neither overflows after months of failures nor takes more than a third of what is left."""
    pause = Pacing(30.0, random=lambda: random).retry(failures, remaining)

    assert MINIMUM_PAUSE <= pause <= 30.0
    if remaining > 3 * MINIMUM_PAUSE:
        assert pause <= remaining / 3


def test_a_wish_to_wait_is_granted_within_the_cap() -> None:
    """``Retry-After`` lengthens a pause, but not beyond the longest one and not beyond the credential's end."""
    pacing = Pacing(30.0, random=lambda: 0.0)

    assert pacing.retry(1, 0.0, 12.0) == 12.0
    assert pacing.retry(1, 0.0, 3600.0) == 30.0
    assert pacing.retry(1, 9.0, 12.0) == 3.0


@unhurried
@given(seconds=st.floats(0.1, 1e6), random=st.floats(0, 1, exclude_max=True))
def test_jitter_is_a_tenth_either_way(seconds: float, random: float) -> None:
    """A fleet spreads, but nobody comes much too late."""
    assert 0.9 * seconds <= jittered(seconds, lambda: random) <= 1.1 * seconds
