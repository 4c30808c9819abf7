"""What can go wrong with the engine behind the twin."""


class EngineError(Exception):
    """The engine cannot be started, reached or kept running; the message says why, in one line."""
