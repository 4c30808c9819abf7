"""What follows from what, so that generated scenarios create and then act."""

from tests.contract.document import Json
from tests.contract.links import FIRST, ID, SAME, Link, adding, on, whole

_ITEM_BODIES: dict[str, Json] = {
    "form": {
        "type": "TASK",
        "processItemDefinitionCode": "FORM",
        "task": {"data": {"value": {"amount": 5}}},
    },
    "free": {"type": "TASK", "processItemDefinitionCode": "FREE"},
    "stuck": {"type": "TASK", "processItemDefinitionCode": "STUCK"},
    "message": {"type": "MESSAGE", "processItemDefinitionCode": "NOTE", "message": {"text": "hello"}},
    "thread": {"type": "THREAD"},
}

PROCESSES = [
    *on(
        "createProcess",
        "retrieveProcess",
        "completeProcess",
        "cancelProcess",
        "deleteProcess",
        "cancelProcessProcessItems",
        "changeProcessInitiator",
        "updateProcessMetadata",
        "patchProcessMetadata",
        "updateProcessEntity",
        "patchProcessEntity",
        "uploadProcessDocument",
        "uploadProcessUserActionDocument",
    ),
    Link("createProcess", "createProcess", body={"id": ID}, label="again"),
    Link("createProcess", "findProcessItems", {"query.processId": ID}),
    *(
        Link("createProcess", "createProcessItem", body={"processId": ID, **rest}, whole_body=True, label=label)
        for label, rest in _ITEM_BODIES.items()
    ),
    Link("createProcess", "createProcessItem", body={"processId": ID}, label="any"),
    whole("createProcess", "changeProcessInitiator", "user", {"initiatorEmail": "ada@example.com"}),
    whole("createProcess", "patchProcessMetadata", "amount", adding("/amount", 5)),
    whole("createProcess", "patchProcessEntity", "amount", adding("/amount", 5)),
    Link(
        "uploadProcessDocument",
        "downloadProcessDocument",
        {"path.id": SAME, "query.documentUri": "$response.body#/documentUri"},
    ),
    whole(
        "uploadProcessDocument",
        "updateProcessMetadata",
        "document",
        {"metadata": {"value": {"contract": "$response.body#/documentUri"}}},
        SAME,
    ),
    Link("createProcess", "findProcesses", {"query.processDefinitionId": "$response.body#/processDefinitionRef/id"}),
    *on("findProcesses", "retrieveProcess", id=FIRST),
]

ITEMS = [
    *on(
        "createProcessItem",
        "retrieveProcessItem",
        "claimProcessItemTask",
        "assignProcessItemTask",
        "completeProcessItemTask",
        "appendProcessItemTaskLog",
        "updateProcessItemTaskData",
        "patchProcessItemTaskData",
        "updateProcessItemTaskContextData",
        "downloadProcessItemTaskDataWebformsAsDocument",
        "retrieveProcessItemAiAssistance",
        "generateProcessItemAiAssistance",
    ),
    whole("createProcessItem", "patchProcessItemTaskData", "amount", adding("/amount", 7)),
    whole("createProcessItem", "updateProcessItemTaskData", "amount", {"data": {"value": {"amount": 6}}}),
    whole("createProcessItem", "assignProcessItemTask", "user", {"ownerEmail": "ada@example.com"}),
    *on("claimProcessItemTask", "completeProcessItemTask", "retrieveProcessItem"),
    whole("claimProcessItemTask", "assignProcessItemTask", "user", {"ownerEmail": "bob@example.com"}),
    *on("completeProcessItemTask", "retrieveProcessItem"),
    *on("completeProcessItemTask", "completeProcess", id="$response.body#/processId"),
    *on("completeProcess", "retrieveProcess", "deleteProcess"),
    Link(
        "createProcessItem",
        "createProcessItem",
        body={"id": ID, "processId": "$response.body#/processId", "type": "$response.body#/type"},
        label="again",
    ),
    *on("createProcessItem", "retrieveProcess", id="$response.body#/processId"),
    Link(
        "createProcessItem",
        "cancelProcessProcessItems",
        {"path.id": "$response.body#/processId", "query.processItemId": ID},
    ),
    *on("generateProcessItemAiAssistance", "retrieveProcessItemAiAssistance", id=SAME),
    whole(
        "generateProcessItemAiAssistance",
        "generateProcessItemAiAssistance",
        "again",
        {"requestId": "$response.body#/requestId"},
        SAME,
    ),
    *on("findProcessItems", "retrieveProcessItem", "claimProcessItemTask", id=FIRST),
]

_ACTION = {"path.id": SAME, "path.actionId": ID}

