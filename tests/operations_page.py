"""The tables of docs/operations.md, made from the code: ``python -m tests.operations_page``.

The page's own words stand around them; a table lies between the two comments that bear its name.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from kurun_config import Settings, reloadable, setting_paths, variable
from kurun_worker.cli.config import shown
from kurun_worker.cli.options import metavar
from kurun_worker.metrics.reference import table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "operations.md"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"


def settings() -> str:
    """A table for each section: variable, values, default, and whether a change is noticed while the worker runs."""
    parts = []
    for section, definition in Settings.model_fields.items():
        about = " ".join((getattr(definition.annotation, "__doc__", None) or "").split())
        rows = [_setting(path, field) for path, field in setting_paths() if path.startswith(f"{section}.")]
        head = f"#### `{section}`\n\n{about}\n\n| setting | values | default | | meaning |\n|---|---|---|---|---|\n"
        parts.append(head + "".join(rows))
    return "\n".join(parts)


def metrics() -> str:
    """Every metric of ours."""
    return table()


def alerts() -> str:
    """Every alert, its condition, and what to do."""
    lines = ["| alert | when | what to do |\n|---|---|---|\n"]
    for rule in _rules():
        wait = f" for {rule['for']}" if "for" in rule else ""
        lines.append(
            f"| `{rule['alert']}` | `{_line(rule['expr'])}`{wait} | {_line(rule['annotations']['action'])} |\n"
        )
    return "".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"settings": settings, "metrics": metrics, "alerts": alerts}


def written(page: str, tables: Mapping[str, Callable[[], str]] = TABLES) -> str:
    """A page with its tables made anew."""
    for name, make in tables.items():
        begin, end = f"<!-- {name}: made by `make docs` -->\n", f"<!-- end of {name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page has no place for the table of {name}")
        page = f"{before}{begin}\n{make()}\n{end}{after}"
    return page


def _setting(path: str, field: FieldInfo) -> str:
    again = "read again" if reloadable(field) else ""
    kind = "secret" if SecretStr in _types(field.annotation) else metavar(field.annotation)
    return (
        f"| `{path}`<br>`{variable(path)}` | {kind.replace('|', ', ')} | {_default(field)} | {again} "
        f"| {_line(field.description or '')} |\n"
    )


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for each in getattr(annotation, "__args__", ()):
        yield from _types(each)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or value == ():
        return ""
    return f"`{shown(value.value if isinstance(value, Enum) else value)}`"


def _rules() -> list[dict[str, Any]]:
    document = yaml.safe_load(ALERTS.read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
