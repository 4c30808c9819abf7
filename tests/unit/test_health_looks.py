"""Looks at dependencies: never waited for, patient with a single failure, one at a time."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kurun_clients.http.observing import Exchange
from kurun_config import Settings
from kurun_worker.health.looks import Look, Pace, Trouble
from kurun_worker.health.monitor import Lateness
from kurun_worker.health.places import Folder, Writing, folders, hosts, resolving
from kurun_worker.health.reaching import Answers, Reaching
from tests.integration.worker_host import silent_port
from tests.unit.loopback import answering, serving, status

PACE = Pace(interval=3.0, timeout=5.0)


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> datetime:
        """Not needed here."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """What it is set to."""
        return self.seconds

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Not needed here."""
        raise NotImplementedError


class Place:
    """Something to look at, which can be away or hang."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.hangs: asyncio.Event | None = None
        self.looks = 0

    async def __call__(self) -> None:
        """Look."""
        self.looks += 1
        if self.hangs is not None:
            await self.hangs.wait()
        if self.trouble is not None:
            raise Trouble(self.trouble)


async def seen(look: Look, clock: HandClock, seconds: float) -> list[str | None]:
    """What a look says in each of so many seconds."""
    said = []
    for _ in range(int(seconds)):
        said.append(look.tick())
        for _ in range(5):
            await asyncio.sleep(0)
        clock.seconds += 1
    return said


async def test_a_loss_is_told_after_some_looks_and_a_return_at_once() -> None:
    """Within 15 s with the settings' defaults, and not before two looks have failed."""
    clock, place = HandClock(), Place()
    look = Look("KuFlow", place, pace=PACE, patience=PACE.patience, clock=clock)
    before = await seen(look, clock, 5)
    place.trouble = "answers with HTTP 503"
    lost = await seen(look, clock, 20)
    place.trouble = None
    again = await seen(look, clock, 6)

    told = next(number for number, said in enumerate(lost) if said)
    assert before == ["KuFlow: not looked at yet", None, None, None, None]
    assert 7 <= told <= 13
    assert lost[-1] == "KuFlow: answers with HTTP 503"
    assert again[-1] is None


async def test_one_failed_look_is_not_a_loss() -> None:
    """The next one is good, and nobody was told."""
    clock, place = HandClock(), Place()
    look = Look("KuFlow", place, pace=PACE, patience=PACE.patience, clock=clock)
    await seen(look, clock, 5)
    place.trouble = "connection reset"
    looks = place.looks
    said: list[str | None] = []
    while place.looks == looks:
        said += await seen(look, clock, 1)
    place.trouble = None
    said += await seen(look, clock, 10)

    assert set(said) == {None}


async def test_a_look_that_hangs_is_told_and_not_repeated() -> None:
    """At most one is under way: what hangs holds one thread, however long it hangs."""
    clock, place = HandClock(), Place()
    look = Look("engine.example.com", place, pace=PACE, patience=PACE.patience, clock=clock)
    await seen(look, clock, 3)
    looks, place.hangs = place.looks, asyncio.Event()
    lost = await seen(look, clock, 60)
    during = place.looks
    place.hangs.set()
    place.hangs = None
    again = await seen(look, clock, 5)
    await look.aclose()

    told = next(number for number, said in enumerate(lost) if said)
    assert told <= 13
    assert (lost[-1] or "").startswith("engine.example.com: no answer for 5")
    assert during == looks + 1
    assert again[-1] is None


