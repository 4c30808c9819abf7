"""Activities on K2: its Workflow REST API and the older K2 Services.

Workflows import :mod:`kurun_activities.k2.models`, :mod:`kurun_activities.k2.names`,
:mod:`kurun_activities.k2.failure_types` and :mod:`kurun_activities.k2.folio`; those need none of K2's libraries. The
other modules are loaded only by a worker that K2 is configured for.
"""
