"""The Task service of the twin's K2 Services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.k2_twin_services import SCHEMAS, SYNC, Services, criteria, q, refused, root, update
from tests.unit.k2_twins import K2Twin, open_k2_twin

ITEMS = f"{SYNC}/Task/Items"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def bob(twin: K2Twin) -> Services:
    """The services as Bob calls them."""
    return Services(twin)


def _updates(*updates: str) -> str:
    return f'<UpdateTaskCollection xmlns="{SCHEMAS}/task/d1">{"".join(updates)}</UpdateTaskCollection>'


async def test_a_task_shows_all_its_parts(twin: K2Twin, bob: Services) -> None:
    """A task has what the documents list; its fields are there when they are asked for."""
    twin.start(folio="L-1", Amount=5)
    serial = twin.serial("Bob")

    task = root(await bob.get(f"{ITEMS}({serial})"))
    asked = root(await bob.get(f"{ITEMS}({serial})", piDataField="true"))
    parts = {each.tag.rpartition("}")[2]: each.text for each in task}

    assert (q("task", "Task"), {"SerialNumber": serial}) == (task.tag, task.attrib)
    assert parts["ProcessFullName"] == r"Loans\Approval"
    assert parts["ProcessName"] == "Approval"
    assert parts["ProcessFolio"] == "L-1"
    assert parts["ActivityName"] == "Approve"
    assert parts["Status"] == "Available"
    assert parts["Priority"] == "1"
    assert parts["Originator"] == r"K2:ACME\svc"
    assert (parts["StartDate"] or "").endswith("Z")
    assert (parts["Data"] or "").endswith(serial)
    assert ["false", "true", "false"] == [each.attrib["Batchable"] for each in task.iter(q("task", "Action"))]
    assert [] == list(task.iter(q("process", "ProcessDataField")))
    assert "5" == next(asked.iter(q("process", "ProcessDataField"))).text


async def test_tasks_are_listed_and_filtered(twin: K2Twin, bob: Services) -> None:
    """The same criteria work as a query option and as a document; $skip and $top cut the list."""
    for folio in "abc":
        twin.start(folio=folio)
    wanted = criteria(("ProcessFolio", "NotEqual", "String", "b"), sort="ProcessFolio")

    def folios(document: object) -> list[str]:
        assert hasattr(document, "iter")
        return [each.text for each in document.iter(q("task", "ProcessFolio"))]

    everything = root(await bob.get(ITEMS))

    assert (q("task", "TaskCollection"), ["a", "b", "c"]) == (everything.tag, folios(everything))
    assert ["c", "a"] == folios(root(await bob.get(ITEMS, filterXml=wanted)))
    assert ["c", "a"] == folios(root(await bob.post(f"{ITEMS}/Filtered", wanted)))
    assert ["b"] == folios(root(await bob.get(ITEMS, S_skip="1", S_top="1")))


async def test_an_update_acts_and_answers_with_nothing(twin: K2Twin, bob: Services) -> None:
    """An update with a batchable action and fields is done; the answer is 200 without a body."""
    number = twin.start(Amount=1)
    inside = "<p:ProcessDataField Name='Amount'>2</p:ProcessDataField>"

    answer = await bob.post(f"{ITEMS}/UpdateTask", update(twin.serial("Bob"), "a:Decline It", inside))
    record = twin.k2.database.call(twin.k2.instances.retrieve, twin.user("svc"), number)

    assert (200, b"", "0") == (answer.status_code, answer.content, answer.headers["content-length"])
    assert (2, "declined") == (record.data_fields["Amount"], record.data_fields["Decision"])


@pytest.mark.parametrize(
    ("action", "inside", "reason"),
    [
        ("a:Approve", "", "not configured for batch"),
        ("a:Decline It", "<p:ActivityDataField Name='X'>1</p:ActivityDataField>", "the activity has no field 'X'"),
        ("a:Decline It", "<p:ProcessDataField Name='Amount'>x</p:ProcessDataField>", "'Amount'"),
        ("s:1h", "", "Sleep takes seconds"),
    ],
)
async def test_updates_that_are_refused(twin: K2Twin, bob: Services, action: str, inside: str, reason: str) -> None:
    """An action that needs the form and fields that do not fit are refused, and the task stays."""
    twin.start()
    serial = twin.serial("Bob")

    status, message = refused(await bob.post(f"{ITEMS}/UpdateTask", update(serial, action, inside)))

    assert status == 500
    assert reason in message
    assert ["started"] == twin.happened()


@pytest.mark.parametrize(
    ("action", "what"),
    [(r"r:K2:ACME\Zoe", "redirected"), (r"d:K2:ACME\Zoe", "redirected"), ("s:600", "slept"), ("s:-1", "awoken")],
)
async def test_updates_with_the_systems_actions(twin: K2Twin, bob: Services, action: str, what: str) -> None:
    """The service carries out the system's actions."""
    twin.start()
    serial = twin.serial("Bob")
    if what == "awoken":
        twin.k2.database.call(twin.k2.tasks.sleep, twin.user("Bob"), serial, None)

    answer = await bob.post(f"{ITEMS}/UpdateTask", update(serial, action))

    assert answer.status_code == 200, answer.text
    assert what == twin.happened()[-1]


async def test_each_update_of_a_batch_stands_for_itself(twin: K2Twin, bob: Services) -> None:
    """Those that can be done are done; the others have their failure, under the number that the update has."""
    serials = []
    for _ in range(2):
        twin.start()
        serials.append(twin.serial("Bob"))
    batch = _updates(
        update(serials[0], "a:Decline It", number=1000),
        update("9_9", "a:Decline It", number=1001),
        update(serials[1], "a:Approve", number=1002),
        update(serials[1], "Decline It", "<p:ProcessDataField Name='No'/>", number=1003),
        update(serials[1], "a:decline it"),
    )

    results = root(await bob.post(f"{ITEMS}/UpdateTasks", batch))
    failures = {
        each.attrib["ID"]: (each.findtext(q("framework", "Message")) or "")[:7]
        for each in results.iter(q("framework", "Failure"))
    }

    assert q("task", "UpdateTaskResultCollection") == results.tag
    assert ["1000", "1001", "1002", "1003", None] == [each.attrib.get("ID") for each in results]
    assert failures == {"1001": "26030 T", "1002": "The act", "1003": "Data fi"}
    assert [serials[0], serials[1]] == [each["serial"] for each in twin.history(what="acted")]


@pytest.mark.parametrize(
    "document",
    [
        update("1_1", ""),
        update("", "a:Approve"),
        f'<UpdateTask xmlns="{SCHEMAS}/task/d1" Action="a:Approve"/>',
        _updates(),
    ],
)
async def test_updates_without_action_or_task(twin: K2Twin, bob: Services, document: str) -> None:
    """An update names its action and one task."""
    twin.start()

    assert refused(await bob.post(f"{ITEMS}/UpdateTask", document))[0] == 500
    assert ["started"] == twin.happened()