async def test_a_block_of_the_event_loop_is_no_loss_of_what_was_looked_at() -> None:
    """No look could end meanwhile; afterwards a loss is told as ever."""
    clock, place, lateness = HandClock(), Place(), Lateness(4.0, PACE.patience)

    async def each_second(seconds: int) -> list[str | None]:
        said = []
        for _ in range(seconds):
            said.append(look.tick(late=lateness.at(clock.seconds)))
            for _ in range(5):
                await asyncio.sleep(0)
            clock.seconds += 1
        return said

    look = Look("KuFlow", place, pace=PACE, patience=PACE.patience, clock=clock)
    await each_second(6)
    place.hangs = hanging = asyncio.Event()
    await each_second(4)
    clock.seconds += 25
    blocked = await each_second(1)
    place.hangs = None
    hanging.set()
    afterwards = await each_second(20)
    place.trouble = "gone"
    lost = await each_second(15)

    assert {*blocked, *afterwards} == {None}
    assert lost[-1] == "KuFlow: gone"


async def test_a_good_look_may_put_off_the_next_and_a_bad_one_does_not() -> None:
    """What rests while all is well is asked less often, and its loss is told within 15 s all the same."""
    clock, place = HandClock(), Place()

    async def resting() -> float:
        await place()
        return 6.0

    look = Look("KuFlow", resting, pace=PACE, patience=PACE.patience, clock=clock)
    await seen(look, clock, 120)
    idle = place.looks
    place.trouble = "gone"
    lost = await seen(look, clock, 20)

    told = next(number for number, said in enumerate(lost) if said)
    assert 15 <= idle <= 24
    assert 4 <= told <= 14
    assert place.looks - idle >= 4


async def test_without_patience_the_first_failure_counts() -> None:
    """A full disk is full."""
    clock, place = HandClock(), Place()
    look = Look("disk", place, pace=PACE, clock=clock)
    await seen(look, clock, 3)
    place.trouble = "No space left on device"
    lost = await seen(look, clock, 6)

    assert lost[-1] == "disk: No space left on device"


async def test_what_is_presumed_well_is_so_until_something_is_known() -> None:
    """A first look that fails or takes too long is a trouble like any other."""
    clock, broken, hanging = HandClock(), Place(), Place()
    broken.trouble, hanging.hangs = "No space left on device", asyncio.Event()
    failed = await seen(Look("disk", broken, pace=PACE, presumed_well=True, clock=clock), clock, 2)
    look = Look("disk", hanging, pace=PACE, presumed_well=True, clock=clock)
    hung = await seen(look, clock, 8)
    await look.aclose()

    assert failed == [None, "disk: No space left on device"]
    assert hung == [*[None] * 6, "disk: no answer for 6 s", "disk: no answer for 7 s"]


async def test_a_defect_of_a_look_is_a_trouble_and_not_the_end() -> None:
    """The looking goes on."""
    clock, look_ended = HandClock(), asyncio.Event()

    async def broken() -> None:
        look_ended.set()
        raise KeyError("defect")

    look = Look("thing", broken, pace=PACE, clock=clock)

    assert (await seen(look, clock, 3))[-1] == "thing: KeyError: 'defect'"


async def test_a_name_that_nobody_knows() -> None:
    """The reason names what to look at; a name that is known is no trouble."""
    await resolving("localhost")()
    with pytest.raises(Trouble, match=r"does not resolve: .*check the name service"):
        await resolving("nobody.invalid")()


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
async def test_a_name_that_cannot_be_one(host: str) -> None:
    """It is trouble like any other, not a look that breaks."""
    with pytest.raises(Trouble, match="is no name of a machine"):
        await resolving(host)()


def settings(**sections: object) -> Settings:
    """Settings with these sections."""
    return Settings.model_validate(sections)


