"""One class a noun of the KuFlow API, all on one base client."""

from kurun_clients.kuflow.resources.authentications import Authentications
from kurun_clients.kuflow.resources.process_items import ProcessItems
from kurun_clients.kuflow.resources.processes import Processes
from kurun_clients.kuflow.resources.workers import Workers

__all__ = ["Authentications", "ProcessItems", "Processes", "Workers"]
