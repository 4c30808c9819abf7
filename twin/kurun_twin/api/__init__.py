"""KuFlow's HTTP API over the platform."""

from kurun_twin.api.app import API_PREFIX, OPERATIONS, create_app

__all__ = ["API_PREFIX", "OPERATIONS", "create_app"]
