"""K2 beside KuFlow: its tasks, workflows and accounts, both of its HTTP APIs and a small OAuth server."""
