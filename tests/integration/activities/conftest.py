"""What the tests of activities share: KuFlow's API over HTTP, and what a worker hands its activities."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from kurun_activities.context import ActivityContext
from kurun_clients.kuflow.models import ProcessCreateParams, ProcessItemCreateParams, ProcessItemType
from tests.kuflow_api import DEFINITIONS, KuFlowApi, kuflow_api


@pytest.fixture(scope="module")
async def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KuFlowApi]:
    """The API, for all tests of a module; with the module's own ``DEFINITIONS``, if it has some."""
    definitions = getattr(request.module, "DEFINITIONS", DEFINITIONS)
    async with kuflow_api(tmp_path_factory.mktemp("kuflow"), definitions) as api:
        yield api


@pytest.fixture
async def api(serving: KuFlowApi) -> AsyncIterator[KuFlowApi]:
    """The API, behaving well before and after."""
    serving.scenario.clear()
    yield serving
    serving.scenario.clear()


@pytest.fixture
def context(api: KuFlowApi) -> ActivityContext:
    """What the activities of a worker get handed."""
    return ActivityContext(kuflow=api.worker)


@pytest.fixture
async def process_id(api: KuFlowApi) -> UUID:
    """A running process."""
    params = ProcessCreateParams(id=uuid4(), tenant_id=api.tenant_id, process_definition_code="LOAN")
    return (await api.worker.processes.create(params)).id


@pytest.fixture
async def task_id(api: KuFlowApi, process_id: UUID) -> UUID:
    """A task without data."""
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=process_id, process_item_definition_code="FORM"
    )
    return (await api.worker.process_items.create(params)).id