_ACTION_BODIES: dict[str, Json] = {
    "REPORT": {},
    "CHECK": {"startWorkflow": {"input": {"days": 3}}},
    "LEND": {},
    "COPY": {"createArtifact": {"value": {"title": "Ada"}}},
}

ARTIFACTS = [
    *on(
        "createBusinessArtifact",
        "retrieveBusinessArtifact",
        "deleteBusinessArtifact",
        "updateBusinessArtifactData",
        "patchBusinessArtifactData",
        "prepareBusinessArtifactCreateArtifact",
        "uploadBusinessArtifactDocument",
        "createBusinessArtifactAction",
    ),
    Link("createBusinessArtifact", "createBusinessArtifact", body={"id": ID}, label="again"),
    whole("createBusinessArtifact", "updateBusinessArtifactData", "name", {"data": {"value": {"name": "Ada"}}}),
    whole("createBusinessArtifact", "patchBusinessArtifactData", "name", adding("/name", "Ada")),
    *(
        whole(
            "createBusinessArtifact",
            "createBusinessArtifactAction",
            code,
            {"businessArtifactActionDefinitionCode": code, **rest},
        )
        for code, rest in _ACTION_BODIES.items()
    ),
    Link("createBusinessArtifactAction", "retrieveBusinessArtifactAction", _ACTION),
    Link("createBusinessArtifactAction", "cancelBusinessArtifactAction", _ACTION),
    *on("createBusinessArtifactAction", "retrieveProcess", id="$response.body#/startProcess/processId"),
    *on(
        "createBusinessArtifactAction",
        "retrieveBusinessArtifact",
        id="$response.body#/createArtifact/businessArtifactId",
    ),
    Link(
        "uploadBusinessArtifactDocument",
        "downloadBusinessArtifactDocument",
        {"path.id": SAME, "query.documentUri": "$response.body#/documentUri"},
    ),
    Link(
        "createBusinessArtifact",
        "findBusinessArtifacts",
        {"query.businessArtifactDefinitionId": "$response.body#/businessArtifactDefinitionRef/id"},
    ),
    *on("findBusinessArtifacts", "retrieveBusinessArtifact", id=FIRST),
]

_TENANT = "$response.body#/tenantId"

# Schemathesis begins with what needs nothing that comes from elsewhere; it knows of no origin of process definitions.
BEGINNINGS = [
    *(
        Link(
            "createAuthentication",
            "createProcess",
            body={"tenantId": _TENANT, "processDefinitionCode": code, **rest},
            whole_body=True,
            label=label,
        )
        for label, code, rest in (
            ("bare", "LOAN", {}),
            ("filled", "LOAN", {"metadata": {"value": {"amount": 5}}, "initiatorEmail": "ada@example.com"}),
            ("open", "OPEN", {}),
        )
    ),
    Link("createAuthentication", "createProcess", body={"tenantId": _TENANT}, label="any"),
    *(
        Link(
            "createAuthentication",
            "createBusinessArtifact",
            body={"tenantId": _TENANT, "businessArtifactDefinitionCode": code, **rest},
            whole_body=True,
            label=label,
        )
        for label, code, rest in (
            ("bare", "CUSTOMER", {}),
            ("filled", "CUSTOMER", {"data": {"value": {"name": "Ada", "age": 36}}}),
        )
    ),
    Link("createAuthentication", "createBusinessArtifact", body={"tenantId": _TENANT}, label="any"),
    *on("createAuthentication", "retrieveTenant", id=_TENANT),
]

OTHERS = [
    Link("createWorker", "createWorker", body={"identity": "$response.body#/identity"}, label="again"),
    *on("findPrincipals", "retrievePrincipal", id=FIRST),
    *on("findTenants", "retrieveTenant", id=FIRST),
    *on("findTenantUsers", "retrieveTenantUser", id=FIRST),
    *on("findTenantUsers", "retrievePrincipal", id="$response.body#/content/0/principalId"),
    Link("findGroups", "findPrincipals", {"query.groupId": FIRST}),
    *on("findRobots", "retrieveRobot", "downloadRobotSourceCode", id=FIRST),
    Link(
        "findRobots",
        "downloadRobotAsset",
        {
            "path.id": FIRST,
            "query.type": "PYTHON",
            "query.version": "3.11",
            "query.platform": "LINUX",
            "query.architecture": "X86_64",
        },
    ),
]

LINKS = [*BEGINNINGS, *PROCESSES, *ITEMS, *ARTIFACTS, *OTHERS]

LINKED_FILTERS = {
    name.removeprefix("query.") for link in LINKS if link.target.startswith("find") for name in link.parameters
}
"""Query parameters of lists that links fill."""
