"""The places settings come from, beyond what pydantic-settings reads by itself, and their names."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from kurun_config.errors import ConfigurationError

DEFAULT_FILE = Path("kurun.toml")

# Variables of Temporal and of KuFlow's SDK, for those who have them set already; ours win.
FOREIGN_VARIABLES = {
    "engine.address": "TEMPORAL_ADDRESS",
    "engine.namespace": "TEMPORAL_NAMESPACE",
    "worker.deployment_name": "TEMPORAL_DEPLOYMENT_NAME",
    "worker.build_id": "TEMPORAL_WORKER_BUILD_ID",
    "robots.framework_path": "KUFLOW_ROBOT_PATH",
}


def variable(path: str) -> str:
    """The environment variable that sets ``section.field``."""
    return "KURUN_" + path.replace(".", "_").upper()


def flag(path: str) -> str:
    """The command-line flag that sets ``section.field``."""
    return "--" + path.replace(".", "-").replace("_", "-")


class ForeignVariables(EnvSettingsSource):
    """Variables that other programs read or set too; Temporal's Worker Controller sets those of a version."""

    def __call__(self) -> dict[str, Any]:
        """Read them into their place in the settings."""
        values: dict[str, dict[str, str]] = {}
        for path, name in FOREIGN_VARIABLES.items():
            if value := os.environ.get(name):
                section, _, field = path.partition(".")
                values.setdefault(section, {})[field] = value
        return values


def secret_files(settings: type[BaseSettings]) -> PydanticBaseSettingsSource | None:
    """Files such as ``kurun_kuflow_client_secret`` in the folder that ``KURUN_SECRETS_DIR`` names."""
    folder = os.environ.get("KURUN_SECRETS_DIR")
    if not folder:
        return None
    if not Path(folder).is_dir():
        raise ConfigurationError(f"KURUN_SECRETS_DIR: {folder} is not a folder")
    return NestedSecretsSettingsSource(
        EnvSettingsSource(settings), secrets_dir=folder, secrets_prefix="kurun_", secrets_nested_delimiter="_"
    )


def settings_files(file: Path | None = None) -> list[Path]:
    """The files that are read for the settings, given the same TOML file.

    A file that may be there and is not counts too, and so does the folder of secret files, as more may come.
    """
    named = file or os.environ.get("KURUN_CONFIG")
    files = [Path(named) if named else DEFAULT_FILE]
    if folder := os.environ.get("KURUN_SECRETS_DIR"):
        files += [Path(folder), *sorted(Path(folder).glob("kurun_*"))]
    return files


def toml_file(settings: type[BaseSettings], file: Path | None) -> TomlConfigSettingsSource | None:
    """The TOML file given, else the one ``KURUN_CONFIG`` names, else ``kurun.toml`` if it is there."""
    if file is None and (named := os.environ.get("KURUN_CONFIG")):
        file = Path(named)
    if file is None:
        if not DEFAULT_FILE.is_file():
            return None
        file = DEFAULT_FILE
    elif not file.is_file():
        raise ConfigurationError(f"{file}: no such settings file")
    try:
        return TomlConfigSettingsSource(settings, file)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not a TOML file: {error}") from None
