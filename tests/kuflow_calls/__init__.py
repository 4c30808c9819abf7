"""A call of the client for every operation of KuFlow's API, most of them with every parameter."""

from tests.kuflow_calls import business_artifacts, others, process_items, processes
from tests.kuflow_calls.downloads import DOWNLOADS
from tests.kuflow_calls.samples import Call

OPERATIONS: dict[str, Call] = {**others.CALLS, **processes.CALLS, **process_items.CALLS, **business_artifacts.CALLS}
"""Each by a name for people; downloads are apart, as they are no plain awaitable."""

__all__ = ["DOWNLOADS", "OPERATIONS"]
