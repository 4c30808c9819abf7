"""The JSON of tasks, server events and workflows."""

import json
from typing import Any, Final

from kurun_twin.clock import wire_time
from kurun_twin.definitions.k2_models import K2Workflow
from kurun_twin.k2.platform import EventRecord, InstanceRecord, K2User, TaskRecord

JsonObject = dict[str, Any]

SYSTEM_ACTIONS: Final = ("Redirect", "Sleep", "Release")
"""Inferred: no source spells them."""


def user(account: K2User) -> JsonObject:
    """``User``."""
    return {
        "username": account.username,
        "fqn": account.fqn,
        "email": account.email,
        "manager": account.manager,
        "displayName": account.display_name,
    }


def actions(task: TaskRecord) -> JsonObject:
    """``TaskActionsResponse``."""
    return {
        "nonBatchableActions": [each.name for each in task.actions if not each.batchable],
        "batchableActions": [each.name for each in task.actions if each.batchable],
        "systemActions": list(SYSTEM_ACTIONS),
    }


def task_lite(task: TaskRecord) -> JsonObject:
    """An element of ``TasksResponse``."""
    return {
        "serialNumber": task.serial,
        "status": task.status,
        "taskStartDate": wire_time(task.started_at),
        "sleepUntil": None if task.sleep_until is None else wire_time(task.sleep_until),
        "priority": task.instance.priority,
        "formURL": task.form_url,
        "viewFlowURL": task.instance.view_flow_url,
        "workflowID": task.instance.workflow_id,
        **_instance(task.instance),
        **_activity(task),
        "originator": user(task.instance.originator),
        "actions": actions(task),
        "instruction": "",
    }


def task_whole(task: TaskRecord) -> JsonObject:
    """``Task``."""
    instance = task.instance
    return {
        **task_lite(task),
        "activityDataFields": {},
        "workflowInstanceDataFields": instance.data_fields,
        "workflowInstanceDataFieldsString": _text(instance.data_fields),
        "workflowInstanceXmlFields": _xml_fields(instance),
        "itemReferences": instance.item_references,
        "itemReferencesString": _text(instance.item_references),
        "dataFields": instance.data_fields,
    }


def server_event(event: EventRecord) -> JsonObject:
    """``ServerEventDataResponse``."""
    instance = event.instance
    return {
        "serialNumber": event.serial,
        **_instance(instance),
        **_activity(event),
        "eventInstance": {
            "description": "",
            "expectedDuration": 0,
            "id": event.destination_id,
            "metadata": "",
            "name": event.event_name,
            "priority": instance.priority,
            "startDate": wire_time(event.started_at),
        },
        "dataFields": instance.data_fields,
        "xmlFields": _xml_fields(instance),
        "itemReferences": instance.item_references,
        "workflowInstanceDataFieldsString": _text(instance.data_fields),
        "itemReferencesString": _text(instance.item_references),
        "viewFlowURL": instance.view_flow_url,
    }


def workflow_label(workflow: K2Workflow) -> JsonObject:
    """An element of ``WorkflowLabelsResponse``."""
    return {
        "id": workflow.id,
        "defaultVersionId": workflow.version_id,
        "name": workflow.name,
        "folder": workflow.folder,
        "systemName": workflow.full_name,
    }


def workflow_data(workflow: K2Workflow) -> JsonObject:
    """``WorkflowDataResponse``."""
    return {
        "workflowInfo": {
            "name": workflow.name,
            "description": "",
            "folder": workflow.folder,
            "systemName": workflow.full_name,
            "expectedDuration": 0,
        },
        "workflowSchema": _text(workflow_schema(workflow)),
    }


def workflow_schema(workflow: K2Workflow) -> JsonObject:
    """The JSON Schema of what the workflow is started with."""
    xml_field = {"type": "object", "properties": {"name": {"type": "string"}, "value": {"type": "string"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": workflow.full_name,
        "type": "object",
        "properties": {
            "folio": {"type": "string"},
            "priority": {"type": "integer"},
            "expectedDuration": {"type": "integer"},
            "xmlFields": {"type": "array", "items": xml_field},
            "dataFields": {
                "type": "object",
                "properties": {name: dict(each.document) for name, each in workflow.data_fields.items()},
                "additionalProperties": False,
            },
            "itemReferences": {"type": "object"},
        },
    }


def _instance(instance: InstanceRecord) -> JsonObject:
    return {
        "workflowName": instance.workflow_full_name,
        "workflowDisplayName": instance.workflow_name,
        "workflowCategory": instance.workflow_folder,
        "workflowInstanceID": instance.id,
        "workflowInstanceFolio": instance.folio,
    }


def _activity(record: TaskRecord | EventRecord) -> JsonObject:
    return {
        "activityInstanceID": record.activity_id,
        "activityInstanceDestinationID": record.destination_id,
        "activityName": record.activity_name,
        "eventName": record.event_name,
        "eventDescription": "",
    }


def _xml_fields(instance: InstanceRecord) -> list[JsonObject]:
    return [{"name": each.name, "value": each.value} for each in instance.xml_fields]


def _text(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False)
