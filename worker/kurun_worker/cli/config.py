"""``kurun config``."""

import json
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from kurun_config import Loaded, setting_paths, value_at
from kurun_worker.cli.options import loaded, settings_options
from kurun_worker.redaction import MASK


@click.command("config", short_help="Show the effective settings and where each comes from.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
@settings_options
def command(config: Path | None, *, as_json: bool, **flags: str | None) -> None:
    """Show the effective settings and where each comes from. Secrets are masked."""
    effective = loaded(config, flags)
    click.echo(as_document(effective) if as_json else as_table(effective))


def as_document(effective: Loaded) -> str:
    """An object of ``section.field``, each with value and origin."""
    dumped = effective.settings.model_dump(mode="json")
    document = {}
    for path, _ in setting_paths():
        section, _, field = path.partition(".")
        document[path] = {"value": dumped[section][field], "origin": effective.origins.get(path, "default")}
    return json.dumps(document, indent=2)


def as_table(effective: Loaded) -> str:
    """Aligned columns: setting, value, origin."""
    rows = [("setting", "value", "origin")]
    for path, _ in setting_paths():
        rows.append((path, shown(value_at(effective.settings, path)), effective.origins.get(path, "default")))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{path:<{widths[0]}}  {value:<{widths[1]}}  {origin}" for path, value, origin in rows)


def shown(value: Any) -> str:
    """A value as a person writes it."""
    if value is None or value == ():
        return "-"
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    if hasattr(value, "total_seconds"):
        return f"{value.total_seconds():g}"
    return str(value)
