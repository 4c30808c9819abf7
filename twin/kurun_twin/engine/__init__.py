"""The engine behind the twin: a real Temporal server, and the guarded door in front of it."""
