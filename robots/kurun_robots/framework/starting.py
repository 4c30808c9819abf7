"""How Robot Framework is started: in a Python of its own, with an order in a file.

Arguments would be seen by everybody on the machine, and what they hold could be taken for an option.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kurun_robots.framework.options import VARIABLE

NOT_THERE: Final = 254
"""Exit code where the Python has no Robot Framework, whose own codes leave this one free."""
RESULT: Final = "output.xml"

_PYTHON_PATH: Final = "pythonpath"
_LAUNCHER: Final = f"""
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    order = json.load(file)
try:
    from robot import run
except ModuleNotFoundError as error:
    if error.name != "robot":
        raise
    sys.exit({NOT_THERE})
sys.path[:0] = order["path"]
sys.exit(run(order["tests"], **order["options"]))
"""


@dataclass(frozen=True)
class Suite:
    """What Robot Framework is to run.

    Attributes:
        tests: File or folder of tests.
        variables: ``NAME:VALUE``; they win over those among the options.
        options: Checked options.
    """

    tests: Path
    variables: tuple[str, ...]
    options: Mapping[str, Any]

    @property
    def all_variables(self) -> list[str]:
        """Those of the options, then the others: of two of one name the later one counts."""
        return [*self.options.get(VARIABLE, ()), *self.variables]

    def order(self, output: Path) -> str:
        """What the started process reads.

        Args:
            output: Folder for the results.
        """
        own = {
            VARIABLE: self.all_variables,
            "outputdir": str(output),
            "output": RESULT,
            "log": "NONE",
            "report": "NONE",
            "consolecolors": "off",
        }
        options = {name: value for name, value in self.options.items() if name != _PYTHON_PATH}
        path = self.options.get(_PYTHON_PATH, [])
        return json.dumps({"tests": str(self.tests), "path": path, "options": {**options, **own}})


def command(python: Path, order: Path) -> str:
    """The shell command that runs an order; it holds nothing of the request."""
    return "exec " + shlex.join((str(python), "-I", "-u", "-c", _LAUNCHER, str(order)))
