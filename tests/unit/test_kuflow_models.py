"""The models against the published tables of fields: every field there, everything read, nothing lost."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretBytes, ValidationError
from pydantic.fields import FieldInfo

from kurun_clients.kuflow import models, webhooks
from kurun_clients.kuflow.models import (
    DefaultError,
    KmsKey,
    Page,
    Params,
    PrincipalPage,
    PrincipalType,
    Process,
    ProcessItem,
    ProcessItemPageItem,
    ProcessPageItem,
    ProcessState,
    Resource,
    WireModel,
)

PUBLISHED = json.loads(Path(__file__).with_name("kuflow_fields.json").read_text())
"""Names of the fields (``!``: required) and of the values of enums, as KuFlow publishes them."""

OURS = {
    "AuthenticationEngineToken": "EngineToken",
    "AuthenticationEngineCertificate": "EngineCertificate",
    "AuthenticationEngineCertificateTls": "EngineCertificateTls",
}
FIELDS = {name: fields.split() for name, fields in PUBLISHED["models"].items()}
Json = dict[str, Any]


def model(name: str) -> type[WireModel]:
    """Our model of a published one."""
    found: type[WireModel] = getattr(models, OURS.get(name, name), None) or getattr(webhooks, name)
    return found


RESPONSES = [name for name in FIELDS if issubclass(model(name), Resource)]
REQUESTS = [name for name in FIELDS if issubclass(model(name), Params)]


def written_names(kind: type[WireModel]) -> dict[str, FieldInfo]:
    """The fields by their names on the wire."""
    return {field.serialization_alias or field.alias or name: field for name, field in kind.model_fields.items()}


OLDER = {"ProcessDefinitionRef": {"name"}, "ProcessItemDefinitionRef": {"name"}}
"""Fields that only the older shape has."""


@pytest.mark.parametrize("name", FIELDS)
def test_every_published_field_is_there(name: str) -> None:
    """Each field by its name and no other; nothing is required that KuFlow may leave out."""
    published = {field.rstrip("!") for field in FIELDS[name]}
    required = {field.rstrip("!") for field in FIELDS[name] if field.endswith("!")}

    fields = written_names(model(name))

    assert fields.keys() - OLDER.get(name, set()) == published
    assert {field for field, info in fields.items() if info.is_required()} <= required


@pytest.mark.parametrize("name", PUBLISHED["enums"])
def test_every_published_value_is_there(name: str) -> None:
    """Each value of each enum; principals may also be API keys, which only a public commit names."""
    kind: type[Enum] = getattr(models, name, None) or getattr(webhooks, name)

    values = {member.value for member in kind}

    assert values - {"API_KEY"} == set(PUBLISHED["enums"][name].split())


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=3,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)
UUIDS = st.uuids().map(str)
FRACTIONS = st.integers(0, 9).flatmap(
    lambda n: st.just("") if n == 0 else st.from_regex(rf"\.[0-9]{{{n}}}", fullmatch=True)
)
MOMENTS = st.builds(
    lambda moment, fraction, zone: moment.isoformat() + fraction + zone,
    st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)),
    FRACTIONS,
    st.sampled_from(["Z", "+00:00", "+02:00", "-03:30"]),
)


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(),
    UUID: UUIDS,
    datetime: MOMENTS,
    SecretBytes: st.binary(max_size=40).map(lambda data: b64encode(data).decode()),
}


@cache
def documents(kind: type[WireModel]) -> st.SearchStrategy[Json]:
    """What KuFlow may answer for this model: optional fields or not, and fields that nobody knows yet."""
    fields = written_names(kind)
    taken = fields.keys() | kind.model_fields.keys() | {"processDefinition", "processItemTaskCode", "taskDefinition"}
    always = {name for name, info in fields.items() if info.default is not None}
    required = {name: values(info.annotation) for name, info in fields.items() if name in always}
    optional = {name: values(info.annotation) for name, info in fields.items() if name not in always}
    unknown = st.dictionaries(TEXT.filter(lambda name: name not in taken), JSON, max_size=2)
    known = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda one, other: {**one, **other}, known, unknown)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """JSON for a field of this type."""
    origin, inner = get_origin(annotation), [one for one in get_args(annotation) if one is not type(None)]
    if origin is list:
        return st.lists(values(inner[0]), max_size=2)
    if origin is dict:
        return OBJECTS if inner[1] is Any else st.dictionaries(TEXT, TEXT, max_size=2)
    if inner:  # optional, annotated or a literal
        return st.just(inner[0].value) if isinstance(inner[0], Enum) else values(inner[0])
    return PLAIN[annotation] if annotation in PLAIN else composed(annotation)


def composed(kind: Any) -> st.SearchStrategy[Any]:
    """JSON for an enum or a model."""
    if issubclass(kind, Enum):
        return st.sampled_from([member.value for member in kind])
    return st.deferred(lambda: documents(kind))


def read(kind: type[WireModel], document: Json) -> WireModel:
    """As the client reads it."""
    return kind.model_validate_json(json.dumps(document))


EXAMPLES = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", RESPONSES)
def test_nothing_is_lost(name: str) -> None:
    """Any answer, with fields missing and fields nobody knows, is read and written again as it was."""
    kind = model(name)

    @EXAMPLES
    @given(documents(kind))
    def check(document: Json) -> None:
        again = read(kind, document)

        assert again.to_wire() == document
        assert json.loads(again.to_wire_json()) == document
        assert read(kind, again.to_wire()) == again

    check()


def older(document: Json) -> Json:
    """A process or an item in the shape of before November 2024."""
    document = {**document}
    if "processDefinitionRef" in document:
        document["processDefinition"] = document.pop("processDefinitionRef")
    if "task" in document and "processItemDefinitionRef" in document:
        document["task"] = {**document["task"], "taskDefinition": document.pop("processItemDefinitionRef")}
    if "processItemDefinitionCode" in document:
        document["processItemTaskCode"] = document.pop("processItemDefinitionCode")
    return document


BOTH_SHAPES: list[type[WireModel]] = [
    Process,
    ProcessPageItem,
    ProcessItem,
    ProcessItemPageItem,
    webhooks.WebhookEventProcessItemCreatedData,
    webhooks.WebhookEventProcessItemTaskStateChangedData,
]


@pytest.mark.parametrize("kind", BOTH_SHAPES)
def test_both_shapes_are_read_alike(kind: type[WireModel]) -> None:
    """The older shape gives the same model; it is written in the current shape, with all that it said."""

    @settings(EXAMPLES, max_examples=12)
    @given(documents(kind))
    def check(document: Json) -> None:
        again = read(kind, older(document))

        assert again == read(kind, document)
        assert again.to_wire() == document

    check()


ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


def test_an_answer_in_both_shapes_at_once_keeps_both() -> None:
    """The current shape counts; what the older one says beside it is kept where it stood."""
    process = {"id": ONE, "state": "RUNNING", "processDefinition": {"id": ONE}, "processDefinitionRef": {"id": TWO}}
    item = {
        "id": ONE,
        "type": "TASK",
        "processId": TWO,
        "processItemDefinitionRef": {"id": TWO},
        "task": {"state": "READY", "taskDefinition": {"id": ONE, "name": "Form"}},
    }

    assert (
        str(Process.model_validate(process).process_definition_ref)
        == f"id={UUID(TWO)!r} version=None code=None name=None"
    )
    assert (read(Process, process).to_wire(), read(ProcessItem, item).to_wire()) == (process, item)


@pytest.mark.parametrize("name", ["Process", "Principal", "Robot", "Tenant", "BusinessArtifactAction"])
def test_values_that_an_enum_gains_later(name: str) -> None:
    """They are read as members of their own, which equal their text, and written again."""
    kind = model(name)
    growing = next(field for field in ("state", "type", "sourceType", "plan") if field in written_names(kind))

    @EXAMPLES
    @given(documents(kind))
    def check(document: Json) -> None:
        document[growing] = "GAINED_LATER"

        again = read(kind, document)

        assert again.to_wire() == document
        assert getattr(again, "source_type" if growing == "sourceType" else growing) == "GAINED_LATER"

    check()


def test_a_later_value_is_in_no_list() -> None:
    """It is of the enum's kind, has a value, and leaves the enum as it was."""
    process = Process.model_validate({"id": ONE, "state": "PAUSED"})

    assert isinstance(process.state, ProcessState)
    assert (process.state.value, f"{process.state}") == ("PAUSED", "PAUSED")
    assert [state.value for state in ProcessState] == ["RUNNING", "COMPLETED", "CANCELLED"]
    assert process.state != ProcessState.RUNNING


