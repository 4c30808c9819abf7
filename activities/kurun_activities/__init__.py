"""Activities of the KuFlow engine by subject, with their requests and responses.

Workflows import :mod:`kurun_activities.models` and :mod:`kurun_activities.names`; both are free of I/O. Workers take
the activities from :mod:`kurun_activities.registry`.
"""
