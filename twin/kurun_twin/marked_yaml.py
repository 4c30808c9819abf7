"""YAML as plain JSON data, with the line of every value, so that a mistake can be pointed at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from kurun_config import ConfigurationError

_MAX_NODES = 100_000
_MAX_DEPTH = 64

Place = tuple[str | int, ...]
"""Where a value lies: the keys and positions that lead to it."""


@dataclass(frozen=True)
class MarkedYaml:
    """The data of a YAML file and where each value stands in it.

    Attributes:
        file: The file's name, for messages.
        data: Mappings, lists, texts, numbers, booleans and ``None``, nothing else.
        lines: The line, counted from 1, of each value by its place.
    """

    file: str
    data: Any
    lines: Mapping[Place, int]

    def error(self, place: Place, what: str) -> ConfigurationError:
        """An error that points at the value, or at the nearest one around it that stands in the file."""
        known = place
        while known not in self.lines and known:
            known = known[:-1]
        where = ".".join(str(part) for part in place)
        prefix = f"{self.file}:{self.lines.get(known, 1)}: "
        return ConfigurationError(f"{prefix}{where}: {what}" if where else f"{prefix}{what}")


class _JsonLoader(yaml.SafeLoader):
    """Leaves dates as they are written: JSON has none."""


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str, file: str) -> MarkedYaml:
    """Read one YAML document.

    Raises:
        ConfigurationError: It is not YAML, repeats a key, has keys that are no texts, or grows beyond every measure.
    """
    try:
        return _read(text, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigurationError(f"{file}:{line}: not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise ConfigurationError(f"{file}:1: not YAML: {_first_line(error)}") from None


def _read(text: str, file: str) -> MarkedYaml:
    loader = _JsonLoader(text)
    try:
        node = loader.get_single_node()
        reader = _Reader(loader, file)
        data = None if node is None else reader.read(node, ())
        return MarkedYaml(file, data, reader.lines)
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, loader: _JsonLoader, file: str) -> None:
        self.lines: dict[Place, int] = {}
        self._loader = loader
        self._file = file

    def read(self, node: yaml.Node, place: Place) -> Any:
        self.lines[place] = node.start_mark.line + 1
        # Anchors make a small file stand for a huge tree, or an endless one.
        if len(self.lines) > _MAX_NODES or len(place) > _MAX_DEPTH:
            raise self._refuse(node, "too large: too many or too deeply nested values")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(entry, (*place, position)) for position, entry in enumerate(node.value)]
        return self._loader.construct_object(node, deep=True)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        self._loader.flatten_mapping(node)
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._loader.construct_object(key_node)
            if not isinstance(key, str):
                raise self._refuse(key_node, f"the key {key!r} is no text: put it in quotes")
            if key in mapping:
                raise self._refuse(key_node, f"the key {key!r} stands there twice")
            mapping[key] = self.read(value_node, (*place, key))
        return mapping

    def _refuse(self, node: yaml.Node, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._file}:{node.start_mark.line + 1}: {what}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
