"""Actions of processes and business artifacts with a real engine: their workflows run, and their ends end them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from kurun_twin.dev import TwinServer
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.options import TwinOptions
from tests.integration.conftest import definitions, process_definition

OCTETS = {"Content-Type": "application/octet-stream"}
PATIENCE = 20.0
Json = dict[str, Any]


@workflow.defn(name="ActionWorkflow", sandboxed=False)
class ActionWorkflow:
    """Does as its signal says: names a document, names none, or fails."""

    def __init__(self) -> None:
        self.request: Json = {}
        self.answer: Json | None = None

    @workflow.run
    async def run(self, request: Json) -> Json:
        """Wait for the answer."""
        self.request = request
        await workflow.wait_condition(lambda: self.answer is not None)
        if self.answer == {}:
            raise ApplicationError("on purpose", non_retryable=True)
        return self.answer or {}

    @workflow.signal
    async def end(self, answer: Json) -> None:
        """End with this."""
        self.answer = answer

    @workflow.query
    def requested(self) -> Json:
        """What it was started with."""
        return self.request


def write(file: Path, task_queue: str) -> Path:
    """A process and a business artifact, each with an action that runs a workflow."""
    target = {"workflowType": "ActionWorkflow", "taskQueue": task_queue}
    process = process_definition(task_queue) | {
        "processActionDefinitions": [{"code": "WORK", "type": "START_WORKFLOW", **target}]
    }
    artifact = {
        "code": "CUSTOMER",
        "businessArtifactActionDefinitions": [{"code": "REPORT", "type": "DOWNLOADABLE", **target}],
    }
    file.write_text(json.dumps(definitions(process) | {"businessArtifactDefinitions": [artifact]}))
    return file


async def reaches(client: httpx2.AsyncClient, path: str, status: str) -> Json:
    """Wait until the action has this status."""
    async with asyncio.timeout(PATIENCE):
        while True:
            body: Json = (await client.get(path)).json()
            if body["status"] == status:
                return body
            await asyncio.sleep(0.05)


async def post(client: httpx2.AsyncClient, path: str, **body: object) -> Json:
    """Create something."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    created: Json = answer.json()
    return created


async def test_actions_run_their_workflows(temporal_server: TemporalServer, tmp_path: Path, task_queue: str) -> None:
    """A process's action ends with its workflow, an artifact's names the document that its workflow answered."""
    options = TwinOptions(
        data_dir=tmp_path / "data",
        definitions=write(tmp_path / "definitions.yaml", task_queue),
        temporal_address=temporal_server.address,
    )
    async with TwinServer(options) as twin:
        engine = await Client.connect(twin.info["engine"]["direct_address"])
        kuflow = twin.info["kuflow"]
        credentials = (kuflow["client_id"], kuflow["client_secret"])
        async with (
            Worker(engine, task_queue=task_queue, workflows=[ActionWorkflow]),
            httpx2.AsyncClient(base_url=kuflow["endpoint"], auth=credentials) as client,
        ):
            process_id = twin.info["process_definitions"][0]["id"]
            process = await post(client, "/processes", processDefinitionId=process_id)
            artifact = await post(
                client,
                "/business-artifacts",
                businessArtifactDefinitionCode="CUSTOMER",
                tenantId=kuflow["tenant_id"],
            )
            work = await post(client, f"/processes/{process['id']}/actions", processActionDefinitionCode="WORK")
            actions = f"/business-artifacts/{artifact['id']}/actions"
            report = await post(client, actions, businessArtifactActionDefinitionCode="REPORT")
            cancelled = await post(client, actions, businessArtifactActionDefinitionCode="REPORT")
            query = {"targetUri": artifact["uri"], "fileName": "a.pdf", "fileContentType": "application/pdf"}
            uploaded = await client.post("/documents/~actions/upload", params=query, headers=OCTETS, content=b"bytes")
            uri = uploaded.json()["documentUri"]
            requested = await told(engine, report)
            await told(engine, work)
            await engine.get_workflow_handle(work["id"]).signal(ActionWorkflow.end, {})
            await engine.get_workflow_handle(report["id"]).signal(
                ActionWorkflow.end, {"message": "", "downloadable": {"documentUri": uri}}
            )
            await client.post(f"{actions}/{cancelled['id']}/~actions/cancel")
            done = await reaches(client, f"{actions}/{report['id']}", "COMPLETED")
            await reaches(client, f"/processes/{process['id']}/actions/{work['id']}", "ERROR")
            await reaches(client, f"{actions}/{cancelled['id']}", "CANCELED")

    assert requested["businessArtifactActionValueId"] == report["id"]
    assert done["downloadable"] == {"documentUri": uri, "documentExpired": False}


async def told(engine: Client, action: Json) -> Json:
    """Wait until the action's workflow runs; what it was started with."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                request: Json = await engine.get_workflow_handle(action["id"]).query(ActionWorkflow.requested)
            except Exception:
                await asyncio.sleep(0.05)
            else:
                if request:
                    return request
