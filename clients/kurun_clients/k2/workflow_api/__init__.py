"""The Workflow REST API of K2 Five, K2 Cloud and Nintex Automation."""
