"""Answers of the K2 Services as models: K2's own examples, its editions, and what it may add."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import BaseModel

from kurun_clients.k2.services import (
    Action,
    ActivityInstanceDestination,
    DataField,
    EventInstance,
    InstanceStatus,
    ItemStatus,
    ProcessInstance,
    Task,
    User,
    WorklistItem,
    XmlField,
)
from kurun_clients.k2.services import documents as read
from kurun_clients.k2.services.xml_reading import Element, UnreadableXml, parse

NS = "http://schemas.k2.com"

ITEM = f"""<?xml version="1.0" encoding="utf-8"?>
<WorklistItem xmlns="{NS}/worklist/d1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    AllocatedUser="K2:ACME\\Bob" ID="77" SerialNumber="6565_9" Status="Open">
  <Data>https://forms/?SN=6565_9&amp;x=1</Data>
  <Action Name="Approve" Batchable="true"/><Action Name="Decline" Batchable="0"/>
  <ProcessInstance xmlns="{NS}/process/d1" ExpectedDuration="3600" Folder="Loans" Folio="L-1" FullName="Loans\\Approval"
      Guid="d3c7" ID="6565" Name="Approval" Priority="1" StartDate="2012-05-15T19:47:44.0412345+02:00" Status="Active">
    <Description>Loans of people</Description><Metadata/>
    <DataField Name="File Id">7</DataField><DataField Name="Note"/>
    <XmlField Name="Form">&lt;f a="1"/&gt;</XmlField>
    <XmlField Name="Open"><f xmlns="">a &lt; <b/>c</f></XmlField>
  </ProcessInstance>
  <ActivityInstanceDestination xmlns="{NS}/activity/d1" ActID="1" ActInstID="2" ExpectedDuration="" ID="9"
      Name="Approve loan" Priority="2" ProcInstID="6565" StartDate="2012-05-15T17:47:44">
    <p:DataField xmlns:p="{NS}/process/d1" Name="n">x</p:DataField>
  </ActivityInstanceDestination>
  <DelegatedUser Name="K2:ACME\\Eve"/>
  <ActivityInstanceDestination xmlns="{NS}/event/d1" ID="3" Name="Form" Priority="0"><Metadata>m</Metadata>
  </ActivityInstanceDestination>
  <Instruction xsi:nil="true"/>
</WorklistItem>"""

TASK = f"""<Task xmlns="{NS}/task/d1" xmlns:p="{NS}/process/d1" SerialNumber="6565_9">
  <ProcessName>Approval</ProcessName><StartDate>2012-05-15T17:47:44Z</StartDate>
  <ProcessFullName>Loans\\Approval</ProcessFullName><ProcessFolio>L-1</ProcessFolio>
  <ActivityName>Approve loan</ActivityName><Priority>1</Priority><Status>Available</Status>
  <Originator>K2:ACME\\Ada</Originator><Data>https://forms/</Data><Action Name="Approve" Batchable="true"/>
  <p:ProcessDataField Name="File Id">7</p:ProcessDataField><p:ProcessXmlField Name="F">&lt;f/&gt;</p:ProcessXmlField>
  <p:ActivityDataField Name="n">x</p:ActivityDataField><p:ActivityXmlField Name="g">&lt;g/&gt;</p:ActivityXmlField>
</Task>"""

USER = (
    f'<User xmlns="{NS}/user/d1" Username="Bob" Fqn="K2:ACME\\Bob" Email="bob@example.com" Manager="K2:ACME\\Eve"'
    ' DisplayName="Bob Boss"><Property Name="Phone">1</Property></User>'
)

MOMENT = datetime(2012, 5, 15, 17, 47, 44, tzinfo=UTC)


def test_an_item_of_the_worklist() -> None:
    """Every part of the contract, the event under the activity's name included; a moment without zone is UTC."""
    item = read.worklist_item(parse(ITEM.encode()))

    assert item == WorklistItem(
        serial_number="6565_9",
        id=77,
        status=ItemStatus.OPEN,
        allocated_user="K2:ACME\\Bob",
        data="https://forms/?SN=6565_9&x=1",
        actions=(Action(name="Approve", batchable=True), Action(name="Decline", batchable=False)),
        process_instance=ProcessInstance(
            id=6565,
            name="Approval",
            full_name="Loans\\Approval",
            folder="Loans",
            folio="L-1",
            guid="d3c7",
            priority=1,
            expected_duration=3600,
            start_date=MOMENT.replace(microsecond=41234),
            status=InstanceStatus.ACTIVE,
            description="Loans of people",
            metadata="",
            data_fields=(DataField(name="File Id", value="7"), DataField(name="Note")),
            xml_fields=(
                XmlField(name="Form", value='<f a="1"/>'),
                XmlField(name="Open", value="<f>a &lt; <b/>c</f>"),
            ),
        ),
        activity_instance_destination=ActivityInstanceDestination(
            id=9,
            act_id=1,
            act_inst_id=2,
            proc_inst_id=6565,
            name="Approve loan",
            priority=2,
            start_date=MOMENT,
            data_fields=(DataField(name="n", value="x"),),
        ),
        event_instance=EventInstance(id=3, name="Form", priority=0, metadata="m"),
        delegated_users=("K2:ACME\\Eve",),
    )
    assert item.process_instance is not None
    assert item.process_instance.start_date is not None
    assert item.process_instance.start_date.utcoffset() == timedelta(hours=2)


