"""Every operation of the K2 Services that is a GET: the call, its address, what K2 answers, and what to look at."""

from collections.abc import Callable
from typing import Any

from kurun_clients.k2.services import ALL_FIELDS, Criteria, FieldFlags, TaskAction, field
from tests.unit.k2_services_client import Call

SN = "SN=19_10"
DEMO = Criteria(field("ProcessFolio").like("Demo"))
DEMO_QUERY = (
    "filterXml=%3CCriteria%20xmlns%3D%22http%3A%2F%2Fschemas.k2.com%2Fworklist%2Fd1%22%3E%3CFilter%20Field%3D%22ProcessFolio%22"
    "%20Comparison%3D%22Like%22%20ValueType%3D%22String%22%3EDemo%3C%2FFilter%3E%3C%2FCriteria%3E"
)
FIELDS = "piDataField=true&piXmlField=true&actDataField=true&actXmlField=true"
XML_ONLY = FieldFlags(process_xml=True, activity_xml=True)

ITEM = '<WorklistItem xmlns="http://schemas.k2.com/worklist/d1" SerialNumber="19_10" />'
ITEMS = f'<WorklistItemCollection xmlns="http://schemas.k2.com/worklist/d1">{ITEM}</WorklistItemCollection>'
INSTANCE = '<ProcessInstance xmlns="http://schemas.k2.com/worklist/d1" ID="19" Folio="F" />'
DATA = '<DataField xmlns="http://schemas.k2.com/process/d1" Name="File Id">7</DataField>'
XML = '<XmlField xmlns="http://schemas.k2.com/process/d1" Name="Form">&lt;f/&gt;</XmlField>'
ACTIVITY = '<ActivityInstanceDestination xmlns="http://schemas.k2.com/activity/d1" ID="10" Name="Approve" />'
EVENT = '<EventInstance xmlns="http://schemas.k2.com/event/d1" ID="3" Name="Approve" />'
ACTION = '<Action Name="Approve" Batchable="true" />'
DESTINATION = '<Destination Name="K2:ACME\\Bob" />'
USER = '<User xmlns="http://schemas.k2.com/user/d1" Fqn="K2:ACME\\Bob" />'
TASK = '<Task xmlns="http://schemas.k2.com/task/d1" SerialNumber="19_10" />'
SUCCESS = '<success xmlns="http://schemas.k2.com/api/framework"/>'

Look = Callable[[Any], Any]


def _first(*names: str) -> Look:
    return lambda result: tuple(getattr(result[0], name) for name in names)


def _of(*names: str) -> Look:
    return lambda result: tuple(getattr(result, name) for name in names)


def _listed(name: str, *parts: str) -> str:
    return f"<{name}>{''.join(parts)}</{name}>"


