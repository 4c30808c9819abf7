"""The definitions file while it is read: where its values stand, and the mistakes that any part can have."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from kurun_config import ConfigurationError
from kurun_twin.definitions.entry import WorkflowEntry
from kurun_twin.json_schema import BrokenSchemaError, JsonSchema
from kurun_twin.marked_yaml import MarkedYaml, Place


@dataclass(frozen=True)
class Source:
    """The file.

    Attributes:
        yaml: Its content with the line of each value.
        folder: What the files that it names are relative to.
        keys: The ids of the keys that it names; ``None`` if it names none and any will do.
    """

    yaml: MarkedYaml
    folder: Path
    keys: tuple[str, ...] | None = None

    def error(self, place: Place, what: str) -> ConfigurationError:
        """An error that points at a value."""
        return self.yaml.error(place, what)

    def schema(self, schema: dict[str, Any] | None, place: Place) -> JsonSchema | None:
        """The schema that stands there.

        Raises:
            ConfigurationError: It is broken.
        """
        if schema is None:
            return None
        try:
            return JsonSchema(schema)
        except BrokenSchemaError as error:
            raise self.error((*place, *error.place), f"broken JSON Schema: {error}") from None

    def file(self, name: str, place: Place) -> Path:
        """The file that is named there.

        Raises:
            ConfigurationError: There is no such file.
        """
        path = self.folder / name
        try:
            found = path.is_file()
        except (OSError, ValueError):
            found = False
        if not found:
            raise self.error(place, f"there is no file {path}")
        return path

    def unique(self, place: Place, key: str, values: Iterable[object]) -> None:
        """Insist that the entries of a list differ in a key.

        Raises:
            ConfigurationError: Two of them do not.
        """
        seen: set[object] = set()
        for position, value in enumerate(values):
            if value in seen:
                inside = (*place, key, position) if place == ("principals",) else (*place, position, key)
                raise self.error(inside, f"{value} stands there twice")
            seen.add(value)

    def known(self, value: str | None, allowed: Iterable[str], place: Place, what: str) -> None:
        """Insist that a value names something that stands elsewhere in the file.

        Raises:
            ConfigurationError: It does not.
        """
        names = list(allowed)
        if value is not None and value not in names:
            raise self.error(place, f"no {what} {value}; known: {', '.join(names) or 'none'}")

    def key(self, entry: WorkflowEntry, owner_id: UUID, place: Place, *, usual: str | None = None) -> str | None:
        """The id of the key that encrypts what is said to a workflow; ``None`` if it is not confidential.

        Args:
            entry: What stands there.
            owner_id: Whose workflow it is; a key that is not named has an id derived from it.
            place: Where it stands.
            usual: The key where the file does not say whether it is confidential.

        Raises:
            ConfigurationError: The file names keys, and this one is none of them.
        """
        if entry.confidential is None:
            return usual
        if not entry.confidential:
            return None
        if self.keys is not None:
            self.known(entry.kms_key_id, self.keys, (*place, "kmsKeyId"), "KMS key")
        return entry.kms_key_id or usual or str(uuid5(owner_id, "kms-key"))
