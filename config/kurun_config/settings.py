"""Settings, read once at the edge: flags > environment > secret files > TOML file > defaults."""

from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from kurun_config.errors import ConfigurationError
from kurun_config.health import HealthSettings
from kurun_config.k2 import K2Settings
from kurun_config.model import (
    DocumentSettings,
    EncryptionSettings,
    EngineSettings,
    KuFlowSettings,
    LogSettings,
    Section,
)
from kurun_config.robots import RobotSettings
from kurun_config.sources import FOREIGN_VARIABLES, ForeignVariables, flag, secret_files, toml_file, variable
from kurun_config.tracing import TracingSettings
from kurun_config.worker import WorkerSettings

PLACEHOLDER = "FILL_ME"


class Settings(BaseSettings):
    """The effective settings: frozen, complete, secrets masked in every representation."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="KURUN_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    kuflow: KuFlowSettings = Field(default_factory=KuFlowSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    documents: DocumentSettings = Field(default_factory=DocumentSettings)
    encryption: EncryptionSettings = Field(default_factory=EncryptionSettings)
    k2: K2Settings = Field(default_factory=K2Settings)
    robots: RobotSettings = Field(default_factory=RobotSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
    log: LogSettings = Field(default_factory=LogSettings)


@dataclass(frozen=True)
class Loaded:
    """Settings and where each value came from.

    Attributes:
        settings: The effective settings.
        origins: For each ``section.field`` that is not a default, what set it: a flag, a variable or a file.
    """

    settings: Settings
    origins: Mapping[str, str]


def load(overrides: Mapping[str, Any] | None = None, *, file: Path | None = None) -> Loaded:
    """Read the settings.

    Args:
        overrides: Values of command-line flags by ``section.field``.
        file: TOML file; without it ``KURUN_CONFIG`` names one, or ``kurun.toml`` is taken if it is there.

    Raises:
        ConfigurationError: A value is unknown, malformed or still a placeholder; the message names what sets it.
    """
    origins: dict[str, str] = {}

    class Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings'
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            secrets, toml = secret_files(settings_cls), toml_file(settings_cls, file)
            ordered: list[tuple[PydanticBaseSettingsSource | None, Callable[[str], str]]] = [
                (init_settings, flag),
                (env_settings, variable),
                (ForeignVariables(settings_cls), lambda path: FOREIGN_VARIABLES[path]),
                (secrets, lambda path: f"secret file {variable(path).lower()}"),
                (toml, lambda path: f"{toml.toml_file_path if toml else None} [{path}]"),
            ]
            effective: dict[str, Any] = {}
            for source, name in reversed(ordered):
                if source is not None:
                    effective.update(_flat(source()))
                    origins.update({path: name(path) for path in _flat(source())})
            _refuse_placeholders(effective, origins)
            return tuple(source for source, _ in ordered if source is not None)

    try:
        settings = Sourced.model_validate(_nested(overrides or {}))
    except ValidationError as error:
        raise ConfigurationError(_explain(error, origins)) from None
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None
    return Loaded(settings, origins)


def setting_paths() -> Iterator[tuple[str, Any]]:
    """Every ``section.field`` with its field's definition, in the order of the model."""
    for section, definition in Settings.model_fields.items():
        model = definition.annotation
        assert isinstance(model, type)  # noqa: S101 - narrows for the type checker
        assert issubclass(model, Section)  # noqa: S101
        for name, field in model.model_fields.items():
            yield f"{section}.{name}", field


def reloadable(field: FieldInfo) -> bool:
    """Whether a setting takes effect while the worker runs, and not only at its next start."""
    extra = field.json_schema_extra
    return isinstance(extra, Mapping) and extra.get("reload") is True


def value_at(settings: Settings, path: str) -> Any:
    """The value of ``section.field``."""
    section, _, field = path.partition(".")
    return getattr(getattr(settings, section), field)


def require(values: Mapping[str, Any]) -> None:
    """Insist on settings that have no default.

    Args:
        values: By ``section.field``.

    Raises:
        ConfigurationError: Some are missing or empty; the message names the variables and the flags that set them.
    """
    missing = [path for path, value in values.items() if value is None or (isinstance(value, Sized) and not len(value))]
    if missing:
        raise ConfigurationError(
            "; ".join(f"{path} is not set: set {variable(path)} or {flag(path)}" for path in missing)
        )


def _nested(overrides: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for path, value in overrides.items():
        section, _, field = path.partition(".")
        values.setdefault(section, {})[field] = value
    return values


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for section, fields in values.items():
        if isinstance(fields, Mapping):
            flat.update({f"{section}.{field}": value for field, value in fields.items()})
        else:
            flat[section] = fields
    return flat


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    reasons = []
    for detail in error.errors(include_input=False, include_url=False):
        path = ".".join(str(part) for part in detail["loc"][:2])
        origin = origins.get(path, path)
        unknown = detail["type"] == "extra_forbidden"
        said = detail["msg"].removeprefix("Value error, ")
        reasons.append(f"{origin}: no such setting" if unknown else f"{origin}: {said}")
    return "; ".join(dict.fromkeys(reasons))


def _refuse_placeholders(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    for path, value in values.items():
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        if PLACEHOLDER in text:
            raise ConfigurationError(
                f"{path} is still the placeholder {PLACEHOLDER} (from {origins[path]}): set {variable(path)}"
            )
