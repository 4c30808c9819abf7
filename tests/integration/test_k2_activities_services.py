"""Activities on the K2 Services: each of them once, and those that act after a lost reply."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.k2 import failure_types, names
from kurun_activities.k2.models import (
    K2Condition,
    K2Criteria,
    K2FieldFlags,
    K2ItemFields,
    K2ServicesActionExecuteRequest,
    K2ServicesItemActionExecuteRequest,
    K2ServicesMarkedRequest,
    K2ServicesTasksUpdateRequest,
    K2ServicesTaskUpdateRequest,
    K2Sort,
)
from kurun_activities.k2.registry import SERVICES
from kurun_activities.k2.services.actions import execute_action, execute_item_action, update_task, update_tasks
from kurun_activities.reference import models_of
from kurun_twin.k2.platform import Changes, StartInput, XmlField
from tests.k2_api import Attempts, K2Api, k2_api, run

SERVICES_ACTING = r"Execute(Action)?$|UpdateTasks?$"
OURS = K2Criteria(
    where=K2Condition(
        all_of=(
            K2Condition(field="ProcessFolio", comparison="Like", value="Order%"),
            K2Condition(
                any_of=(
                    K2Condition(field="ActivityName", value="Approve"),
                    K2Condition(field="ProcessPriority", comparison="Greater", value=100),
                )
            ),
        )
    ),
    sorts=(K2Sort(field="ProcessStartDate", order="Descending"),),
)


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[K2Api]:
    """K2."""
    async with k2_api(tmp_path_factory.mktemp("k2")) as api:
        yield api


@pytest.fixture
def api(served: K2Api) -> K2Api:
    """The same, behaving well."""
    served.behave()
    return served


def new_task(api: K2Api) -> tuple[int, str]:
    """A new instance with a data field and an XML field, and its task for our account."""
    twin = api.twin
    workflow = twin.k2.definitions.workflow_by_id(7)
    assert workflow is not None
    changes = Changes(data_fields={"Amount": 5}, xml_fields=(XmlField(name="Order", value="<order/>"),))
    start = StartInput(folio="Order 1", changes=changes)
    instance = twin.k2.database.call(twin.k2.instances.start, twin.user("svc"), workflow, start)
    return instance, twin.serial("svc")


async def failure(attempt: Any) -> ApplicationError:
    """How an attempt fails."""
    with pytest.raises(ApplicationError) as caught:
        await attempt
    return caught.value


def names_in(parts: Any) -> set[str]:
    """The names of some parts of an answer."""
    return {part["Name"] for part in parts}


Check = Callable[[dict[str, Any], int, str], bool]

READS: dict[str, tuple[dict[str, Any], Check]] = {
    names.SERVICES_OPEN_WORKLIST: (
        {"criteria": OURS.to_wire(), "top": 1, "fields": {"processData": True}},
        lambda found, instance, serial: (
            [(each["SerialNumber"], each["ProcessInstance"]["ID"]) for each in found["items"]] == [(serial, instance)]
        ),
    ),
    names.SERVICES_FILTER_WORKLIST: (
        {"criteria": OURS.to_wire()},
        lambda found, _instance, serial: serial in {each["SerialNumber"] for each in found["items"]},
    ),
    names.SERVICES_SEARCH_WORKLIST: (
        {"processFullName": r"Loans\Approval", "folio": "Order 1"},
        lambda found, _instance, serial: serial in {each["SerialNumber"] for each in found["items"]},
    ),
    names.SERVICES_OPEN_WORKLIST_ITEM: (
        {"serialNumber": "{serial}", "allocate": True},
        lambda found, _instance, serial: (found["item"]["SerialNumber"], found["item"]["Status"]) == (serial, "Open"),
    ),
    names.SERVICES_RETRIEVE_ACTIONS: (
        {"serialNumber": "{serial}"},
        lambda found, *_: names_in(found["actions"]) == {"Approve", "Decline"},
    ),
    names.SERVICES_RETRIEVE_ACTION: (
        {"serialNumber": "{serial}", "name": "Approve"},
        lambda found, *_: found["action"] == {"Name": "Approve", "Batchable": True},
    ),
    names.SERVICES_RETRIEVE_PROCESS_INSTANCE: (
        {"serialNumber": "{serial}"},
        lambda found, instance, _serial: found["processInstance"]["ID"] == instance,
    ),
    names.SERVICES_RETRIEVE_DESTINATION_INSTANCE: (
        {"serialNumber": "{serial}"},
        lambda found, _instance, serial: serial.endswith(f"_{found['activityInstanceDestination']['ID']}"),
    ),
    names.SERVICES_RETRIEVE_EVENT_INSTANCE: (
        {"serialNumber": "{serial}"},
        lambda found, *_: found["eventInstance"]["Name"] == "Approve",
    ),
    names.SERVICES_RETRIEVE_DESTINATIONS: (
        {"serialNumber": "{serial}"},
        lambda found, *_: len(found["destinations"]) == 2,
    ),
    names.SERVICES_RETRIEVE_DESTINATION: (
        {"serialNumber": "{serial}", "index": 0},
        lambda found, *_: "Name" in found["destination"],
    ),
    names.SERVICES_RETRIEVE_PROCESS_DATA_FIELDS: (
        {"serialNumber": "{serial}"},
        lambda found, *_: {"Amount", "Marker"} <= names_in(found["dataFields"]),
    ),
    names.SERVICES_RETRIEVE_PROCESS_DATA_FIELD: (
        {"serialNumber": "{serial}", "name": "Amount"},
        lambda found, *_: found["dataField"] == {"Name": "Amount", "Value": "5"},
    ),
    names.SERVICES_RETRIEVE_PROCESS_XML_FIELDS: (
        {"serialNumber": "{serial}"},
        lambda found, *_: names_in(found["xmlFields"]) == {"Order"},
    ),
    names.SERVICES_RETRIEVE_PROCESS_XML_FIELD: (
        {"serialNumber": "{serial}", "name": "Order"},
        lambda found, *_: found["xmlField"]["Value"] == "<order/>",
    ),
    names.SERVICES_RETRIEVE_ACTIVITY_DATA_FIELDS: (
        {"serialNumber": "{serial}"},
        lambda found, *_: found["dataFields"] == [],
    ),
    names.SERVICES_RETRIEVE_ACTIVITY_XML_FIELDS: (
        {"serialNumber": "{serial}"},
        lambda found, *_: found["xmlFields"] == [],
    ),
    names.SERVICES_RETRIEVE_INSTANCE: (
        {"instanceId": "{instance}", "fields": K2FieldFlags(process_data=True).to_wire()},
        lambda found, *_: (
            found["processInstance"]["Status"] in {"Active", "Running"}
            and {"Name": "Amount", "Value": "5"} in found["processInstance"]["DataFields"]
        ),
    ),
    names.SERVICES_RETRIEVE_INSTANCE_DATA_FIELDS: (
        {"instanceId": "{instance}"},
        lambda found, *_: {"Amount", "Marker"} <= names_in(found["dataFields"]),
    ),
    names.SERVICES_RETRIEVE_INSTANCE_DATA_FIELD: (
        {"instanceId": "{instance}", "name": "Amount"},
        lambda found, *_: found["dataField"]["Value"] == "5",
    ),
    names.SERVICES_RETRIEVE_INSTANCE_XML_FIELDS: (
        {"instanceId": "{instance}"},
        lambda found, *_: names_in(found["xmlFields"]) == {"Order"},
    ),
    names.SERVICES_RETRIEVE_INSTANCE_XML_FIELD: (
        {"instanceId": "{instance}", "name": "Order"},
        lambda found, *_: found["xmlField"]["Name"] == "Order",
    ),
    names.SERVICES_UPDATE_INSTANCE: (
        {"instanceId": "{instance}", "folio": "Order 2", "dataFields": {"Amount": 6}, "synchronous": True},
        lambda found, *_: found == {},
    ),
    names.SERVICES_LIST_USERS: ({"skip": 1}, lambda found, *_: len(found["users"]) == 1),
    names.SERVICES_FIND_USERS: (
        {"username": r"*svc"},
        lambda found, *_: [each["Fqn"] for each in found["users"]] == [r"K2:ACME\svc"],
    ),
    names.SERVICES_RETRIEVE_USER: (
        {"fqn": r"K2:ACME\Bob"},
        lambda found, *_: found["user"]["Fqn"] == r"K2:ACME\Bob",
    ),
    names.SERVICES_WHO_AM_I: ({}, lambda found, *_: found["fqn"] == r"K2:ACME\svc"),
    names.SERVICES_LIST_TASKS: (
        {"criteria": OURS.to_wire()},
        lambda found, _instance, serial: serial in {each["SerialNumber"] for each in found["tasks"]},
    ),
    names.SERVICES_FILTER_TASKS: (
        {"criteria": OURS.to_wire()},
        lambda found, _instance, serial: serial in {each["SerialNumber"] for each in found["tasks"]},
    ),
    names.SERVICES_RETRIEVE_TASK: (
        {"serialNumber": "{serial}"},
        lambda found, _instance, serial: found["task"]["SerialNumber"] == serial,
    ),
}
MISSING = (names.SERVICES_RETRIEVE_ACTIVITY_DATA_FIELD, names.SERVICES_RETRIEVE_ACTIVITY_XML_FIELD)
ELSEWHERE = (
    names.SERVICES_EXECUTE_ACTION,
    names.SERVICES_EXECUTE_ITEM_ACTION,
    names.SERVICES_UPDATE_TASK,
    names.SERVICES_UPDATE_TASKS,
    names.SERVICES_START_INSTANCE,
    names.SERVICES_START_INSTANCES,
    names.SERVICES_START_INSTANCE_BY_NAME,
)


def test_every_activity_is_called() -> None:
    """None is left out here; those that start are tested beside the other starts."""
    assert {*READS, *MISSING, *ELSEWHERE} == set(SERVICES)


@pytest.mark.parametrize("name", READS)
async def test_what_an_activity_answers(api: K2Api, name: str) -> None:
    """Each activity takes its JSON and answers with K2's."""
    instance, serial_number = new_task(api)
    sent, check = READS[name]
    filled = {
        key: {"{serial}": serial_number, "{instance}": instance}.get(str(value), value) for key, value in sent.items()
    }
    request, _ = models_of(SERVICES[name])
    async with api.clients() as clients:
        answer: Any = await run(clients, SERVICES[name], request.model_validate(filled))

    assert check(answer.to_wire(), instance, serial_number), answer.to_wire()


