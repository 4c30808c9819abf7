"""Async clients of the APIs that a worker talks to."""
