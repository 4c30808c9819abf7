"""The older K2 Services: Worklist, Process, Identity and Core under ``REST.svc``, Task under ``SyncREST.svc``."""

from kurun_twin.k2.services_api.app import OPERATIONS, ServicesApi

__all__ = ["OPERATIONS", "ServicesApi"]
