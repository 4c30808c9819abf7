"""K2: the Workflow REST API and the older K2 Services."""
