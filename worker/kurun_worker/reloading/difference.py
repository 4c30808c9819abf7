"""What of newer settings may be put to use at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from kurun_config import ConfigurationError, Settings, reloadable, setting_paths, value_at

_CREDENTIALS = (
    "kuflow.client_id",
    "kuflow.client_secret",
    "kuflow.token",
    "k2.user",
    "k2.password",
    "k2.oauth_client_secret",
)


@dataclass(frozen=True)
class Difference:
    """How newer settings differ from those in force.

    Attributes:
        changed: Settings, as ``section.field``, that take effect at once.
        restart: Those that take effect at the next start.
    """

    changed: tuple[str, ...]
    restart: tuple[str, ...]


def difference(before: Settings, fresh: Settings) -> Difference:
    """Compare two settings."""
    differing = [
        (path, reloadable(field)) for path, field in setting_paths() if value_at(before, path) != value_at(fresh, path)
    ]
    return Difference(
        changed=tuple(path for path, at_once in differing if at_once),
        restart=tuple(path for path, at_once in differing if not at_once),
    )


def merged(before: Settings, fresh: Settings, paths: Iterable[str]) -> Settings:
    """The settings in force, with these paths as the newer ones have them."""
    sections: dict[str, dict[str, Any]] = {}
    for path in paths:
        section, _, field = path.partition(".")
        sections.setdefault(section, {})[field] = value_at(fresh, path)
    updated = {name: getattr(before, name).model_copy(update=fields) for name, fields in sections.items()}
    return before.model_copy(update=updated)


def refuse_gone(before: Settings, fresh: Settings) -> None:
    """Insist that no credential has disappeared, as it does for a moment while its file is written.

    Raises:
        ConfigurationError: One has; the message names it.
    """
    gone = [path for path in _CREDENTIALS if value_at(before, path) and not value_at(fresh, path)]
    if gone:
        raise ConfigurationError(f"{', '.join(gone)}: there is none any more")


def described(settings: Settings, paths: Iterable[str]) -> list[str]:
    """The settings as a log line may show them: secrets by their name alone."""
    return [_described(path, value_at(settings, path)) for path in paths]


def _described(path: str, value: Any) -> str:
    if isinstance(value, SecretStr) or path in _CREDENTIALS:
        return path
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    return f"{path}={value.total_seconds():g}" if hasattr(value, "total_seconds") else f"{path}={value}"
