"""Settings that are read again while the worker runs: what is noticed, what is put to use, and what is said of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import CapturingLogger

from kurun_config import ConfigurationError, Settings, load, reloadable, setting_paths, settings_files
from kurun_worker.redaction import MASK, Redactor
from kurun_worker.reloading import Reloader
from tests.waiting import until

FIRST = "first-secret"
FILE = """
[kuflow]
client_id = "me"
client_secret = "{secret}"
[worker]
task_queue = "{queue}"
reload_interval = 0.05
[log]
level = "{level}"
"""


@pytest.fixture
def said() -> Iterator[CapturingLogger]:
    """What is written to the log while the test runs."""
    logger = CapturingLogger()
    structlog.configure(processors=[lambda _, __, event: ((), dict(event))], logger_factory=lambda *_: logger)
    yield logger
    structlog.reset_defaults()


def events(said: CapturingLogger) -> list[str]:
    """The log's lines without their fields."""
    return [call.kwargs["event"] for call in said.calls]


def write(file: Path, *, secret: str = FIRST, queue: str = "loans", level: str = "INFO") -> None:
    """A file of settings."""
    file.write_text(FILE.format(secret=secret, queue=queue, level=level))


def secret_of(settings: Settings) -> str:
    """The secret of the application."""
    return settings.kuflow.client_secret.get_secret_value() if settings.kuflow.client_secret else ""


def reloader_of(file: Path | None, redactor: Redactor | None = None) -> Reloader:
    """One for a file of settings."""
    return Reloader(
        load(file=file).settings,
        lambda: load(file=file).settings,
        files=lambda: settings_files(file),
        redactor=redactor,
    )


@contextlib.asynccontextmanager
async def watching(reloader: Reloader) -> AsyncIterator[None]:
    """Look at the files inside the block."""
    task = asyncio.create_task(reloader.run())
    yield
    task.cancel()


async def test_a_secret_that_kubernetes_swaps_is_used_and_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link ``..data`` is turned to another folder; the new secret is known to the log before it is used."""
    for version, secret in (("..v1", "first-secret"), ("..v2", "second-secret")):
        (tmp_path / version).mkdir()
        (tmp_path / version / "kurun_kuflow_client_secret").write_text(secret)
    (tmp_path / "..data").symlink_to("..v1")
    (tmp_path / "kurun_kuflow_client_secret").symlink_to("..data/kurun_kuflow_client_secret")
    monkeypatch.setenv("KURUN_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("KURUN_WORKER_RELOAD_INTERVAL", "0.05")
    monkeypatch.setenv("KURUN_KUFLOW_CLIENT_ID", "me")
    settings = load().settings
    redactor = Redactor.of(settings)
    reloader = reloader_of(None, redactor)
    seen: list[tuple[str, str]] = []
    reloader.listen(lambda new, _: seen.append((secret_of(new), redactor.text("first-secret second-secret"))))

    async with watching(reloader):
        (tmp_path / "..new").symlink_to("..v2")
        (tmp_path / "..new").rename(tmp_path / "..data")
        await until(lambda: seen, seconds=5)

    assert seen == [("second-secret", f"{MASK} {MASK}")]
    assert secret_of(reloader.settings) == "second-secret"


async def test_a_changed_file_is_read_and_told_once(tmp_path: Path, said: CapturingLogger) -> None:
    """What may change is put to use; the line in the log names it and shows no secret."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)
    changes: list[frozenset[str]] = []
    reloader.listen(lambda _, changed: changes.append(changed))

    async with watching(reloader):
        write(file, secret="second-secret", level="DEBUG")
        await until(lambda: changes, seconds=5)

    assert changes == [frozenset({"kuflow.client_secret", "log.level"})]
    assert [call.kwargs["changed"] for call in said.calls] == [["kuflow.client_secret", "log.level=DEBUG"]]
    assert "second-secret" not in str(said.calls)


