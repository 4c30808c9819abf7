"""The smaller groups: Authentication, Worker, Document, Group, Principal, Tenant, Tenant User, Robot, KMS."""

from kurun_clients.kuflow import BytesContent
from kurun_clients.kuflow.models import (
    AuthenticationType,
    PrincipalType,
    RobotFilterContext,
    WorkerCreateParams,
)
from tests.kuflow_calls.samples import DOCUMENT, EMPTY_PAGE, FILE, ONE, TOKEN, TWO, WORKER, Call

CALLS: dict[str, Call] = {
    "create authentication": (
        lambda k: k.authentications.create(AuthenticationType.ENGINE_TOKEN),
        TOKEN,
        "POST",
        "/authentications",
        {"type": "ENGINE_TOKEN"},
    ),
    "create authentication for a tenant": (
        lambda k: k.authentications.create(AuthenticationType.ENGINE_CERTIFICATE, tenant_id=TWO),
        TOKEN,
        "POST",
        "/authentications",
        {"type": "ENGINE_CERTIFICATE", "tenantId": str(TWO)},
    ),
    "create worker": (
        lambda k: k.workers.create(WorkerCreateParams(identity="w", task_queue="q", hostname="h", ip="127.0.0.1")),
        WORKER,
        "POST",
        "/workers",
        WORKER,
    ),
    "upload by uri": (
        lambda k: k.documents.upload(f"ku:process/{ONE}", BytesContent(b"[1]"), **FILE),
        DOCUMENT,
        "POST",
        (
            "/documents/~actions/upload?fileContentType=application%2Fpdf&fileName=a%20b.pdf"
            f"&targetUri=ku%3Aprocess%2F{ONE}"
        ),
        [1],
    ),
    "find groups": (
        lambda k: k.groups.find(
            tenant_id=[ONE], principal_id=TWO, group_id=ONE, group_code=["A", "B"], sort="name,desc"
        ),
        EMPTY_PAGE,
        "GET",
        f"/groups?sort=name%2Cdesc&tenantId={ONE}&principalId={TWO}&groupId={ONE}&groupCode=A&groupCode=B",
        None,
    ),
    "find all principals": (lambda k: k.principals.find(), EMPTY_PAGE, "GET", "/principals", None),
    "find all tenant users": (lambda k: k.tenant_users.find(), EMPTY_PAGE, "GET", "/tenant-users", None),
    "find principals": (
        lambda k: k.principals.find(type=PrincipalType.USER, group_id=ONE, group_code="A", tenant_id=TWO),
        EMPTY_PAGE,
        "GET",
        f"/principals?type=USER&groupId={ONE}&groupCode=A&tenantId={TWO}",
        None,
    ),
    "retrieve principal": (lambda k: k.principals.retrieve(ONE), {}, "GET", f"/principals/{ONE}", None),
    "find tenants": (lambda k: k.tenants.find(tenant_id=ONE), EMPTY_PAGE, "GET", f"/tenants?tenantId={ONE}", None),
    "retrieve tenant": (
        lambda k: k.tenants.retrieve(ONE),
        {"id": str(ONE), "name": "Acme", "plan": "FREE"},
        "GET",
        f"/tenants/{ONE}",
        None,
    ),
    "find tenant users": (
        lambda k: k.tenant_users.find(group_id=ONE, group_code="A", email="a+b@example.com", tenant_id=TWO),
        EMPTY_PAGE,
        "GET",
        f"/tenant-users?groupId={ONE}&groupCode=A&email=a%2Bb%40example.com&tenantId={TWO}",
        None,
    ),
    "retrieve tenant user": (
        lambda k: k.tenant_users.retrieve(ONE),
        {"id": str(ONE), "principal": {}},
        "GET",
        f"/tenant-users/{ONE}",
        None,
    ),
    "find robots": (
        lambda k: k.robots.find(tenant_id=ONE, filter_context=RobotFilterContext.READY),
        EMPTY_PAGE,
        "GET",
        f"/robots?tenantId={ONE}&filterContext=READY",
        None,
    ),
    "retrieve robot": (
        lambda k: k.robots.retrieve(ONE),
        {"id": str(ONE), "code": "R", "name": "Robot"},
        "GET",
        f"/robots/{ONE}",
        None,
    ),
    "retrieve key": (
        lambda k: k.kms.retrieve_key("a/b c"),
        {"id": "a/b c", "value": "AAEC"},
        "GET",
        "/kms/keys/a%2Fb%20c",
        None,
    ),
}
