"""The table of docs/workflows.md, made from the process helper: ``python -m tests.workflows_page``."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from kurun_workflows import KuFlowProcess
from kurun_workflows.item_calls import ItemCalls
from kurun_workflows.process_calls import ProcessCalls
from tests.operations_page import written

PAGE = Path(__file__).parents[1] / "docs" / "workflows.md"

SUBJECTS: Mapping[type[Any], str] = {
    KuFlowProcess: "Tasks and messages",
    ItemCalls: "An item",
    ProcessCalls: "The process as a whole",
}


def methods() -> str:
    """A table for each class that the helper is made of."""
    parts = []
    for part, subject in SUBJECTS.items():
        rows = "".join(_row(name, method) for name, method in methods_of(part))
        head = "| method | arguments | answers with | what it does | raises |\n|---|---|---|---|---|\n"
        parts.append(f"**{subject}**\n\n{head}{rows}")
    return "\n".join(parts)


def methods_of(part: type[Any]) -> Iterator[tuple[str, FunctionType | property]]:
    """The public methods and properties that a class itself defines, in the order of its source."""
    for name, member in vars(part).items():
        if not name.startswith("_") and isinstance(member, FunctionType | property):
            yield name, member


def _row(name: str, method: FunctionType | property) -> str:
    if isinstance(method, property):
        function, shown = method.fget, name
    else:
        function, shown = method, f"{name}()"
    assert function is not None
    signature = inspect.signature(function)
    arguments = ", ".join(_argument(each) for each in list(signature.parameters.values())[1:])
    answer = re.sub(r"\b\w+\.", "", inspect.formatannotation(signature.return_annotation))
    described = inspect.getdoc(function) or ""
    raises = re.findall(r"^    (\w+): ", described.partition("Raises:\n")[2], re.MULTILINE)
    columns = (f"`{shown}`", arguments, f"`{answer}`", _words(described), ", ".join(f"`{each}`" for each in raises))
    return f"| {' | '.join(columns)} |\n"


def _argument(parameter: inspect.Parameter) -> str:
    named = "=" if parameter.kind is inspect.Parameter.KEYWORD_ONLY else ""
    shown = f"`{parameter.name}{named}`"
    return f"**{shown}**" if parameter.default is inspect.Parameter.empty else shown


def _words(described: str) -> str:
    """The first paragraph of a docstring."""
    paragraph = " ".join(described.split("\n\n", maxsplit=1)[0].split())
    return re.sub(r":\w+:`(\w+)`", r"`\1()`", paragraph).replace("``", "`").replace("|", "\\|")


TABLES: Mapping[str, Callable[[], str]] = {"methods": methods}


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(), TABLES))
