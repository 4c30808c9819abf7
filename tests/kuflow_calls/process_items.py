"""The group Process Item."""

from kurun_clients.kuflow.models import (
    DeletedQueryParam,
    ProcessItemAiAssistanceGenerateParams,
    ProcessItemCreateParams,
    ProcessItemTaskAppendLogParams,
    ProcessItemTaskAssignParams,
    ProcessItemTaskState,
    ProcessItemType,
)
from tests.kuflow_calls.samples import ASSISTANCE, EMPTY_PAGE, ITEM, ONE, PATCH, TWO, VALUE, Call

CALLS: dict[str, Call] = {
    "find process items": (lambda k: k.process_items.find(size=0), EMPTY_PAGE, "GET", "/process-items?size=0", None),
    "find process items by everything": (
        lambda k: k.process_items.find(
            process_id=[ONE, TWO],
            type=ProcessItemType.TASK,
            task_state=[ProcessItemTaskState.READY],
            process_item_definition_code="FORM",
            process_definition_id=ONE,
            process_definition_code="LOAN",
            tenant_id=TWO,
            deleted=DeletedQueryParam.EXCLUDE,
        ),
        EMPTY_PAGE,
        "GET",
        (
            f"/process-items?processId={ONE}&processId={TWO}&type=TASK&taskState=READY&processItemDefinitionCode=FORM"
            f"&processDefinitionId={ONE}&processDefinitionCode=LOAN&tenantId={TWO}&deleted=EXCLUDE"
        ),
        None,
    ),
    "create process item": (
        lambda k: k.process_items.create(
            ProcessItemCreateParams(
                id=ONE, type=ProcessItemType.TASK, process_id=TWO, process_item_definition_code="FORM"
            )
        ),
        ITEM,
        "POST",
        "/process-items",
        {"id": str(ONE), "type": "TASK", "processId": str(TWO), "processItemDefinitionCode": "FORM"},
    ),
    "retrieve process item": (lambda k: k.process_items.retrieve(ONE), ITEM, "GET", f"/process-items/{ONE}", None),
    "claim": (
        lambda k: k.process_items.claim(ONE),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/claim",
        None,
    ),
    "assign": (
        lambda k: k.process_items.assign(ONE, ProcessItemTaskAssignParams(owner_email="a@example.com")),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/assign",
        {"ownerEmail": "a@example.com"},
    ),
    "complete": (
        lambda k: k.process_items.complete(ONE),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/complete",
        None,
    ),
    "append log": (
        lambda k: k.process_items.append_log(ONE, ProcessItemTaskAppendLogParams(message="hello")),
        ITEM,
        "POST",
        f"/process-items/{ONE}/task/~actions/append-log",
        {"message": "hello", "level": "INFO"},
    ),
    "update data": (
        lambda k: k.process_items.update_data(ONE, VALUE),
        ITEM,
        "PUT",
        f"/process-items/{ONE}/task/data",
        {"data": {"value": {"a": 1}}},
    ),
    "patch data": (
        lambda k: k.process_items.patch_data(ONE, PATCH),
        ITEM,
        "PATCH",
        f"/process-items/{ONE}/task/data",
        [{"op": "add", "path": "/a", "value": None}],
    ),
    "update context data": (
        lambda k: k.process_items.update_context_data(ONE, VALUE),
        ITEM,
        "PUT",
        f"/process-items/{ONE}/task/context-data",
        {"data": {"value": {"a": 1}}},
    ),
    "retrieve AI assistance": (
        lambda k: k.process_items.retrieve_ai_assistance(ONE),
        ASSISTANCE,
        "GET",
        f"/process-items/{ONE}/~actions/ai-assistance",
        None,
    ),
    "generate AI assistance": (
        lambda k: k.process_items.generate_ai_assistance(ONE, ProcessItemAiAssistanceGenerateParams(request_id=TWO)),
        ASSISTANCE,
        "POST",
        f"/process-items/{ONE}/~actions/ai-assistance",
        {"requestId": str(TWO)},
    ),
}
