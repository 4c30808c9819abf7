"""Settings of kurun as frozen data, read once at the edge."""

from kurun_config.errors import ConfigurationError
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
    WorkerSettings,
)
from kurun_config.robots import RobotHash, RobotSettings
from kurun_config.settings import Loaded, Settings, load, require, setting_paths, value_at
from kurun_config.sources import flag, variable

__all__ = [
    "ConfigurationError",
    "DocumentSettings",
    "EncryptionSettings",
    "EngineCredentials",
    "EngineSettings",
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
    "WorkerSettings",
    "flag",
    "load",
    "require",
    "setting_paths",
    "value_at",
    "variable",
]
