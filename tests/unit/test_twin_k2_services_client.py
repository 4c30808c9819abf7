"""The client of the K2 Services against the twin: each was written from K2's documents, and both read them alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2.errors import GoneOrForbidden, NotExecuted
from kurun_clients.k2.services import (
    ALL_FIELDS,
    Criteria,
    ItemFields,
    ProcessStart,
    ProcessUpdate,
    ServicesClient,
    Sort,
    SortOrder,
    TaskAction,
    TaskUpdate,
    WorklistField,
    all_of,
    any_of,
    field,
)
from kurun_twin.k2.services_api import OPERATIONS
from tests.unit.k2_twins import K2Twin, open_k2_twin

_WITHOUT_FIELDS = {
    "Worklist_OpenWorklistItemActivityInstanceDestinationDataField",
    "Worklist_OpenWorklistItemActivityInstanceDestinationXmlField",
}
"""Activities of the twin have no fields of their own: nothing can be found there."""


@pytest.fixture
async def twin(tmp_path: Path) -> AsyncIterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


def _client(twin: K2Twin, name: str = "Bob") -> ServicesClient:
    user = twin.user(name)
    return ServicesClient(
        "http://127.0.0.1/K2Services",
        auth=BasicAuth(user.name, user.password),
        transport=httpx2.ASGITransport(app=twin.app),
    )


async def test_every_operation_succeeds(twin: K2Twin) -> None:
    """Each operation of the contract has a method of the client, which the twin serves and the client reads."""
    async with _client(twin) as k2:
        number = await _start(k2)
        serial = (await k2.worklist.find())[0].serial_number
        assert serial is not None
        await _read_lists(k2)
        await _read_parts(k2, serial, number)
        await k2.worklist.execute_action(serial, "Approve", ItemFields(process_data={"Amount": 3}))
        await k2.worklist.execute((await k2.worklist.find())[0].serial_number or "", "Decline It")
        await k2.task.update(TaskUpdate(serial_number=(await k2.task.find())[0].serial_number or "", action="Done"))
        failures = await k2.task.update_many([TaskUpdate(serial_number=serial, action="Approve", id=17)])
    counted = twin.platform.figures.snapshot()["requests"]["by_operation"]
    succeeded = {name for name, figures in counted.items() if "200" in figures["by_status"]}

    assert [("17", "24411")] == [(each.id, each.message[:5]) for each in failures]
    assert {each.name for each in OPERATIONS} - _WITHOUT_FIELDS == succeeded
    assert ["Approve", "Decline It", "Done"] == [each["detail"]["action"] for each in twin.history(what="acted")]


async def _start(k2: ServicesClient) -> int:
    number = await k2.process.start(
        ProcessStart(
            full_name=r"Loans\Approval",
            folio="ä <&\"'> \\ _U_",
            priority=2,
            data_fields={"Amount": 5, "File Id": "a_b"},
            xml_fields={"Form_1": "<a b='c'>&amp;</a>"},
        ),
        synchronous=True,
    )
    await k2.process.start_by_name(r"Loans\Approval", folio="second")
    await k2.process.start_many([ProcessStart(full_name="Two", folio="third")])
    await k2.process.update(ProcessUpdate(id=number, priority=3))
    shown = await k2.process.retrieve(number, fields=ALL_FIELDS)

    assert (shown.folio, shown.priority, shown.status) == ("ä <&\"'> \\ _U_", 3, "Active")
    assert ("Amount", "5") == (shown.data_fields[0].name, shown.data_fields[0].value)
    assert "a_b" == (await k2.process.data_field(number, "File Id")).value
    assert "<a b='c'>&amp;</a>" == (await k2.process.xml_field(number, "Form_1")).value
    assert (3, 1) == (len(await k2.process.data_fields(number)), len(await k2.process.xml_fields(number)))
    return number


async def _read_lists(k2: ServicesClient) -> None:
    folio, amount = field(WorklistField.PROCESS_FOLIO), field("ProcessData", sub_field="Amount")
    either = Criteria(
        any_of(all_of(folio.like("sec%"), folio.equals("second")), folio.equals("third")),
        sorts=(Sort(WorklistField.PROCESS_FOLIO, SortOrder.DESCENDING),),
    )
    items, tasks = await k2.worklist.find(either), await k2.task.find_filtered(either)

    assert ["third", "second"] == [each.process_instance and each.process_instance.folio for each in items]
    assert ["third", "second"] == [each.process_folio for each in tasks]
    assert 1 == len(await k2.worklist.find_filtered(Criteria(amount.greater_than(4))))
    assert 1 == len(await k2.worklist.search(process_full_name="Two", folio="th*"))
    assert 2 == len(await k2.worklist.find(skip=1, top=5))
    assert r"K2:ACME\Bob" == await k2.core.who_am_i()
    assert "Bob Boss" == (await k2.identity.retrieve(r"K2:ACME\Bob")).display_name
    assert (4, 1) == (len(await k2.identity.find()), len(await k2.identity.search(display_name="*Chief")))


async def _read_parts(k2: ServicesClient, serial: str, number: int) -> None:
    item = await k2.worklist.retrieve(serial, allocate=True, fields=ALL_FIELDS)
    task = await k2.task.retrieve(f"SN={serial}")
    event = await k2.worklist.event_instance(serial)
    activity = await k2.worklist.activity_instance_destination(serial, fields=ALL_FIELDS)

    assert (item.status, item.allocated_user, task.status) == ("Open", r"K2:ACME\Bob", "Open")
    assert item.process_instance == await k2.worklist.process_instance(serial, fields=ALL_FIELDS)
    assert item.event_instance == event
    assert item.activity_instance_destination == activity
    assert f"{activity.proc_inst_id}_{activity.id}" == serial == f"{number}_{activity.id}"
    assert tuple(item.actions) == await k2.worklist.actions(serial)
    assert item.actions[1] == await k2.worklist.action(serial, "Decline It")
    assert item.process_instance is not None
    assert tuple(item.process_instance.data_fields) == await k2.worklist.process_data_fields(serial)
    assert "a_b" == (await k2.worklist.process_data_field(serial, "File Id")).value
    assert tuple(item.process_instance.xml_fields) == await k2.worklist.process_xml_fields(serial)
    assert "<a b='c'>&amp;</a>" == (await k2.worklist.process_xml_field(serial, "Form_1")).value
    assert () == await k2.worklist.activity_data_fields(serial)
    assert () == await k2.worklist.activity_xml_fields(serial)
    destinations = await k2.worklist.destinations(serial)
    assert [r"K2:ACME\Bob", r"K2:ACME\Eve"] == [each.name for each in destinations]
    assert destinations[1] == await k2.worklist.destination(serial, 1)


async def test_the_systems_actions(twin: K2Twin) -> None:
    """Sleep, wake, redirect and delegate arrive as they were meant, by both services."""
    twin.start()
    bob, later = twin.serial("Bob"), datetime.now(UTC) + timedelta(days=1)
    async with _client(twin) as k2:
        await k2.worklist.execute_action(bob, TaskAction.sleep_until(later))
        await k2.task.update(TaskUpdate(serial_number=bob, action=TaskAction.wake()))
        await k2.worklist.execute(bob, TaskAction.sleep_forever())
        await k2.worklist.execute(bob, TaskAction.wake())
        await k2.worklist.execute(bob, TaskAction.redirect(r"K2:ACME\Zoe"))
    async with _client(twin, "Zoe") as k2:
        (item,) = await k2.worklist.find()
        await k2.task.update(TaskUpdate(serial_number=item.serial_number or "", action=TaskAction.delegate("Eve")))

    assert ["slept", "awoken", "slept", "awoken", "redirected", "redirected"] == twin.happened()[1:]


async def test_outcomes(twin: K2Twin, tmp_path: Path) -> None:
    """What is gone is told from what was refused; a failure under 200 is none the better."""
    async with _client(twin) as k2:
        with pytest.raises(GoneOrForbidden) as gone:
            await k2.worklist.retrieve("9_9")
    assert gone.value.code == "26030"

    (tmp_path / "other").mkdir()
    with open_k2_twin(tmp_path / "other", k2_failure_in_200=True) as other:
        other.start()
        async with _client(other) as k2:
            with pytest.raises(GoneOrForbidden):
                await k2.worklist.execute("9_9", "Approve")
            with pytest.raises(NotExecuted, match="not configured for batch"):
                await k2.worklist.execute(other.serial("Bob"), "Approve")
