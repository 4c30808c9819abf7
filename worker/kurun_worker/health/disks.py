"""The looks at folders, which follow the settings in force: folders may come and go while the worker runs."""

import asyncio
from collections.abc import Callable, Collection

from kurun_config import Settings
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.health.looks import Look, Pace
from kurun_worker.health.places import Folder, Writing, folders


class Disks:
    """A look at each folder that the worker may write to.

    Args:
        current: The settings in force, replaced as a whole when they change.
        pace: How often, and how long.
        clock: Where time comes from.
    """

    def __init__(self, current: Callable[[], Settings], *, pace: Pace, clock: Clock = SYSTEM_CLOCK) -> None:
        self._current = current
        self._pace = pace
        self._clock = clock
        self._settings = settings = current()
        self._looks = {each: self._look(each, settings) for each in folders(settings)}

    @property
    def looks(self) -> Collection[Look]:
        """One for each folder."""
        return self._looks.values()

    async def follow(self) -> None:
        """Look from now on at the folders that the settings name now; what is known of those that stay is kept."""
        if (settings := self._current()) is self._settings:
            return
        before = self._looks
        # The worker was ready without it: it is not unready for as long as the first look takes.
        self._looks = {
            each: before.get(each) or self._look(each, settings, presumed_well=True) for each in folders(settings)
        }
        self._settings = settings
        await asyncio.gather(*(before[each].aclose() for each in before.keys() - self._looks.keys()))

    def _look(self, folder: Folder, settings: Settings, *, presumed_well: bool = False) -> Look:
        return Look(
            f"{folder.setting}: {folder.path}",
            Writing(folder, settings.health.min_free_disk),
            pace=self._pace,
            presumed_well=presumed_well,
            clock=self._clock,
        )