@pytest.mark.parametrize("state", [7, None, {}])
def test_what_is_no_word_is_no_later_value(state: object) -> None:
    """A state of another type is a broken answer."""
    with pytest.raises(ValidationError):
        Process.model_validate({"id": ONE, "state": state})


def test_moments_are_datetimes() -> None:
    """Nanoseconds are kept for writing; for everything else a moment is a plain datetime."""
    text = "2024-06-14T10:00:00.123456789Z"

    at = Process.model_validate({"id": ONE, "state": "RUNNING", "createdAt": text}).created_at

    assert at == datetime(2024, 6, 14, 10, 0, 0, 123456, tzinfo=UTC)
    assert at is not None
    later = ProcessPageItem(id=UUID(ONE), state=ProcessState.RUNNING, created_at=at + timedelta(seconds=1))
    assert later.to_wire()["createdAt"] == "2024-06-14T10:00:01.123456Z"


def test_null_in_a_known_field_is_absence() -> None:
    """KuFlow leaves out what is not there; a null says no more. In a field nobody knows, it is kept."""
    document = {"id": ONE, "state": "RUNNING", "initiatorId": None, "novelty": None}

    assert read(Process, document).to_wire() == {"id": ONE, "state": "RUNNING", "novelty": None}


def test_keys_are_not_shown() -> None:
    """Neither a key nor what was mistaken for one appears in reprs, plain dumps and errors."""
    key = KmsKey.model_validate({"id": "k", "value": b64encode(b"hunter2").decode()})

    with pytest.raises(ValidationError) as caught:
        KmsKey.model_validate({"id": "k", "value": "hunter2?"})

    assert key.value.get_secret_value() == b"hunter2"
    assert not any("hunter2" in shown for shown in (repr(key), str(key), str(key.model_dump()), str(caught.value)))


def test_principals_without_an_id_are_read() -> None:
    """The API requires nothing of a principal; API keys are principals too."""
    metadata = {"size": 25, "page": 0, "totalElements": 1, "totalPages": 1}

    page = read(PrincipalPage, {"metadata": metadata, "content": [{"type": "API_KEY"}]})

    assert isinstance(page, Page)
    assert page.content[0].type is PrincipalType.API_KEY


def test_errors_keep_their_fields() -> None:
    """What KuFlow says when it refuses comes out whole."""
    body = {
        "timestamp": "2024-06-14T10:00:00Z",
        "status": 400,
        "message": "no",
        "errors": [{"code": "INVALID", "message": "too long", "location": "name", "locationType": "body", "at": 3}],
        "traceId": "abc",
    }

    assert read(DefaultError, body).to_wire() == body


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_strict(name: str) -> None:
    """A field that KuFlow does not know is refused where the request is made, not where it is sent."""
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model(name).model_validate({"novelty": 1})
