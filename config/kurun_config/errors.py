"""What is wrong with a configuration, in one line."""


class ConfigurationError(Exception):
    """A setting or an input file is missing, unknown or malformed; the message says which and how to mend it."""
