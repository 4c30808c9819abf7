"""Activities on the older K2 Services, ``REST.svc`` and ``SyncREST.svc``."""
