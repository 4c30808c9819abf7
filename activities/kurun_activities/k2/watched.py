"""What the watcher knows of an account's tasks, and what is to be done about them. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid5

from kurun_activities.k2.watch_models import Announced

FURTHER_LISTS: Final = 2
"""Lists in which a task has to stand, after its mirror was found to have ended, before it gets another one.

The mirror ends because the task is done, and K2's list may lag behind. Where mirrors end again and again although the
task stays, the number doubles each time.
"""

MOST_DOUBLINGS: Final = 9

MOST_WAITED: Final = 72
"""Reconciliations, six hours, up to which the wait between two announcements of a task doubles: each of them makes the
history of the workflow that waits longer."""

MOST_CARRIED: Final = 2000
"""Announcements that a turn of the watcher hands to the next; the rest begin anew there."""

_MIRRORS: Final = UUID("1f0a7a52-0d3e-4b0c-8a35-7d0f4d7b9c11")


def mirror_id(account: str, serial_number: str, generation: int = 0) -> UUID:
    """Id of the process that mirrors a task: always the same one, so that it is created once.

    Args:
        account: Name of the K2 account.
        serial_number: The task.
        generation: How many mirrors of the same task have ended before.
    """
    place = (account, serial_number) if generation == 0 else (account, serial_number, str(generation))
    return uuid5(_MIRRORS, "/".join(place))


@dataclass(frozen=True)
class ListedTask:
    """A task as the list shows it.

    Attributes:
        serial_number: The task.
        workflow_instance_id: The instance that it belongs to.
        business_key: The key in its folio, if kurun started that instance.
        available: Whether the account can act on it now: it is not asleep and nobody else has it open.
        folio: Of the instance.
        workflow_name: Name of the K2 workflow.
        activity_name: Name of its step.
    """

    serial_number: str
    workflow_instance_id: int
    business_key: str | None = None
    available: bool = True
    folio: str | None = None
    workflow_name: str | None = None
    activity_name: str | None = None

    @property
    def awaited_by(self) -> UUID | None:
        """The process that waits for this task, by the business key."""
        try:
            return UUID((self.business_key or "").partition(":")[0])
        except ValueError:
            return None


@dataclass
class Known:
    """A listed task, and how far the watcher has come with it.

    Attributes:
        task: As it was listed last.
        settled: Nothing is to be done about it until the next reconciliation.
        process_id: The process that mirrors it, once that is known.
        generation: Which mirror it has, or gets next.
        lists_to_wait: Further lists in which it has to stand before it gets the next mirror.
        doubtful: Its mirror was not among those that run: whether its workflow lives has to be asked.
        announced: How often the process that waits for it was told, if one does.
    """

    task: ListedTask
    settled: bool = False
    process_id: UUID | None = None
    generation: int = 0
    lists_to_wait: int = 0
    doubtful: bool = False
    announced: Announced | None = None

    def mirrored_by(self, process_id: UUID, generation: int | None = None) -> None:
        """Its mirror runs, or was cancelled by a person, who does not want another."""
        self.process_id, self.settled, self.lists_to_wait, self.doubtful = process_id, True, 0, False
        self.generation = self.generation if generation is None else generation

    def mirror_ended(self, generation: int) -> None:
        """Its mirror has ended, or its workflow is dead, and the task is still listed."""
        self.process_id, self.generation, self.doubtful = None, generation + 1, False
        self.lists_to_wait = FURTHER_LISTS << min(generation, MOST_DOUBLINGS)

    def was_announced(self) -> None:
        """The process that waits for it was told; the wait until it is told again doubles each time."""
        times = self.announced.times if self.announced else 0
        wait = min(1 << min(times, MOST_DOUBLINGS), MOST_WAITED)
        self.settled, self.announced = True, Announced(times=times + 1, wait=wait)

    def announce_later(self) -> None:
        """A reconciliation passes: it may be time to tell once more."""
        if self.announced is not None:
            self.announced = self.announced.model_copy(update={"wait": self.announced.wait - 1})
        self.settled = self.announced is not None and self.announced.wait > 0


@dataclass
class Watched:
    """The tasks of an account over time.

    Attributes:
        mirroring: Whether tasks that no process waits for get a mirror.
        announced: What was announced before, by serial number.
        known: Those that are listed, by serial number.
        departed: Mirrors to be told that their task is not listed any more, by serial number.
    """

    mirroring: bool = True
    announced: Mapping[str, Announced] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    departed: dict[str, UUID] = field(default_factory=dict)

    def see(self, tasks: Iterable[ListedTask]) -> None:
        """Take in a new list."""
        listed = {task.serial_number: task for task in tasks}
        for serial_number in self.known.keys() - listed.keys():
            gone = self.known.pop(serial_number)
            if gone.process_id is not None:
                self.departed[serial_number] = gone.process_id
        for serial_number, task in listed.items():
            if (known := self.known.get(serial_number)) is None:
                before = self.announced.get(serial_number)
                known = self.known[serial_number] = Known(task, settled=before is not None, announced=before)
            known.task = task
            # It came back before its mirror could be told.
            known.process_id = self.departed.pop(serial_number, known.process_id)
            known.lists_to_wait = max(0, known.lists_to_wait - 1)
        # It is for those that stood in the list when the turn before ended.
        self.announced = {}

    def reconcile(self, running: Mapping[str, UUID] | None) -> None:
        """Compare with the mirrors that run, and tell once more what may have been lost.

        Args:
            running: Process ids by serial number; ``None`` if nobody can tell.
        """
        running = running or {}
        for serial_number, process_id in running.items():
            if serial_number not in self.known:
                self.departed[serial_number] = process_id
        for serial_number, known in self.known.items():
            if known.task.awaited_by is not None:
                known.announce_later()
            elif (found := running.get(serial_number)) is not None:
                known.mirrored_by(found)
            else:
                known.settled, known.doubtful = False, True

    def announcements(self) -> dict[str, Announced]:
        """What was announced and is listed still, for the turn that follows; the oftenest if there are many."""
        told = [(serial_number, known.announced) for serial_number, known in self.known.items() if known.announced]
        told += self.announced.items()
        return dict(sorted(told, key=lambda each: -each[1].times)[:MOST_CARRIED])

    def due(self) -> list[Known]:
        """Tasks about which something is to be done now."""
        return [
            known
            for known in self.known.values()
            if not known.settled
            and known.lists_to_wait == 0
            and known.task.available
            and (self.mirroring or known.task.awaited_by is not None)
        ]
