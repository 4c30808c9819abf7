"""What the watcher of a K2 account makes of the lists it sees."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_activities.k2.watch_loop import as_listed
from kurun_activities.k2.watched import MOST_CARRIED, ListedTask, Watched, mirror_id
from kurun_clients.k2.workflow_api.models import TaskSummary

PROCESS = UUID("0b54e1ac-96c5-4a7d-8d0c-3f62f6f0a3d1")


def task(serial_number: str = "1_1", **parts: object) -> ListedTask:
    """A listed task."""
    return ListedTask(serial_number, 1, **parts)  # type: ignore[arg-type]


def due(watched: Watched) -> list[str]:
    """Serial numbers of what is due."""
    return [known.task.serial_number for known in watched.due()]


def mirrored(watched: Watched) -> UUID:
    """Let every due task have its mirror; answers with the id of all of them."""
    process_id = uuid4()
    for known in watched.due():
        known.mirrored_by(process_id)
    return process_id


def test_a_new_task_is_due_once() -> None:
    """A listed task is due until it has its mirror, and then no more while it stays listed."""
    watched = Watched()
    watched.see([task()])
    before = due(watched)
    mirrored(watched)
    watched.see([task()])

    assert before == ["1_1"]
    assert due(watched) == []


def test_what_failed_is_due_again() -> None:
    """A task that could not be mirrored is due at the next list."""
    watched = Watched()
    watched.see([task()])
    watched.see([task()])

    assert due(watched) == ["1_1"]


def test_a_task_that_left_the_list_is_told_to_its_mirror() -> None:
    """The mirror of a task that is not listed any more has to hear of it; it is named until it was told."""
    watched = Watched()
    watched.see([task("1_1"), task("2_2")])
    process_id = mirrored(watched)
    watched.see([task("2_2")])
    watched.see([task("2_2")])

    assert watched.departed == {"1_1": process_id}
    assert list(watched.known) == ["2_2"]


def test_a_task_that_comes_back_at_once_is_not_told() -> None:
    """Back in the list before its mirror could be told: it is due again, and the mirror that runs is found."""
    watched = Watched()
    watched.see([task()])
    mirrored(watched)
    watched.see([])
    watched.see([task()])

    assert watched.departed == {}
    assert due(watched) == ["1_1"]


@pytest.mark.parametrize(("generation", "lists"), [(0, 2), (1, 4), (2, 8)])
def test_a_task_whose_mirror_ended_has_to_stay_listed(generation: int, lists: int) -> None:
    """Another mirror is due only after further lists, the more the oftener mirrors ended, for K2's list may lag."""
    watched = Watched()
    watched.see([task()])
    watched.known["1_1"].mirror_ended(generation)
    seen = []
    for _ in range(lists):
        seen.append(due(watched))
        watched.see([task()])

    assert seen == [[]] * lists
    assert due(watched) == ["1_1"]
    assert watched.known["1_1"].generation == generation + 1


def test_a_task_that_nobody_can_act_on_now_is_neither_new_nor_gone() -> None:
    """Asleep, or opened by somebody else: it gets no mirror, and the mirror that it has hears nothing."""
    watched = Watched()
    watched.see([task("1_1"), task("2_2", available=False)])
    new = due(watched)
    mirrored(watched)
    watched.see([task("1_1", available=False), task("2_2", available=False)])

    assert new == ["1_1"]
    assert due(watched) == []
    assert watched.departed == {}


def test_without_a_definition_to_mirror_with_only_awaited_tasks_are_due() -> None:
    """Where nothing is mirrored, tasks that a process waits for are still announced."""
    watched = Watched(mirroring=False)
    watched.see([task("1_1"), task("2_2", business_key=str(PROCESS))])

    assert due(watched) == ["2_2"]


def test_a_reconciliation_finds_mirrors_whose_task_is_gone() -> None:
    """A mirror that runs while its task is not listed has missed something and is told."""
    watched, process_id = Watched(), uuid4()
    watched.see([task("1_1")])
    watched.reconcile({"9_9": process_id})

    assert watched.departed == {"9_9": process_id}


def test_a_reconciliation_spares_the_work_of_a_watcher_that_began_anew() -> None:
    """Tasks whose mirrors run already are not due; those whose mirrors do not run any more are looked at again."""
    watched, process_id = Watched(), uuid4()
    watched.see([task("1_1"), task("2_2")])
    watched.reconcile({"1_1": process_id})
    first = due(watched)
    mirrored(watched)
    watched.reconcile({"2_2": process_id})

    assert first == ["2_2"]
    assert due(watched) == ["1_1"]


