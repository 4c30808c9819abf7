"""What a worker counts and measures of itself, for Prometheus: one registry of our own, and the engine's exporter."""

from kurun_worker.metrics.engine import EngineMetrics, pollers
from kurun_worker.metrics.families import Family, catalogue
from kurun_worker.metrics.worker import Metrics

__all__ = ["EngineMetrics", "Family", "Metrics", "catalogue", "pollers"]
