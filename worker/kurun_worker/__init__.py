"""The daemon that serves a task queue, and the command line.

Those with a Temporal client and worker of their own take :class:`KuFlowPlugin`; where only payloads matter,
:data:`kuflow_data_converter`. Both are imported when they are first asked for, so that the command line starts quickly.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kurun_worker.converter import kuflow_data_converter
    from kurun_worker.plugin import KuFlowPlugin

__all__ = ["KuFlowPlugin", "kuflow_data_converter"]

_MODULES = {"KuFlowPlugin": "kurun_worker.plugin", "kuflow_data_converter": "kurun_worker.converter"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