@pytest.mark.parametrize("name", MISSING)
async def test_a_field_that_is_not_there_ends_the_activity(api: K2Api, name: str) -> None:
    """K2 does not say whether it is missing or not for us."""
    _, serial_number = new_task(api)
    request, _ = models_of(SERVICES[name])
    async with api.clients() as clients:
        sent = request.model_validate({"serialNumber": serial_number, "name": "Nothing"})
        ended = await failure(run(clients, SERVICES[name], sent))

    assert (ended.type, ended.non_retryable) == (failure_types.GONE_OR_FORBIDDEN, True)


FIELDS = K2ItemFields(process_data={"Amount": 9})
ACTS: dict[str, tuple[Any, Callable[[str], Any]]] = {
    "item": (
        execute_item_action,
        lambda serial: K2ServicesItemActionExecuteRequest(
            serial_number=serial, action="Approve", fields=FIELDS, marker_field="Marker", synchronous=True
        ),
    ),
    "task": (
        update_task,
        lambda serial: K2ServicesTaskUpdateRequest(
            serial_number=serial, action="Approve", fields=FIELDS, marker_field="Marker"
        ),
    ),
}


@pytest.mark.parametrize("how", ACTS)
async def test_an_action_whose_reply_is_lost_is_found_by_its_mark(api: K2Api, how: str) -> None:
    """What was not done is done by the next attempt, and what was done is found by the one after."""
    instance, serial_number = new_task(api)
    function, request = ACTS[how]
    async with api.clients(workflow=False) as clients:
        attempts = Attempts(clients, function, request(serial_number))
        kinds = []
        for drop in ("before", "after"):
            api.misbehave(path=SERVICES_ACTING, drop=drop, times=1)
            kinds.append((await failure(attempts.next())).type)
        found = await attempts.next()

    assert (kinds, found.found) == ([failure_types.INTERRUPTED] * 2, True)
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1


