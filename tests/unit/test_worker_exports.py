"""What the packages promise to those who import them."""

import subprocess
import sys

import kurun_config
import kurun_worker
import kurun_workflows


def test_what_kurun_worker_exports() -> None:
    """A name less breaks somebody's program; each is there when it is asked for."""
    assert sorted(kurun_worker.__all__) == ["KuFlowPlugin", "kuflow_data_converter"]
    assert all(hasattr(kurun_worker, name) for name in kurun_worker.__all__)
    assert not hasattr(kurun_worker, "nonsense")


def test_what_kurun_workflows_exports() -> None:
    """A name less breaks somebody's workflow."""
    assert sorted(kurun_workflows.__all__) == [
        "CallOptions",
        "CarryOver",
        "CompletedTask",
        "InvalidData",
        "KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM",
        "KuFlowProcess",
        "OpenItem",
        "ProcessItemCancelled",
        "ProcessItemError",
        "ProcessItemTimeout",
        "SignalProcessItem",
        "SignalProcessItemPayload",
        "SignalProcessItemType",
        "SignalUserAction",
        "WorkflowRequest",
        "WorkflowResponse",
        "WorkflowUserActionDefinitionType",
        "WorkflowUserActionRequest",
        "WorkflowUserActionResponse",
    ]
    assert all(hasattr(kurun_workflows, name) for name in kurun_workflows.__all__)


def test_what_kurun_config_exports() -> None:
    """A name less breaks somebody's program."""
    assert sorted(kurun_config.__all__) == [
        "ConfigurationError",
        "DocumentSettings",
        "EncryptionSettings",
        "EngineCredentials",
        "EngineSettings",
        "HealthSettings",
        "K2Authentication",
        "K2ServicesAuthentication",
        "K2Settings",
        "KuFlowApiShape",
        "KuFlowAuthentication",
        "KuFlowSettings",
        "Loaded",
        "LogFormat",
        "LogLevel",
        "LogSettings",
        "RobotHash",
        "RobotSettings",
        "Settings",
        "TracingSettings",
        "Tuner",
        "Versioning",
        "WorkerSettings",
        "flag",
        "load",
        "reloadable",
        "require",
        "setting_paths",
        "settings_files",
        "value_at",
        "variable",
    ]
    assert all(hasattr(kurun_config, name) for name in kurun_config.__all__)


def test_the_package_of_the_worker_imports_nothing_until_it_is_asked() -> None:
    """The command line lies in the same package and has to start quickly."""
    script = "import sys, kurun_worker; print({'temporalio', 'pydantic'} & set(sys.modules))"

    said = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert said.stdout == "set()\n"