def test_the_names_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """KuFlow's and the engine's, once each; addresses need no name service; a proxy stands for KuFlow."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    local = settings(kuflow={"endpoint": "http://127.0.0.1:8080/v"}, engine={"address": "[::1]:7233"})
    usual = hosts(settings())
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")

    assert usual == ["api.kuflow.com", "engine.kuflow.com"]
    assert hosts(local) == []
    assert hosts(settings()) == ["proxy.example.com", "engine.kuflow.com"]


async def test_folders_are_really_written(tmp_path: Path) -> None:
    """A folder that is there is fine, one that is missing is not, and nothing is left behind."""
    (tmp_path / "file").touch()
    await Writing(Folder("documents.roots", tmp_path, made=False), 1)()
    await Writing(Folder("robots.home", tmp_path / "not" / "yet"), 1)()
    with pytest.raises(Trouble, match="No such file or directory"):
        await Writing(Folder("documents.roots", tmp_path / "gone", made=False), 1)()
    with pytest.raises(Trouble, match="Not a directory"):
        await Writing(Folder("documents.roots", tmp_path / "file", made=False), 1)()
    with pytest.raises(Trouble, match=r"MiB are free, .* wanted \(health.min_free_disk\)"):
        await Writing(Folder("documents.roots", tmp_path, made=False), 2**60)()

    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_of_documents_may_be_for_reading_only(tmp_path: Path) -> None:
    """Closed from the beginning it is one to read from; a folder that the worker needs may not be."""
    tmp_path.chmod(0o500)
    await Writing(Folder("documents.roots", tmp_path, made=False, may_be_closed=True), 1)()
    with pytest.raises(Trouble, match="Permission denied"):
        await Writing(Folder("robots.home", tmp_path), 1)()


def test_which_folders_are_written(tmp_path: Path) -> None:
    """Documents, robots and K2's login, as far as the settings use them."""
    everything = settings(
        documents={"roots": [tmp_path]},
        robots={"enabled": True, "home": tmp_path / "robots"},
        k2={
            "endpoint": "https://k2.example.com/api",
            "authentication": "oauth",
            "oauth_token_file": tmp_path / "k2" / "login",
        },
    )

    assert folders(settings()) == []
    assert [(each.setting, each.path) for each in folders(everything)] == [
        ("documents.roots", tmp_path),
        ("robots.home", tmp_path / "robots"),
        ("k2.oauth_token_file", tmp_path / "k2"),
    ]


async def test_kuflow_is_asked_less_often_while_it_answers_us() -> None:
    """Each of our own requests is a refusal in its log; the worker's other requests put nothing off."""
    answers = Answers()
    async with serving(answering(status(401), status(401))) as kuflow:
        reaching = Reaching(settings(kuflow={"endpoint": kuflow.url}).kuflow, PACE, answers)
        asked = await reaching()
        answers.end(Exchange("kuflow", "GET", "/processes", "id", status=200))
        spared = await reaching()
        await reaching.aclose()

    assert (asked, spared) == (2 * PACE.interval, None)
    assert len(kuflow.received) == 1


async def test_kuflow_that_refuses_connections_or_stays_silent() -> None:
    """Both are named, with the address; nothing is asked while the worker's own requests are answered."""
    answers = Answers()
    async with silent_port() as port:
        kuflow = settings(kuflow={"endpoint": f"http://127.0.0.1:{port}/v"}).kuflow
        silent = Reaching(kuflow, Pace(0.2, 0.2), answers)
        with pytest.raises(Trouble, match=rf"http://127.0.0.1:{port}/v cannot be reached: "):
            await silent()
        exchange = Exchange("kuflow", "GET", "/processes", "id", status=404)
        answers.end(exchange)
        await silent()
        await silent.aclose()
    refusing = Reaching(kuflow, Pace(0.2, 0.2), Answers())
    with pytest.raises(Trouble, match=r"cannot be reached: .*[Cc]onnect"):
        await refusing()
    await refusing.aclose()


def test_what_counts_as_an_answer() -> None:
    """Any status below 500, of KuFlow."""
    answers = Answers()
    answers.end(Exchange("k2", "GET", "/tasks", "id", status=200))
    answers.end(Exchange("kuflow", "GET", "/processes", "id", status=503))
    answers.end(Exchange("kuflow", "GET", "/processes", "id", error="ConnectError"))
    before = answers.within(60)
    answers.end(Exchange("kuflow", "GET", "/processes", "id", status=401))

    assert (before, answers.within(60)) == (False, True)