async def test_without_fields_a_gone_item_stays_unknown(api: K2Api) -> None:
    """The action that K2 takes by GET carries no mark; it is not repeated by any layer."""
    instance, serial_number = new_task(api)
    async with api.clients() as clients:
        request = K2ServicesActionExecuteRequest(serial_number=serial_number, action="Approve")
        attempts = Attempts(clients, execute_action, request)
        api.misbehave(path=SERVICES_ACTING, drop="after", times=1)
        await failure(attempts.next())
        ended = await failure(attempts.next())

    assert ended.type == failure_types.UNKNOWN_OUTCOME
    assert ended.details[0]["action"] == "Action:Approve"
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1


@pytest.mark.parametrize(
    ("action", "happened"),
    [
        ({"redirect_to": r"K2:ACME\Bob"}, "redirected"),
        ({"sleep_until": "2036-01-01T00:00:00Z"}, "slept"),
        ({"sleep_forever": True}, "slept"),
        ({"action": "Approve"}, "acted"),
    ],
)
async def test_k2s_own_actions_go_the_same_way(api: K2Api, action: dict[str, Any], happened: str) -> None:
    """Redirect and sleep are written as K2 wants them."""
    instance, serial_number = new_task(api)
    request = K2ServicesActionExecuteRequest.model_validate({"serial_number": serial_number, **action})
    async with api.clients() as clients:
        answer = await run(clients, execute_action, request)

    assert not answer.found
    assert happened in api.twin.happened(instance_id=instance)


