"""What the watcher knows of an account's tasks, and what is to be done about them. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid5

FURTHER_LISTS: Final = 2
"""Lists in which a task has to stand, after its mirror was found to have ended, before it gets another one.

The mirror ends because the task is done, and K2's list may lag behind. Where mirrors end again and again although the
task stays, the number doubles each time.
"""

MOST_DOUBLINGS: Final = 9

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
    """

    task: ListedTask
    settled: bool = False
    process_id: UUID | None = None
    generation: int = 0
    lists_to_wait: int = 0

    def mirrored_by(self, process_id: UUID) -> None:
        """Its mirror runs, or was cancelled by a person, who does not want another."""
        self.process_id, self.settled, self.lists_to_wait = process_id, True, 0

    def mirror_ended(self, generation: int) -> None:
        """Its mirror has ended, and the task is still listed."""
        self.process_id, self.generation = None, generation + 1
        self.lists_to_wait = FURTHER_LISTS << min(generation, MOST_DOUBLINGS)


@dataclass
class Watched:
    """The tasks of an account over time.

    Attributes:
        known: Those that are listed, by serial number.
        departed: Mirrors to be told that their task is not listed any more, by serial number.
    """

    mirroring: bool = True
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
            known = self.known.setdefault(serial_number, Known(task))
            known.task = task
            # It came back before its mirror could be told.
            known.process_id = self.departed.pop(serial_number, known.process_id)
            known.lists_to_wait = max(0, known.lists_to_wait - 1)

    def reconcile(self, running: Mapping[str, UUID] | None) -> None:
        """Compare with the mirrors that run, and tell once more what may have been lost.

        Args:
            running: Process ids by serial number; ``None`` if nobody can tell.
        """
        for known in self.known.values():
            if known.task.awaited_by is not None:
                known.settled = False
        if running is None:
            return
        for serial_number, process_id in running.items():
            if serial_number not in self.known:
                self.departed[serial_number] = process_id
        for serial_number, known in self.known.items():
            if known.task.awaited_by is not None:
                continue
            if (found := running.get(serial_number)) is not None:
                known.mirrored_by(found)
            elif known.settled:
                known.settled = False

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
