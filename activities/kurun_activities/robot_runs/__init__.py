"""The activity that runs robots.

Workflows import :mod:`kurun_activities.robot_runs.names`, :mod:`kurun_activities.robot_runs.models` and
:mod:`kurun_activities.robot_runs.failure_types`. The other modules are loaded only by a worker that may run robots, and
by the command that runs one by hand.
"""
