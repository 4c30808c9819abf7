"""The daemon that serves a task queue, and the command line.

Those with a Temporal worker of their own take :class:`kurun_worker.plugin.KuFlowPlugin`.
"""
