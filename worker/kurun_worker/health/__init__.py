"""What a worker says of itself to those who run it: `/livez`, `/readyz` and `/metrics`.

Importing this imports nothing else: a container asks for its health every few seconds, see
:mod:`kurun_worker.health.asking`.
"""