def test_a_reconciliation_without_search_doubts_every_mirror() -> None:
    """Where nobody can tell which mirrors run, each of them is asked for."""
    watched = Watched()
    watched.see([task("1_1"), task("2_2")])
    process_id = mirrored(watched)
    watched.reconcile(None)

    assert due(watched) == ["1_1", "2_2"]
    assert [(each.doubtful, each.process_id) for each in watched.due()] == [(True, process_id)] * 2


def test_a_reconciliation_doubts_mirrors_that_do_not_run() -> None:
    """One that is found is beyond doubt; once another has been asked for, so is that."""
    watched = Watched()
    watched.see([task("1_1"), task("2_2")])
    mirrored(watched)
    watched.reconcile({"1_1": uuid4()})
    doubted = [each.task.serial_number for each in watched.known.values() if each.doubtful]
    mirrored(watched)

    assert doubted == ["2_2"]
    assert not any(each.doubtful for each in watched.known.values())


def reconciliations(watched: Watched, number: int, serial_number: str = "2_2") -> list[int]:
    """At which of so many reconciliations a task was announced."""
    told = []
    for each in range(number):
        watched.see([task(serial_number, business_key=f"{PROCESS}:2")])
        watched.reconcile(None)
        for known in watched.due():
            known.was_announced()
            told.append(each)
    return told


def test_awaited_tasks_are_announced_again_but_ever_more_seldom() -> None:
    """A signal may be lost with its workflow's earlier run; but each makes a history longer. In the end every 6 h."""
    told = reconciliations(Watched(), 1000)
    waits = [after - before for before, after in pairwise(told)]

    assert told[0] == 0
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 64, 72]
    assert set(waits[8:]) == {72}


def test_the_next_turn_goes_on_announcing_where_this_one_ended() -> None:
    """The watcher begins anew every hour: what it announced is handed on, also where a turn saw no list at all."""
    turns, told = Watched(), []
    for begin in range(0, 100, 10):
        told += [begin + each for each in reconciliations(turns, 10)]
        turns = Watched(announced=Watched(announced=turns.announcements()).announcements())

    assert told == reconciliations(Watched(), 100)


def test_what_is_handed_to_the_next_turn_is_limited() -> None:
    """Only so many announcements fit into a workflow's input; tasks that left the list are not among them."""
    watched = Watched()
    watched.see([task("gone", business_key=str(PROCESS))])
    watched.due()[0].was_announced()
    watched.see(task(f"{number}_1", business_key=str(PROCESS)) for number in range(MOST_CARRIED + 5))
    for known in watched.due():
        known.was_announced()

    assert len(watched.announcements()) == MOST_CARRIED
    assert "gone" not in watched.announcements()


@pytest.mark.parametrize(
    ("key", "process"),
    [(str(PROCESS), PROCESS), (f"{PROCESS}:2", PROCESS), ("order-7", None), ("", None), (None, None)],
)
def test_the_business_key_names_the_process_that_waits(key: str | None, process: UUID | None) -> None:
    """A key that begins with a process's id makes the task that process's; any other leaves it to be mirrored."""
    assert process == task(business_key=key).awaited_by


def test_a_task_has_one_mirror_for_each_account_and_generation() -> None:
    """Ids differ by account, serial number and generation, and are the same each time."""
    ids = {
        mirror_id(account, number, generation)
        for account in ("k2", "other")
        for number in ("1_1", "1_2")
        for generation in (0, 1, 2)
    }

    assert len(ids) == 12
    assert mirror_id("k2", "1_1") == mirror_id("k2", "1_1", 0)


def test_a_summary_becomes_what_the_watcher_keeps() -> None:
    """The key is read from the folio; without an instance id the serial number tells it."""
    summary = TaskSummary.model_validate(
        {"serialNumber": "12_34", "status": "Allocated", "workflowInstanceFolio": f"Loan [kuflow:{PROCESS}]"}
    )
    listed = as_listed(summary)

    assert (listed.workflow_instance_id, listed.awaited_by, listed.available) == (12, PROCESS, False)


Serials = st.sets(st.sampled_from(["1_1", "2_2", "3_3", "4_4"]))


@given(st.lists(st.tuples(Serials, st.booleans()), max_size=12))
def test_no_mirror_is_forgotten(lists: list[tuple[set[str], bool]]) -> None:
    """Whatever comes and goes, a mirror's task is listed or the mirror is named to be told; never both."""
    watched = Watched()
    mirrors: set[str] = set()
    for serial_numbers, works in lists:
        watched.see(task(each) for each in serial_numbers)
        if works:
            for each in list(watched.departed):
                del watched.departed[each]
                mirrors.discard(each)
            for known in watched.due():
                known.mirrored_by(uuid4())
                mirrors.add(known.task.serial_number)

        assert mirrors <= watched.known.keys() | watched.departed.keys()
        assert not watched.known.keys() & watched.departed.keys()
        assert serial_numbers == watched.known.keys()
