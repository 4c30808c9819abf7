"""What the twin tells of K2."""

from pathlib import Path

import httpx2
import pytest

from kurun_config import ConfigurationError, load
from kurun_twin.database import Database
from kurun_twin.definitions import load_definitions
from kurun_twin.figures import Figures
from kurun_twin.http_server import HttpServer
from kurun_twin.info import describe, describe_k2, write_settings
from kurun_twin.k2.platform import K2Platform
from kurun_twin.options import TwinOptions
from kurun_twin.scenario import Rule
from tests.unit.k2_twins import K2_DEFINITIONS, PASSWORD, K2Twin, open_k2_twin
from tests.unit.twins import Json


def _described(twin: K2Twin) -> Json:
    kuflow = describe(twin.platform, endpoint="http://127.0.0.1:1", engine_address="a:1", direct_address="a:2", ui=None)
    return {**kuflow, "k2": describe_k2(twin.k2)}


def test_the_settings_file_lets_a_worker_find_k2(tmp_path: Path) -> None:
    """Addresses, the application's credentials and an account with the Server Event right are in it."""
    with open_k2_twin(tmp_path) as twin:
        twin.k2.address = "http://127.0.0.1:4711"
        write_settings(tmp_path / "kurun.toml", _described(twin))
        client_id = twin.k2.credentials.client_id
    k2 = load(file=tmp_path / "kurun.toml").settings.k2

    assert "http://127.0.0.1:4711/api/workflow/v1" == str(k2.endpoint)
    assert "http://127.0.0.1:4711/K2Services" == str(k2.services_endpoint)
    assert "http://127.0.0.1:4711/oauth2/token" == str(k2.oauth_token_url)
    assert (client_id, "ACME\\svc") == (k2.oauth_client_id, k2.user)
    assert k2.password is not None
    assert PASSWORD == k2.password.get_secret_value()


def test_everyone_and_every_workflow_is_described(tmp_path: Path) -> None:
    """For tests and people that act as one account or another."""
    with open_k2_twin(tmp_path, K2_DEFINITIONS.replace(r"['ACME\svc']", "[]", 1)) as twin:
        described = describe_k2(twin.k2)

    assert ["K2:ACME\\Bob", "K2:ACME\\Eve", "K2:ACME\\svc", "K2:ACME\\Zoe"] == [
        each["fqn"] for each in described["users"]
    ]
    assert {"id": 7, "name": "Loans\\Approval"} == described["workflows"][0]
    assert "ACME\\Bob" == described["user"]


async def test_a_dropped_reply_leaves_the_work_done(tmp_path: Path) -> None:
    """Over a real connection: the caller sees it close, K2 has acted."""
    with open_k2_twin(tmp_path) as twin:
        twin.start()
        twin.scenario.replace([Rule(path="/actions/", drop="after", times=1)])
        server = HttpServer(twin.app)
        await server.start()
        try:
            async with httpx2.AsyncClient(auth=("ACME\\Bob", PASSWORD)) as client:
                address = f"http://127.0.0.1:{server.port}/api/workflow/v1/tasks/{twin.serial('Bob')}/actions/approve"
                with pytest.raises(httpx2.TransportError):
                    await client.post(address)
                again = await client.post(address)
        finally:
            await server.stop()

        assert ["started", "acted"] == twin.happened()
        assert again.status_code == 404


def test_broken_credentials_are_a_mistake_of_the_folder(tmp_path: Path) -> None:
    """The file is named, its content is not shown."""
    (tmp_path / "defs.yaml").write_text(K2_DEFINITIONS, encoding="utf-8")
    (tmp_path / "k2-credentials.json").write_text('{"client_secret": 5}', encoding="utf-8")
    definitions, database = load_definitions(tmp_path / "defs.yaml").k2, Database(tmp_path / "twin.db")
    assert definitions is not None
    try:
        with pytest.raises(ConfigurationError, match=r"k2-credentials\.json: holds no credentials"):
            K2Platform(TwinOptions(data_dir=tmp_path), definitions, database, Figures())
    finally:
        database.close()
