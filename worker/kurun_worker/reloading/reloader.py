"""Reading the settings anew: when their files change, when somebody asks, and when credentials are refused."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from kurun_clients.threads import in_thread
from kurun_config import ConfigurationError, Settings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.redaction import Redactor
from kurun_worker.reloading.difference import described, difference, merged, refuse_gone
from kurun_worker.reloading.files import Fingerprint, fingerprint

log = structlog.get_logger(__name__)

Apply = Callable[[Settings, frozenset[str]], None]
"""Puts settings to use; told the settings in force from now on, and which of them changed, as ``section.field``."""

PATIENCE = 10.0
"""Seconds for which a refused request waits for newer credentials: they may be written at this very moment."""

LOOK = 0.2
REFUSALS_APART = 60.0
"""Seconds after a wait for nothing in which no other request waits."""


class Reloader:
    """Keeps the settings in force up to date.

    Args:
        settings: Those that the process started with.
        read: Reads them anew, in a thread.
        files: The files that they are read from.
        redactor: Learns new secrets before they are used.
        clock: Where time comes from.

    Attributes:
        settings: Those in force.
        may_wait: Asked when credentials were refused whether they were good before, so that it is worth waiting for
            newer ones.
        reloads: How often something changed.
    """

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        *,
        files: Callable[[], Sequence[Path]],
        redactor: Redactor | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.settings = settings
        self.may_wait: Callable[[], bool] = lambda: False
        self.reloads = 0
        self._read = read
        self._files = files
        self._redactor = redactor
        self._clock = clock
        self._applies: list[Apply] = []
        self._owed: dict[int, frozenset[str]] = {}
        self._complaints: dict[int, str] = {}
        self._lock = asyncio.Lock()
        self._asked = asyncio.Event()
        self._never = asyncio.Event()
        self._seen: Fingerprint | None = None
        self._unsettled = False
        self._complaint = ""
        self._awaiting_restart: tuple[str, ...] = ()
        self._looking: asyncio.Task[None] | None = None
        self._in_vain_at: float | None = None

    def listen(self, apply: Apply) -> None:
        """Call this with every change from now on."""
        self._applies.append(apply)

    def ask(self) -> None:
        """Have the settings read anew at once. To be called on the event loop."""
        self._asked.set()

    async def run(self) -> None:
        """Look for ever whether the files have changed, and read them when they have or when it was asked for."""
        while True:
            if await self._clock.wait(self._asked, self.settings.worker.reload_interval.total_seconds()):
                self._asked.clear()
                await self.reload(asked=True)
            elif await self._have_changed() or self._owed:
                await self.reload()

    async def reload(self, *, asked: bool = False) -> bool:
        """Read the settings anew and put to use what may change; whether anything did.

        What is wrong with them is one line in the log, and the settings in force stay. What one listener could not use
        does not keep it from the others, and is tried again with the next look.

        Args:
            asked: Say so in the log where nothing has changed, too.
        """
        async with self._lock:
            try:
                fresh = await in_thread(self._read)
                refuse_gone(self.settings, fresh)
            except (ConfigurationError, OSError, ValueError) as error:
                self._complain(error, asked=asked)
                return False
            self._complaint = ""
            return self._adopt(fresh, asked=asked)

    async def refused(self) -> None:
        """Credentials were refused: read the settings anew at once, and wait a while for newer ones."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        began, reloads = self._clock.monotonic(), self.reloads
        waits = self.may_wait() and (self._in_vain_at is None or began - self._in_vain_at > REFUSALS_APART)
        await self.reload()
        # Not what reload answers: the change may be found by the other look, that of run.
        while self.reloads == reloads and waits and self._clock.monotonic() - began < PATIENCE:
            await self._clock.wait(self._never, LOOK)
            if await self._have_changed():
                await self.reload()
        if waits:
            self._in_vain_at = None if self.reloads > reloads else self._clock.monotonic()

    def _looked(self, looking: asyncio.Task[None]) -> None:
        self._looking = None
        if not looking.cancelled() and (error := looking.exception()) is not None:
            log.error("newer credentials cannot be looked for", exc_info=error)

    async def _have_changed(self) -> bool:
        seen = await in_thread(lambda: fingerprint(self._files()))
        changed = seen != self._seen
        # Once more after a change, as a file may be written in several steps within one tick of its clock.
        look_again, self._unsettled, self._seen = self._unsettled, changed, seen
        return changed or look_again

    def _adopt(self, fresh: Settings, *, asked: bool) -> bool:
        found = difference(self.settings, fresh)
        self._say_restart(found.restart, asked=asked)
        owed = frozenset[str]().union(*self._owed.values())
        if not found.changed and not owed:
            if asked:
                log.info("settings read again: nothing has changed")
            return False
        if found.changed:
            if self._redactor is not None:
                self._redactor.learn_settings(fresh)
            self.settings = merged(self.settings, fresh, found.changed)
            log.info("settings read again", changed=described(self.settings, found.changed))
        self._apply(frozenset(found.changed), asked=asked)
        made_good = sorted(owed.difference(found.changed, *self._owed.values()))
        if made_good:
            log.info("settings that could not be used are in force now", changed=described(self.settings, made_good))
        if not found.changed and not made_good:
            return False
        self.reloads += 1
        return True

    def _apply(self, changed: frozenset[str], *, asked: bool) -> None:
        for number, apply in enumerate(self._applies):
            if not (wanted := changed | self._owed.get(number, frozenset())):
                continue
            try:
                apply(self.settings, wanted)
            except Exception as error:  # whatever one listener stumbles over, the others have to hear of the change
                self._owed[number] = wanted
                self._say_unused(number, error, asked=asked)
            else:
                self._owed.pop(number, None)
                self._complaints.pop(number, None)

    def _say_unused(self, number: int, error: Exception, *, asked: bool) -> None:
        said = f"{type(error).__name__}: {error}"
        if asked or said != self._complaints.get(number):
            if isinstance(error, ConfigurationError):
                log.warning("a setting that changed cannot be used", error=str(error))
            else:
                log.error("putting a setting that changed to use failed", exc_info=error)
        self._complaints[number] = said

    def _say_restart(self, paths: tuple[str, ...], *, asked: bool) -> None:
        if paths and (asked or paths != self._awaiting_restart):
            log.warning(f"needs a restart: {', '.join(paths)}")
        self._awaiting_restart = paths

    def _complain(self, error: Exception, *, asked: bool) -> None:
        said = str(error)
        if asked or said != self._complaint:
            log.error("settings cannot be read again, those in force stay", error=said)
        self._complaint = said
