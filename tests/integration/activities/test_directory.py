"""Activities that look up tenants, groups, people and robots."""

import json
from collections.abc import AsyncIterator

import pytest

from kurun_activities import directory, models, robots
from kurun_activities.context import ActivityContext
from kurun_clients.kuflow.models import PrincipalType, RobotFilterContext
from tests.activity_runs import run
from tests.kuflow_api import KuFlowApi, kuflow_api

DEFINITIONS = """
tenant: {name: Acme, plan: PREMIUM}
principals:
  applications: [{name: worker}]
  users:
    - {name: Ada Clerk, email: ada@example.com, metadata: {desk: 7}}
    - {name: Bob Boss, email: bob@example.com}
groups:
  - {code: CLERKS, name: Clerks, members: [ada@example.com]}
  - {code: BOSSES, name: Bosses, members: [bob@example.com]}
robots:
  - {code: READER, name: Reader, sourceFile: reader.zip, environmentVariables: {PASSWORD: hunter2}}
  - {code: DRAFT, name: Draft, sourceFile: reader.zip, ready: false}
"""


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KuFlowApi]:
    """The API, for all tests of this module: they only read."""
    folder = tmp_path_factory.mktemp("kuflow")
    (folder / "reader.zip").write_bytes(b"a program")
    async with kuflow_api(folder, DEFINITIONS) as serving:
        yield serving


@pytest.fixture
def context(api: KuFlowApi) -> ActivityContext:
    """What the activities of a worker get handed."""
    return ActivityContext(kuflow=api.worker)


async def test_tenants(context: ActivityContext, api: KuFlowApi) -> None:
    """The tenant is found and read."""
    page = await run(context, directory.find_tenants, models.TenantFindRequest(tenant_ids=[api.tenant_id]))
    read = await run(context, directory.retrieve_tenant, models.TenantRetrieveRequest(tenant_id=api.tenant_id))

    assert [each.name for each in page.tenants.content] == [read.tenant.name] == ["Acme"]
    assert read.to_wire()["tenant"]["plan"] == "PREMIUM"


async def test_people(context: ActivityContext) -> None:
    """A person is found as a principal by group and type, read, and found in the groups they are in."""
    search = models.PrincipalFindRequest(type=PrincipalType.USER, group_codes=["CLERKS"], sorts=["name,asc"])
    [ada] = (await run(context, directory.find_principals, search)).principals.content
    assert ada.id is not None
    read = await run(context, directory.retrieve_principal, models.PrincipalRetrieveRequest(principal_id=ada.id))
    groups = await run(context, directory.find_groups, models.GroupFindRequest(principal_id=ada.id))
    bosses = await run(context, directory.find_groups, models.GroupFindRequest(group_codes=["BOSSES"]))

    assert read.principal.user is not None
    assert (read.principal.name, read.principal.user.email) == ("Ada Clerk", "ada@example.com")
    assert [each.code for each in groups.groups.content] == ["CLERKS"]
    assert [each.name for each in bosses.groups.content] == ["Bosses"]


async def test_tenant_users(context: ActivityContext) -> None:
    """A user is found by e-mail address or group, and read with what the tenant notes about them."""
    by_email = models.TenantUserFindRequest(emails=["ada@example.com"])
    by_group = models.TenantUserFindRequest(group_codes=["CLERKS"], size=1)
    [ada] = (await run(context, directory.find_tenant_users, by_email)).tenant_users.content
    [same] = (await run(context, directory.find_tenant_users, by_group)).tenant_users.content
    read = await run(context, directory.retrieve_tenant_user, models.TenantUserRetrieveRequest(tenant_user_id=ada.id))

    assert ada == same
    assert read.tenant_user.principal.id == ada.principal_id
    assert read.tenant_user.metadata is not None
    assert read.tenant_user.metadata.value == {"desk": 7}


async def test_robots(context: ActivityContext) -> None:
    """Robots are found, those that may run apart from all."""
    every = await run(context, robots.find_robots, models.RobotFindRequest())
    ready = await run(context, robots.find_robots, models.RobotFindRequest(filter_context=RobotFilterContext.READY))

    assert {each.code for each in every.robots.content} == {"READER", "DRAFT"}
    assert [each.code for each in ready.robots.content] == ["READER"]


async def test_a_robots_secrets_stay_out_of_history(context: ActivityContext, api: KuFlowApi) -> None:
    """What a robot's program gets in its environment is not in the response, which history keeps for good."""
    ready = await run(context, robots.find_robots, models.RobotFindRequest(filter_context=RobotFilterContext.READY))
    [robot] = ready.robots.content

    read = await run(context, robots.retrieve_robot, models.RobotRetrieveRequest(robot_id=robot.id))

    assert read.robot.source_file == robot.source_file
    assert "hunter2" not in json.dumps(read.to_wire())
    assert (await api.worker.robots.retrieve(robot.id)).environment_variables == {"PASSWORD": "hunter2"}
