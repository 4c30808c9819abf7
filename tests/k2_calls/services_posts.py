"""Every operation of the K2 Services that is a POST: the call, its address and document, and what K2 answers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kurun_clients.k2.services import Criteria, ItemFields, ProcessStart, ProcessUpdate, TaskAction, TaskUpdate, field
from tests.unit.k2_services_client import Call

SN = "SN=19_10"
DEMO = Criteria(field("ProcessFolio").like("Demo"))
ITEMS = (
    '<WorklistItemCollection xmlns="http://schemas.k2.com/worklist/d1"><WorklistItem SerialNumber="19_10" />'
    "</WorklistItemCollection>"
)
INSTANCE = '<ProcessInstance xmlns="http://schemas.k2.com/worklist/d1" ID="19" Folio="F" />'
FIELDS = '<DataFieldCollection><DataField Name="File Id">7</DataField></DataFieldCollection>'
SUCCESS = '<success xmlns="http://schemas.k2.com/api/framework"/>'

WORKLIST, PROCESS, ACTIVITIES, TASKS = (
    f'="http://schemas.k2.com/{name}/d1"' for name in ("worklist", "process", "activity", "task")
)
CHANGES = ItemFields(
    process_data={"File Id": 7}, process_xml={"Form": "<f/>"}, activity_data={"ok": True}, activity_xml={"a": "<b/>"}
)
START = ProcessStart(
    full_name="Loans\\Approval",
    folio="L-1 & Co",
    priority=1,
    expected_duration=60,
    data_fields={"Amount": Decimal("12.50"), "Until": datetime(2024, 1, 2, tzinfo=UTC)},
    xml_fields={"Form": "<f/>"},
)

POSTS: list[tuple[Call, str, str, str, Any]] = [
    (lambda k: k.worklist.find_filtered(DEMO), "REST.svc/Worklist/Items/Filtered", DEMO.to_xml(), ITEMS, 1),
    (lambda k: k.task.find_filtered(DEMO), "SyncREST.svc/Task/Items/Filtered", DEMO.to_xml(), "<TaskCollection/>", 0),
    (
        lambda k: k.worklist.execute_action(SN, "Approve", CHANGES, synchronous=True),
        "REST.svc/Worklist/Items/ExecuteAction?action=Action%3AApprove&synchronous=true",
        (
            f'<WorklistItem xmlns{WORKLIST} xmlns:p{PROCESS} SerialNumber="19_10"><p:ProcessInstance>'
            '<p:DataField Name="File Id">7</p:DataField><p:XmlField Name="Form">&lt;f/&gt;</p:XmlField>'
            f"</p:ProcessInstance><a:ActivityInstanceDestination xmlns:a{ACTIVITIES}>"
            '<p:DataField Name="ok">true</p:DataField><p:XmlField Name="a">&lt;b/&gt;</p:XmlField>'
            "</a:ActivityInstanceDestination></WorklistItem>"
        ),
        "",
        None,
    ),
    (
        lambda k: k.process.start(START, synchronous=False),
        "REST.svc/Process/Instances/StartInstance?synchronous=false",
        (
            f'<ProcessInstance xmlns{WORKLIST} xmlns:p{PROCESS} FullName="Loans\\Approval" Folio="L-1 &amp; Co"'
            ' Priority="1" ExpectedDuration="60"><p:DataField Name="Amount">12.50</p:DataField>'
            '<p:DataField Name="Until">2024-01-02T00:00:00Z</p:DataField>'
            '<p:XmlField Name="Form">&lt;f/&gt;</p:XmlField></ProcessInstance>'
        ),
        '<long xmlns="http://schemas.k2.com/worklist/d1">19</long>',
        19,
    ),
    (
        lambda k: k.process.start(ProcessStart(full_name="A\\B")),
        "REST.svc/Process/Instances/StartInstance",
        f'<ProcessInstance xmlns{WORKLIST} xmlns:p{PROCESS} FullName="A\\B" />',
        INSTANCE,
        19,
    ),
    (
        lambda k: k.process.start_many([ProcessStart(full_name="A\\B"), ProcessStart(full_name="C")], synchronous=True),
        "REST.svc/Process/Instances/StartInstances?synchronous=true",
        (
            f'<ProcessInstances xmlns{WORKLIST} xmlns:p{PROCESS}><ProcessInstance FullName="A\\B" />'
            '<ProcessInstance FullName="C" /></ProcessInstances>'
        ),
        "<ArrayOflong><long>19</long><long>20</long></ArrayOflong>",
        (19, 20),
    ),
    (
        lambda k: k.process.update(ProcessUpdate(id=19, folio="", data_fields={"n": 1}), synchronous=True),
        "REST.svc/Process/Instances/UpdateProcessInstance?synchronous=true",
        (
            f'<ProcessInstance xmlns{WORKLIST} xmlns:p{PROCESS} ID="19" Folio=""><p:DataField Name="n">1</p:DataField>'
            "</ProcessInstance>"
        ),
        FIELDS,
        None,
    ),
    (
        lambda k: k.task.update(TaskUpdate(serial_number=SN, action="Approve", fields=CHANGES)),
        "SyncREST.svc/Task/Items/UpdateTask",
        (
            f'<UpdateTask xmlns{TASKS} xmlns:p{PROCESS} Action="a:Approve"><Task SerialNumber="19_10">'
            '<p:ProcessDataField Name="File Id">7</p:ProcessDataField>'
            '<p:ProcessXmlField Name="Form">&lt;f/&gt;</p:ProcessXmlField>'
            '<p:ActivityDataField Name="ok">true</p:ActivityDataField>'
            '<p:ActivityXmlField Name="a">&lt;b/&gt;</p:ActivityXmlField></Task></UpdateTask>'
        ),
        "",
        None,
    ),
    (
        lambda k: k.task.update_many(
            [
                TaskUpdate(serial_number=SN, action="Approve"),
                TaskUpdate(serial_number="20_1", action=TaskAction.sleep(60), id=1000),
            ]
        ),
        "SyncREST.svc/Task/Items/UpdateTasks",
        (
            f'<UpdateTaskCollection xmlns{TASKS} xmlns:p{PROCESS}><UpdateTask ID="1" Action="a:Approve">'
            '<Task SerialNumber="19_10" /></UpdateTask><UpdateTask ID="1000" Action="s:60"><Task SerialNumber="20_1" />'
            "</UpdateTask></UpdateTaskCollection>"
        ),
        SUCCESS,
        (),
    ),
]
