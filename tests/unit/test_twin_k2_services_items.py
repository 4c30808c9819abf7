"""Items of the twin's Worklist service and their parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.k2_twin_services import REST, Services, q, refused, root
from tests.unit.k2_twins import K2Twin, open_k2_twin

ITEMS = f"{REST}/Worklist/Items"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def bob(twin: K2Twin) -> Services:
    """The services as Bob calls them."""
    return Services(twin)


async def test_an_item_shows_all_its_parts(twin: K2Twin, bob: Services) -> None:
    """An item has its serial number, form, actions, instance, step and event, each in its own namespace."""
    number = twin.start(folio="L-1", Amount=5)
    serial = twin.serial("Bob")

    shown = root(await bob.get(f"{ITEMS}({serial})"))
    process = shown.find(q("process", "ProcessInstance"))
    activity = shown.find(q("activity", "ActivityInstanceDestination"))
    event = shown.find(q("event", "ActivityInstanceDestination"))

    assert shown.tag == q("worklist", "WorklistItem")
    assert shown.attrib == {"ID": serial.partition("_")[2], "SerialNumber": serial, "Status": "Available"}
    assert (shown.findtext(q("worklist", "Data")) or "").endswith(f"SN={serial}")
    assert [("Approve", "false"), ("Decline It", "true"), ("Note", "false")] == [
        (each.attrib["Name"], each.attrib["Batchable"]) for each in shown.iter(q("worklist", "Action"))
    ]
    assert process is not None
    assert activity is not None
    assert event is not None
    expected = {"FullName": r"Loans\Approval", "Folder": "Loans", "Name": "Approval", "Folio": "L-1", "ID": str(number)}
    assert expected == {name: process.attrib[name] for name in expected}
    assert (process.attrib["Status"], process.attrib["StartDate"][-1]) == ("Active", "Z")
    assert serial == f"{activity.attrib['ProcInstID']}_{activity.attrib['ID']}"
    assert event.attrib["Name"] == "Approve"


async def test_fields_are_shown_when_they_are_asked_for(twin: K2Twin, bob: Services) -> None:
    """Data fields are off unless the call asks for them, here and in lists."""
    twin.start(Amount=5)
    serial = twin.serial("Bob")

    plain = root(await bob.get(f"{ITEMS}({serial})"))
    asked = root(await bob.get(f"{ITEMS}({serial})", PIdataFIELD="true", piXmlField="1"))
    in_list = root(await bob.get(ITEMS, piDataField="true"))

    assert [] == list(plain.iter(q("process", "DataField")))
    for document in (asked, in_list):
        fields = {each.attrib["Name"]: each.text for each in document.iter(q("process", "DataField"))}
        assert fields == {"Amount": "5", "Decision": None, "File Id": "none"}


@pytest.mark.parametrize(
    ("path", "tag", "number"),
    [
        ("Actions", q("worklist", "ActionCollection"), 3),
        ("Actions(decline%20it)", q("worklist", "Action"), 0),
        ("ProcessInstance", q("worklist", "ProcessInstance"), 2),
        ("ProcessInstance/DataFields", q("process", "DataFieldCollection"), 3),
        ("ProcessInstance/DataFields(File%20Id)", q("process", "DataField"), 0),
        ("ProcessInstance/XmlFields", q("process", "XmlFieldCollection"), 1),
        ("ProcessInstance/XmlFields(Form_U_1)", q("process", "XmlField"), 0),
        ("ActivityInstanceDestination", q("activity", "ActivityInstanceDestination"), 2),
        ("ActivityInstanceDestination/DataFields", q("process", "DataFieldCollection"), 0),
        ("ActivityInstanceDestination/XmlFields", q("process", "XmlFieldCollection"), 0),
        ("EventInstance", q("event", "EventInstance"), 2),
        ("Destinations", q("worklist", "DestinationCollection"), 2),
        ("Destinations(1)", q("worklist", "Destination"), 0),
    ],
)
async def test_the_parts_of_an_item(twin: K2Twin, bob: Services, path: str, tag: str, number: int) -> None:
    """Every part of an item has a path of its own, below which a name finds one of several."""
    instance = twin.start()
    document = f"<ProcessInstance ID='{instance}'><XmlField Name='Form_1'>x</XmlField></ProcessInstance>"
    root(await Services(twin, "svc").post(f"{REST}/Process/Instances/UpdateProcessInstance", document))

    part = root(await bob.get(f"{ITEMS}({twin.serial('Bob')})/{path}"))

    assert (tag, number) == (part.tag, len(part))


@pytest.mark.parametrize(
    "path",
    [
        "Actions(Nothing)",
        "ProcessInstance/DataFields(amount%20)",
        "ProcessInstance/XmlFields(x)",
        "ActivityInstanceDestination/DataFields(x)",
        "ActivityInstanceDestination/XmlFields(x)",
        "Destinations(2)",
        "Destinations(x)",
    ],
)
async def test_a_part_that_is_not_there(twin: K2Twin, bob: Services, path: str) -> None:
    """A part of an unknown name is a failure with 404."""
    twin.start()

    assert refused(await bob.get(f"{ITEMS}({twin.serial('Bob')})/{path}"))[0] == 404
