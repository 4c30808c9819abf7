"""How the twin misbehaves when it is told to."""

import random
import re
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel


class Rule(BaseModel):
    """One misbehaviour and the requests that meet it.

    Without ``status`` and ``drop`` a rule only delays. Keys are accepted in snake_case and camelCase.

    Attributes:
        method: HTTP method; absent: every one.
        path: Regular expression, searched in the request's path.
        delay_ms: Milliseconds to wait first.
        status: Answer with this status instead of acting.
        retry_after: Seconds for the answer's ``Retry-After``.
        drop: Close the connection without an answer, ``before`` acting or ``after`` it.
        probability: Share of the matching requests that meet it.
        times: How many requests meet it before it is spent; absent: no end.
        for_seconds: How long it lasts from the moment it is set; absent: no end.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
        validate_by_name=True,
    )

    method: Annotated[str, Field(pattern="^[A-Z]+$")] | None = None
    path: str = ""
    delay_ms: Annotated[float, Field(ge=0, le=600_000)] = 0
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    retry_after: Annotated[float, Field(ge=0)] | None = None
    drop: Literal["before", "after"] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1
    times: Annotated[int, Field(ge=1)] | None = None
    for_seconds: Annotated[float, Field(gt=0)] | None = None

    @field_validator("path")
    @classmethod
    def _is_expression(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return path


class ScenarioBody(BaseModel):
    """What ``PUT /_twin/scenario`` takes. With the same ``seed`` the same requests meet rules of chance."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: Annotated[list[Rule], Field(max_length=100)]
    seed: int = 0


@dataclass
class _Live:
    rule: Rule
    expression: re.Pattern[str]
    until: float | None
    left: int | None
    met: int = 0

    def holds(self, now: float) -> bool:
        return self.left != 0 and (self.until is None or now < self.until)

    def matches(self, method: str, path: str) -> bool:
        return self.rule.method in (None, method) and self.expression.search(path) is not None


class Scenario:
    """The rules in force. The first that matches a request decides, and is spent by one, before anything is awaited."""

    def __init__(self, rules: list[Rule] | None = None, *, seed: int = 0) -> None:
        self.replace(rules or [], seed=seed)

    def replace(self, rules: list[Rule], *, seed: int = 0) -> None:
        """Put these rules in the place of the present ones."""
        now = time.monotonic()
        self._chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self._live = [
            _Live(rule, re.compile(rule.path), rule.for_seconds and now + rule.for_seconds, rule.times)
            for rule in rules
        ]

    def clear(self) -> None:
        """Behave."""
        self.replace([])

    def meet(self, method: str, path: str) -> Rule | None:
        """The rule that this request meets, if any."""
        now = time.monotonic()
        for live in self._live:
            if not live.holds(now) or not live.matches(method, path):
                continue
            if live.rule.probability < 1 and self._chance.random() >= live.rule.probability:
                continue
            live.met += 1
            live.left = None if live.left is None else live.left - 1
            return live.rule
        return None

    def snapshot(self) -> dict[str, Any]:
        """The rules, how many requests met each, and how many more will (``left``)."""
        now = time.monotonic()
        return {
            "rules": [
                {
                    **live.rule.model_dump(exclude_none=True),
                    "met": live.met,
                    "left": live.left,
                    "holds": live.holds(now),
                }
                for live in self._live
            ]
        }