READS: list[tuple[Call, str, str, Look, Any]] = [
    # Worklist
    (lambda k: k.worklist.find(), "Worklist/Items", ITEMS, _first("serial_number"), ("19_10",)),
    (
        lambda k: k.worklist.find(DEMO, fields=ALL_FIELDS, skip=20, top=10),
        f"Worklist/Items?{DEMO_QUERY}&{FIELDS}&%24skip=20&%24top=10",
        ITEMS,
        len,
        1,
    ),
    (
        lambda k: k.worklist.search(process_full_name="Loans\\Approval", folio="F 1", fields=XML_ONLY),
        (
            "Worklist/Items/SearchForWorklistItems?processFullName=Loans%5CApproval&folio=F%201"
            "&piXmlField=true&actXmlField=true"
        ),
        ITEMS,
        len,
        1,
    ),
    (lambda k: k.worklist.retrieve(SN), "Worklist/Items(19_10)?allocate=false", ITEM, _of("serial_number"), ("19_10",)),
    (
        lambda k: k.worklist.retrieve(SN, allocate=True, fields=ALL_FIELDS),
        f"Worklist/Items(19_10)?allocate=true&{FIELDS}",
        ITEM,
        _of("serial_number"),
        ("19_10",),
    ),
    (
        lambda k: k.worklist.actions(SN),
        "Worklist/Items(19_10)/Actions",
        _listed("ActionCollection", ACTION),
        _first("name", "batchable"),
        ("Approve", True),
    ),
    (
        lambda k: k.worklist.action(SN, "Re_work"),
        "Worklist/Items(19_10)/Actions(Re_U_work)",
        ACTION,
        _of("name"),
        ("Approve",),
    ),
    (
        lambda k: k.worklist.process_instance(SN, fields=XML_ONLY),
        "Worklist/Items(19_10)/ProcessInstance?piXmlField=true",
        INSTANCE,
        _of("id", "folio"),
        (19, "F"),
    ),
    (
        lambda k: k.worklist.process_data_fields(SN),
        "Worklist/Items(19_10)/ProcessInstance/DataFields",
        _listed("DataFieldCollection", DATA),
        _first("name", "value"),
        ("File Id", "7"),
    ),
    (
        lambda k: k.worklist.process_data_field(SN, "File Id"),
        "Worklist/Items(19_10)/ProcessInstance/DataFields(File%20Id)",
        DATA,
        _of("name", "value"),
        ("File Id", "7"),
    ),
    (
        lambda k: k.worklist.process_xml_fields(SN),
        "Worklist/Items(19_10)/ProcessInstance/XmlFields",
        _listed("XmlFieldCollection", XML),
        _first("name", "value"),
        ("Form", "<f/>"),
    ),
    (
        lambda k: k.worklist.process_xml_field(SN, "Form"),
        "Worklist/Items(19_10)/ProcessInstance/XmlFields(Form)",
        XML,
        _of("name", "value"),
        ("Form", "<f/>"),
    ),
    (
        lambda k: k.worklist.activity_instance_destination(SN, fields=XML_ONLY),
        "Worklist/Items(19_10)/ActivityInstanceDestination?actXmlField=true",
        ACTIVITY,
        _of("id", "name"),
        (10, "Approve"),
    ),
    (
        lambda k: k.worklist.activity_data_fields(SN),
        "Worklist/Items(19_10)/ActivityInstanceDestination/DataFields",
        _listed("ArrayOfDataField", DATA),
        _first("value"),
        ("7",),
    ),
    (
        lambda k: k.worklist.activity_data_field(SN, "File Id"),
        "Worklist/Items(19_10)/ActivityInstanceDestination/DataFields(File%20Id)",
        DATA,
        _of("value"),
        ("7",),
    ),
    (
        lambda k: k.worklist.activity_xml_fields(SN),
        "Worklist/Items(19_10)/ActivityInstanceDestination/XmlFields",
        "<XmlFieldCollection/>",
        len,
        0,
    ),
    (
        lambda k: k.worklist.activity_xml_field(SN, "Form"),
        "Worklist/Items(19_10)/ActivityInstanceDestination/XmlFields(Form)",
        XML,
        _of("value"),
        ("<f/>",),
    ),
    (
        lambda k: k.worklist.event_instance(SN),
        "Worklist/Items(19_10)/EventInstance",
        EVENT,
        _of("id", "name"),
        (3, "Approve"),
    ),
    (
        lambda k: k.worklist.destinations(SN),
        "Worklist/Items(19_10)/Destinations",
        _listed("DestinationCollection", DESTINATION),
        _first("name"),
        ("K2:ACME\\Bob",),
    ),
    (
        lambda k: k.worklist.destination(SN, 0),
        "Worklist/Items(19_10)/Destinations(0)",
        "<Destination>K2:ACME\\Bob</Destination>",
        _of("name"),
        ("K2:ACME\\Bob",),
    ),
    # Process
    (
        lambda k: k.process.retrieve(19, fields=ALL_FIELDS),
        "Process/Instances(19)?piDataField=true&piXmlField=true",
        INSTANCE,
        _of("id"),
        (19,),
    ),
    (
        lambda k: k.process.data_fields(19),
        "Process/Instances(19)/DataFields",
        _listed("DataFieldCollection", DATA),
        _first("value"),
        ("7",),
    ),
    (
        lambda k: k.process.data_field(19, "File Id"),
        "Process/Instances(19)/DataFields(File%20Id)",
        DATA,
        _of("value"),
        ("7",),
    ),
    (
        lambda k: k.process.xml_fields(19),
        "Process/Instances(19)/XmlFields",
        _listed("XmlFieldCollection", XML),
        len,
        1,
    ),
    (lambda k: k.process.xml_field(19, "Form"), "Process/Instances(19)/XmlFields(Form)", XML, _of("name"), ("Form",)),
    # Identity and Core
    (
        lambda k: k.identity.find(skip=0, top=5),
        "Identity/Users?%24skip=0&%24top=5",
        _listed("UserCollection", USER),
        _first("fqn"),
        ("K2:ACME\\Bob",),
    ),
    (
        lambda k: k.identity.retrieve("K2:DENALLIX\\Anthony"),
        "Identity/Users(K2_C_DENALLIX_B_Anthony)",
        USER,
        _of("fqn"),
        ("K2:ACME\\Bob",),
    ),
    (
        lambda k: k.identity.search(username="a*", display_name="b", fqn="K2:c", manager="d", email="e@f"),
        "Identity/Users/SearchForUsers?username=a%2A&displayName=b&FQN=K2%3Ac&manager=d&email=e%40f",
        _listed("UserCollection", USER),
        len,
        1,
    ),
    (lambda k: k.core.who_am_i(), "Core/WhoAmI", "<string>K2:ACME\\Bob</string>", str, "K2:ACME\\Bob"),
    # Task
    (
        lambda k: k.task.find(DEMO, fields=ALL_FIELDS, top=1),
        f"Task/Items?{DEMO_QUERY}&{FIELDS}&%24top=1",
        _listed("TaskCollection", TASK),
        _first("serial_number"),
        ("19_10",),
    ),
    (lambda k: k.task.retrieve(SN), "Task/Items(19_10)", TASK, _of("serial_number"), ("19_10",)),
    # GETs that change something
    (
        lambda k: k.worklist.execute(SN, "Rework"),
        "Worklist/Items(19_10)/Actions(Action_C_Rework)/Execute",
        SUCCESS,
        str,
        "None",
    ),
    (
        lambda k: k.worklist.execute(SN, TaskAction.redirect("K2:ACME\\Bob"), synchronous=True),
        "Worklist/Items(19_10)/Actions(Redirect_C_K2_C_ACME_B_Bob)/Execute?synchronous=true",
        "",
        str,
        "None",
    ),
    (
        lambda k: k.process.start_by_name("K2 Examples\\Order Process", folio="F 1", synchronous=False),
        "Process/Definitions(K2%20Examples_B_Order%20Process)/StartInstance?folio=F%201&synchronous=false",
        "<long>19</long>",
        int,
        19,
    ),
]
