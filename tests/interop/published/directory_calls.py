"""Who and what is there: authentication, workers, principals, groups, tenants, robots, keys."""

import datetime as dt
import io
import zipfile

from kuflow_rest import models

from tests.interop.published.calls import Session, call, new_id, refused, same


@call
def create_authentication(session: Session) -> None:
    """A token and a certificate for the engine."""
    create = session.application.authentication.create_authentication
    token = create(models.AuthenticationCreateParams(type=models.AuthenticationType.ENGINE_TOKEN)).engine_token
    left = token.expired_at - dt.datetime.now(dt.UTC)
    assert token.token
    assert dt.timedelta() < left <= dt.timedelta(seconds=7), left
    answer = create(models.AuthenticationCreateParams(type=models.AuthenticationType.ENGINE_CERTIFICATE))
    same(session.info["engine"]["namespace"], answer.engine_certificate.namespace)
    tls = answer.engine_certificate.tls
    for text in (tls.server_root_ca_certificate, tls.client_certificate, tls.client_private_key):
        same("-----BEGIN ", text[:11])


@call
def create_worker(session: Session) -> None:
    """Registered, and updated under the same identity."""
    params = models.WorkerCreateParams(
        identity="interop@host",
        task_queue="nobody",
        hostname="host",
        ip="127.0.0.1",
        workflow_types=["A"],
        activity_types=["b"],
    )
    first = session.application.worker.create_worker(params)
    same(("interop@host", "nobody", ["A"], ["b"]), _worker(first))
    params.workflow_types = ["A", "C"]
    second = session.application.worker.create_worker(params)
    same((first.id, ["A", "C"]), (second.id, second.workflow_types))
    params.task_queue = "unknown"
    same("taskQueue", refused(400, lambda: session.application.worker.create_worker(params)).errors[0].location)


@call
def find_principals(session: Session) -> None:
    """By type and group."""
    principals = session.application.principal
    users = principals.find_principals(type=models.PrincipalType.USER, sort="name,asc").content
    same(["Ada Clerk", "Grace Boss"], [each.name for each in users])
    clerks = principals.find_principals(group_code="CLERKS", tenant_id=[session.tenant_id]).content
    same({("Ada Clerk", "USER"), ("worker", "APPLICATION")}, {(each.name, each.type) for each in clerks})


@call
def retrieve_principal(session: Session) -> None:
    """A person with the e-mail address."""
    principal = session.application.principal.retrieve_principal(session.ada_id)
    same(("Ada Clerk", "USER", "ada@example.com"), (principal.name, principal.type, principal.user.email))
    same(404, refused(404, lambda: session.application.principal.retrieve_principal(new_id())).status)


@call
def find_groups(session: Session) -> None:
    """By code, id and member."""
    groups = session.application.group
    (bosses,) = groups.find_groups(group_code=["BOSSES"]).content
    same(("BOSSES", "BOSSES", session.tenant_id), (bosses.code, bosses.name, bosses.tenant_id))
    same([bosses.id], [each.id for each in groups.find_groups(group_id=bosses.id).content])
    same(["CLERKS"], [each.code for each in groups.find_groups(principal_id=session.ada_id).content])


@call
def find_tenants(session: Session) -> None:
    """The one."""
    page = session.application.tenant.find_tenants(size=5, tenant_id=session.tenant_id)
    same([(session.tenant_id, "Interop")], [(each.id, each.name) for each in page.content])


@call
def retrieve_tenant(session: Session) -> None:
    """With its plan."""
    tenant = session.application.tenant.retrieve_tenant(session.tenant_id)
    same(("Interop", models.TenantPricingPlan.UNLIMITED), (tenant.name, tenant.plan))


@call
def find_tenant_users(session: Session) -> None:
    """By e-mail address and group."""
    users = session.application.tenant_user
    (grace,) = users.find_tenant_users(email="grace@example.com", group_code=["BOSSES"]).content
    same(session.info["users"][1]["principal_id"], grace.principal_id)
    same([], users.find_tenant_users(email="grace@example.com", group_code=["CLERKS"]).content)
    session.made.tenant_user_id = grace.id


@call
def retrieve_tenant_user(session: Session) -> None:
    """With what the tenant keeps about them."""
    user = session.application.tenant_user.retrieve_tenant_user(session.made.tenant_user_id)
    same({"branch": "Bilbao"}, user.metadata.value)
    same(("Grace Boss", "grace@example.com"), (user.principal.name, user.principal.user.email))


@call
def find_robots(session: Session) -> None:
    """Those that are ready."""
    ready = session.application.robot.find_robots(filter_context=models.RobotFilterContext.READY).content
    same(["INVOICES"], [each.code for each in ready])
    everything = session.application.robot.find_robots(filter_context=models.RobotFilterContext.DEFAULT).content
    same({"INVOICES", "LETTERS"}, {each.code for each in everything})
    session.made.robot_id = ready[0].id


@call
def retrieve_robot(session: Session) -> None:
    """With its package and environment."""
    robot = session.made.robot = session.application.robot.retrieve_robot(session.made.robot_id)
    same(("Invoices", "Reads invoices", models.RobotSourceType.PACKAGE), _robot(robot))
    same({"MODE": "fast"}, robot.environment_variables)
    same(("robot.zip", "application/zip"), (robot.source_file.name, robot.source_file.content_type))
    assert robot.source_file.content_hash


@call
def download_robot_source_code(session: Session) -> None:
    """A package that opens."""
    content = b"".join(session.application.robot.download_robot_source_code(session.made.robot_id))
    same(session.made.robot.source_file.content_length, len(content))
    same(["kubot.yaml"], zipfile.ZipFile(io.BytesIO(content)).namelist())


@call
def download_robot_asset(session: Session) -> None:
    """The one for this machine, and none for another."""

    def asset(platform: models.RobotAssetPlatform) -> bytes:
        return b"".join(
            session.application.robot.download_robot_asset(
                session.made.robot_id,
                type=models.RobotAssetType.PYTHON,
                version="3.11.4",
                platform=platform,
                architecture=models.RobotAssetArchitecture.X86_64,
            )
        )

    same(b"python", asset(models.RobotAssetPlatform.LINUX))
    refused(404, lambda: asset(models.RobotAssetPlatform.WINDOWS))


@call
def retrieve_kms_key(session: Session) -> None:
    """Its bytes."""
    key = session.application.kms.retrieve_kms_key("key-1")
    same(("key-1", bytes(range(32))), (key.id, bytes(key.value)))
    refused(404, lambda: session.application.kms.retrieve_kms_key("key-2"))


def _worker(worker: models.Worker) -> tuple[str, str, list[str], list[str]]:
    return worker.identity, worker.task_queue, worker.workflow_types, worker.activity_types


def _robot(robot: models.Robot) -> tuple[str, str, str]:
    return robot.name, robot.description, robot.source_type