async def test_what_needs_a_restart_is_said_and_left(tmp_path: Path, said: CapturingLogger) -> None:
    """Another task queue is one line, however often the file is looked at; the old one stays in force."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)

    write(file, queue="others")
    changed = [await reloader.reload() for _ in range(3)]

    assert changed == [False] * 3
    assert events(said) == ["needs a restart: worker.task_queue"]
    assert reloader.settings.worker.task_queue == "loans"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[kuflow", "not a TOML file"),
        ('[log]\nlevel = "LOUD"', "Input should be"),
        ('[kuflow]\nclient_id = "me"\n[worker]\ntask_queue = "loans"', "kuflow.client_secret: there is none any more"),
    ],
)
async def test_settings_that_are_wrong_change_nothing(
    tmp_path: Path, said: CapturingLogger, text: str, reason: str
) -> None:
    """A broken file, a wrong value and a credential that is gone are one line each; then the file is mended."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)

    file.write_text(text)
    broken = [await reloader.reload() for _ in range(3)]
    in_force = secret_of(reloader.settings)
    write(file, secret="second-secret")
    mended = await reloader.reload()

    assert (broken, mended, in_force) == ([False] * 3, True, "first-secret")
    assert events(said) == ["settings cannot be read again, those in force stay", "settings read again"]
    assert reason in said.calls[0].kwargs["error"]


async def test_a_listener_that_fails_is_told_again_and_keeps_the_change_from_nobody(
    tmp_path: Path, said: CapturingLogger
) -> None:
    """Whatever it raises: one line, the others are told once, and the next look tells it until it succeeds."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)
    broken: list[Exception | None] = [ValueError("oops"), ConfigurationError("no"), ConfigurationError("no"), None]
    told: list[frozenset[str]] = []
    others: list[frozenset[str]] = []

    def stumble(_: Settings, changed: frozenset[str]) -> None:
        told.append(changed)
        if (error := broken[len(told) - 1]) is not None:
            raise error

    reloader.listen(stumble)
    reloader.listen(lambda _, changed: others.append(changed))
    async with watching(reloader):
        write(file, secret="second-secret")
        await until(lambda: len(told) == 4 and len(said.calls) == 4, seconds=5)
    idle = await reloader.reload()

    assert (told, others, idle) == (
        [frozenset({"kuflow.client_secret"})] * 4,
        [frozenset({"kuflow.client_secret"})],
        False,
    )
    assert reloader.reloads == 2
    assert events(said) == [
        "settings read again",
        "putting a setting that changed to use failed",
        "a setting that changed cannot be used",
        "settings that could not be used are in force now",
    ]


async def test_settings_that_are_not_in_force_do_not_count_as_unchanged(tmp_path: Path, said: CapturingLogger) -> None:
    """Who asks is told again what is wrong."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)

    def refuse(_settings: Settings, _changed: frozenset[str]) -> None:
        raise ConfigurationError("no")

    reloader.listen(refuse)
    write(file, secret="second-secret")
    changed = [await reloader.reload(), await reloader.reload(), await reloader.reload(asked=True)]

    assert changed == [True, False, False]
    assert events(said) == ["settings read again", *["a setting that changed cannot be used"] * 2]


async def test_who_asks_is_answered(tmp_path: Path, said: CapturingLogger) -> None:
    """SIGHUP where nothing has changed says so."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)

    async with watching(reloader):
        reloader.ask()
        await until(lambda: said.calls, seconds=5)

    assert events(said)[0] == "settings read again: nothing has changed"


async def test_a_refusal_waits_for_a_secret_that_is_being_written(tmp_path: Path) -> None:
    """All who are refused wait together; whichever look finds a newer secret ends it."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)
    reloader.may_wait = lambda: True

    async with watching(reloader):
        refused = [asyncio.create_task(reloader.refused()) for _ in range(5)]
        done, _ = await asyncio.wait(refused, timeout=0.3)
        write(file, secret="second-secret")
        await asyncio.wait_for(asyncio.gather(*refused), timeout=5)

    assert done == set()
    assert (reloader.reloads, secret_of(reloader.settings)) == (1, "second-secret")


async def test_a_refusal_at_the_start_is_looked_at_once(tmp_path: Path) -> None:
    """Credentials that were never good are not waited for: the start ends with what is wrong."""
    file = tmp_path / "kurun.toml"
    write(file)
    reloader = reloader_of(file)

    async with asyncio.timeout(2):
        await reloader.refused()

    assert reloader.reloads == 0


def test_every_setting_that_is_read_again_says_so() -> None:
    """Credentials, limits and the log's level; what names the worker or the places it talks to does not change."""
    marked = {path for path, field in setting_paths() if reloadable(field)}

    assert {"kuflow.client_secret", "kuflow.token", "k2.password", "k2.oauth_client_secret", "log.level"} <= marked
    assert {"documents.max_bytes", "worker.max_concurrent_activities", "robots.max_memory"} <= marked
    assert not marked & {"worker.task_queue", "worker.modules", "kuflow.endpoint", "engine.address", "k2.endpoint"}
