"""What makes a worker a version of a deployment."""

import pytest

from kurun_config import ConfigurationError, load
from kurun_worker.versioning import deployment_config


def test_the_worker_controllers_variables_make_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal's Worker Controller sets two variables; a setting of ours wins over them."""
    monkeypatch.setenv("TEMPORAL_DEPLOYMENT_NAME", "acme/loans")
    monkeypatch.setenv("TEMPORAL_WORKER_BUILD_ID", "v2-5f7c")
    loaded = load({"worker.task_queue": "loans", "worker.build_id": "mine"})
    made = deployment_config(loaded.settings.worker)

    assert made is not None
    assert made.version.to_canonical_string() == "acme/loans.mine"
    assert made.use_worker_versioning
    assert loaded.origins["worker.deployment_name"] == "TEMPORAL_DEPLOYMENT_NAME"


@pytest.mark.parametrize("name", ["acme.loans", "acme:loans", ""])
def test_a_name_that_temporal_could_not_tell_from_a_build_is_refused(name: str) -> None:
    """It writes a version as one word, with one of two signs in the middle."""
    with pytest.raises(ConfigurationError, match="--worker-deployment-name"):
        load({"worker.deployment_name": name})
