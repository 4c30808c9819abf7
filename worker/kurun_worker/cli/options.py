"""A command-line flag for every setting, made from the settings themselves."""

import types
import typing
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click

from kurun_config import Loaded, flag, load, setting_paths, variable

Command = TypeVar("Command", bound=Callable[..., Any])

_METAVARS: dict[object, str] = {bool: "BOOLEAN", int: "NUMBER", float: "NUMBER", timedelta: "SECONDS", Path: "PATH"}


def settings_options(command: Command) -> Command:
    """Add ``--config FILE`` and one flag for each setting; :func:`loaded` takes what click makes of them."""
    return _with_flags(command, "")


def k2_options(command: Command) -> Command:
    """The same for a command that has to do with K2 alone: flags for its section only."""
    return _with_flags(command, "k2.")


def _with_flags(command: Command, beginning: str) -> Command:
    for path, field in reversed([each for each in setting_paths() if each[0].startswith(beginning)]):
        text = (field.description or "").replace("`", "")
        command = click.option(
            flag(path),
            parameter(path),
            metavar=metavar(field.annotation),
            help=f"{text}  [{variable(path)}]",
        )(command)
    return click.option(
        "--config",
        "config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file with settings; else the one KURUN_CONFIG names, else kurun.toml if it is there.",
    )(command)


def loaded(config: Path | None, flags: dict[str, str | None]) -> Loaded:
    """The effective settings.

    Args:
        config: The file given.
        flags: What click made of the flags.

    Raises:
        ConfigurationError: A value is unknown, malformed or still a placeholder.
    """
    given = {path: value for path, _ in setting_paths() if (value := flags.get(parameter(path))) is not None}
    return load(given, file=config)


def parameter(path: str) -> str:
    """The name under which click hands over ``section.field``."""
    return path.replace(".", "_")


def metavar(annotation: Any) -> str:
    """What to write behind a flag: the choices of an enumeration, else the kind of value."""
    for kind in _kinds(annotation):
        if kind in _METAVARS:
            return _METAVARS[kind]
        if isinstance(kind, type) and issubclass(kind, Enum):
            return "|".join(str(member.value) for member in kind)
        if kind is tuple:
            return "A,B,..."
    return "TEXT"


def _kinds(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _kinds(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [kind for each in typing.get_args(annotation) for kind in _kinds(each)]
    return [origin or annotation]
