"""YAML as mappings, lists and texts, with the line of every value.

Everything is a text as it is written, so that ``python: 3.10`` does not become the number 3.1. There are no tags and
no merge keys, and what aliases add up to is bounded.
"""

from dataclasses import dataclass
from typing import Any

import yaml

from kurun_robots.package.problems import PackageProblems, Problem, printable

_MAX_NODES = 10_000
_MAX_DEPTH = 16
_NULL = "tag:yaml.org,2002:null"
_TEXT = "tag:yaml.org,2002:str"
_TAGS: dict[type, tuple[str, ...]] = {
    yaml.ScalarNode: (_TEXT, _NULL),
    yaml.SequenceNode: ("tag:yaml.org,2002:seq",),
    yaml.MappingNode: ("tag:yaml.org,2002:map",),
}

Place = tuple[str | int, ...]
"""Where a value lies: the keys and positions that lead to it."""


@dataclass(frozen=True)
class MarkedTexts:
    """What a YAML file holds.

    Attributes:
        file: Its name, for messages.
        data: Mappings, lists, texts and ``None``, nothing else.
        lines: The line, counted from 1, of each value by its place.
    """

    file: str
    data: Any
    lines: dict[Place, int]

    def problem(self, place: Place, message: str) -> Problem:
        """A mistake at a value; where there is none, the line is that of the nearest one around it."""
        known = place
        while known not in self.lines and known:
            known = known[:-1]
        return Problem(self.lines.get(known, 1), ".".join(map(str, place)), message, self.file)


class _TextLoader(yaml.SafeLoader):
    """Knows texts and nothing; neither numbers, nor dates, nor that ``no`` may mean false."""


_TextLoader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [(tag, pattern) for tag, pattern in resolvers if tag == _NULL])
}


def read_texts(text: str, file: str) -> MarkedTexts:
    """Read one YAML document.

    Raises:
        PackageProblems: It is not YAML, repeats a key, has tags, or stands for more than it may.
    """
    try:
        loader = _TextLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(file, mark.line + 1 if mark else 1, str(error.problem or error.context)) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise _not_yaml(file, 1, str(error).partition("\n")[0]) from None
    reader = _Reader(file)
    return MarkedTexts(file, None if node is None else reader.read(node, ()), reader.lines)


class _Reader:
    def __init__(self, file: str) -> None:
        self.lines: dict[Place, int] = {}
        self._file = file

    def read(self, node: yaml.Node, place: Place) -> Any:
        self.lines[place] = node.start_mark.line + 1
        # Aliases make a small file stand for a huge tree, or an endless one.
        if len(self.lines) > _MAX_NODES or len(place) > _MAX_DEPTH:
            raise self._refuse(node, "too large: too many or too deeply nested values")
        if node.tag not in _TAGS.get(type(node), ()):
            raise self._refuse(node, "tags, written with !, are not allowed")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(entry, (*place, position)) for position, entry in enumerate(node.value)]
        return None if node.tag == _NULL else node.value

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TEXT:
                raise self._refuse(key_node, "a key that is no text")
            key = key_node.value
            if key in mapping:
                raise self._refuse(key_node, f"the key '{printable(key)}' is there twice")
            mapping[key] = self.read(value_node, (*place, key))
            # A mistake in a folded value is looked for at its key.
            self.lines[(*place, key)] = key_node.start_mark.line + 1
        return mapping

    def _refuse(self, node: yaml.Node, message: str) -> PackageProblems:
        return PackageProblems([Problem(node.start_mark.line + 1, "", message, self._file)])


def _not_yaml(file: str, line: int, why: str) -> PackageProblems:
    hint = ": indent with spaces" if "'\\t'" in why else ""
    return PackageProblems([Problem(line, "", f"not YAML: {printable(why)}{hint}", file)])