def test_a_task() -> None:
    """The Task service writes elements where the Worklist service writes attributes."""
    assert read.task(parse(TASK.encode())) == Task(
        serial_number="6565_9",
        process_name="Approval",
        process_full_name="Loans\\Approval",
        process_folio="L-1",
        start_date=MOMENT,
        activity_name="Approve loan",
        priority=1,
        status=ItemStatus.AVAILABLE,
        originator="K2:ACME\\Ada",
        data="https://forms/",
        actions=(Action(name="Approve", batchable=True),),
        process_data_fields=(DataField(name="File Id", value="7"),),
        process_xml_fields=(XmlField(name="F", value="<f/>"),),
        activity_data_fields=(DataField(name="n", value="x"),),
        activity_xml_fields=(XmlField(name="g", value="<g/>"),),
    )


def test_a_user() -> None:
    """A user and whatever properties the user manager has."""
    assert read.user(parse(USER.encode())) == User(
        username="Bob",
        fqn="K2:ACME\\Bob",
        email="bob@example.com",
        manager="K2:ACME\\Eve",
        display_name="Bob Boss",
        properties={"Phone": "1"},
    )


def test_a_status_that_is_new() -> None:
    """A status that K2 adds is read as it is."""
    assert read.worklist_item(parse(b'<WorklistItem SerialNumber="1_2" Status="Parked"/>')).status == "Parked"


@pytest.mark.parametrize("root", ["long", f'long xmlns="{NS}/worklist/d1"', 'int xmlns="urn:x"'])
def test_the_id_of_a_start(root: str) -> None:
    """A number in any namespace."""
    assert read.instance_id(parse(f"<{root}> 19 </{root.partition(' ')[0]}>".encode())) == 19


@pytest.mark.parametrize("name", ["WorklistItemCollection", "ArrayOfWorklistItem", "WorklistItems", "Anything"])
def test_lists_under_any_name(name: str) -> None:
    """K2's editions call the list differently; what counts are the items in it."""
    items = read.collection(read.worklist_item, "WorklistItem")

    found = items(parse(f"<{name}><WorklistItem SerialNumber='1_2'/><Total>1</Total></{name}>".encode()))

    assert ["1_2"] == [item.serial_number for item in found]
    if name == "Anything":
        with pytest.raises(UnreadableXml, match="list of WorklistItem"):
            items(parse(b"<Anything/>"))
    else:
        assert () == items(parse(f"<{name}/>".encode()))


READERS: list[tuple[str, Callable[[Element], BaseModel]]] = [
    (ITEM, read.worklist_item),
    (TASK, read.task),
    (USER, read.user),
]
FOREIGN = [None, "urn:elsewhere", f"{NS}/worklist/d1", f"{NS}/later/d2"]
names = st.text("abcXYZ019_", min_size=1, max_size=6).map(lambda name: f"New{name}")
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10)
additions = st.lists(
    st.tuples(st.integers(0, 50), st.booleans(), st.sampled_from(FOREIGN), names, values), min_size=1, max_size=8
)


@given(st.sampled_from(READERS), additions)
def test_what_k2_adds_is_passed_over(
    reader: tuple[str, Callable[[Element], BaseModel]],
    added: list[tuple[int, bool, str | None, str, str]],
) -> None:
    """Unknown elements and attributes, in any namespace and place, change nothing of what is read."""
    document, model = reader
    root = etree.fromstring(document.encode())
    for place, is_attribute, space, name, value in added:
        hosts = [each for each in root.iter("{*}*") if not _holds_a_value(each)]
        host = hosts[place % len(hosts)]
        qualified = f"{{{space}}}{name}" if space else name
        if is_attribute:
            host.set(qualified, value)
        else:
            etree.SubElement(host, qualified, {"a": value}).text = value

    assert model(parse(document.encode())) == model(parse(etree.tostring(root)))


def _holds_a_value(element: Element) -> bool:
    simple = not len(element) and not element.attrib
    inside = {etree.QName(each).localname for each in (element, *element.iterancestors())}
    return simple or any(name.endswith("Field") or name in {"Property", "Data"} for name in inside)