async def test_a_batch_is_sent_again_without_what_is_gone(api: K2Api) -> None:
    """Each task is acted on once; a sleeping one is not taken for gone, and K2 says that it did not do it."""
    tasks = [new_task(api) for _ in range(3)]
    updates = tuple(K2ServicesMarkedRequest(serial_number=serial, action="Approve") for _, serial in tasks)
    async with api.clients() as clients:
        asleep = K2ServicesActionExecuteRequest(serial_number=tasks[2][1], sleep_forever=True)
        await run(clients, execute_action, asleep)
        attempts = Attempts(clients, update_tasks, K2ServicesTasksUpdateRequest(updates=updates))
        api.misbehave(path=SERVICES_ACTING, drop="before", times=1)
        await failure(attempts.next())
        await run(clients, update_task, ACTS["task"][1](tasks[0][1]))
        answer = await attempts.next()

    assert answer.gone == (tasks[0][1],)
    done = [len(api.twin.happened(instance_id=instance, what="acted")) for instance, _ in tasks]
    assert (done, [each.serial_number for each in answer.failures]) == ([1, 1, 0], [tasks[2][1]])


async def test_an_update_that_k2_did_not_do_is_named(api: K2Api) -> None:
    """The failure of one update leaves the others done."""
    _, gone = new_task(api)
    instance, serial_number = new_task(api)
    async with api.clients() as clients:
        await run(clients, execute_action, K2ServicesActionExecuteRequest(serial_number=gone, action="Decline"))
        updates = tuple(K2ServicesMarkedRequest(serial_number=each, action="Approve") for each in (gone, serial_number))
        answer = await run(clients, update_tasks, K2ServicesTasksUpdateRequest(updates=updates))

    assert [each.serial_number for each in answer.failures] == [gone]
    assert len(api.twin.happened(instance_id=instance, what="acted")) == 1
