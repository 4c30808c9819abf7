"""Settings that change while the worker runs: noticed, read anew, and put to use without a restart."""

from kurun_worker.reloading.reloader import Reloader

__all__ = ["Reloader"]
