"""Settings of kurun as frozen data, read once at the edge."""

from kurun_config.errors import ConfigurationError
from kurun_config.health import HealthSettings
from kurun_config.k2 import K2Authentication, K2ServicesAuthentication, K2Settings
from kurun_config.model import (
    DocumentSettings,
    EncryptionSettings,
    EngineCredentials,
    EngineSettings,
    KuFlowApiShape,
    KuFlowAuthentication,
    KuFlowSettings,
    LogFormat,
    LogLevel,
    LogSettings,
)
from kurun_config.robots import RobotHash, RobotSettings
from kurun_config.settings import Loaded, Settings, load, reloadable, require, setting_paths, value_at
from kurun_config.sources import flag, settings_files, variable
from kurun_config.tracing import TracingSettings
from kurun_config.versioning import Versioning
from kurun_config.worker import Tuner, WorkerSettings

__all__ = [
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
