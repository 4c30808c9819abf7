"""Codes and tokens of the OAuth server, kept by their digests."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from kurun_twin.k2.platform.users import K2User, Users
from kurun_twin.options import TwinOptions

Kind = Literal["code", "access", "refresh"]

_CODE_LIFE: Final = 600_000_000
_SECOND = 1_000_000


@dataclass(frozen=True)
class TokenPair:
    """What a token request is answered with; ``expires_in`` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class Grant:
    """What a code or refresh token stands for."""

    user: K2User
    detail: Mapping[str, Any]


class Tokens:
    """Issues, redeems and revokes them. Expired ones are forgotten as new ones are made."""

    def __init__(self, users: Users, options: TwinOptions, clock: Callable[[], int]) -> None:
        self._users = users
        self._options = options
        self._clock = clock

    def issue_code(self, connection: sqlite3.Connection, user: K2User, detail: Mapping[str, str | None]) -> str:
        """A code that is good once, for ten minutes; ``detail`` comes back when it is redeemed."""
        return self._issue(connection, "code", user, _CODE_LIFE, detail)

    def redeem_code(self, connection: sqlite3.Connection, code: str) -> Grant | None:
        """What a code stands for; after this it is used up."""
        return self._redeem(connection, "code", code, used_up=True)

    def redeem_refresh(self, connection: sqlite3.Connection, token: str) -> Grant | None:
        """Whose refresh token this is; where they rotate, after this it is used up."""
        return self._redeem(connection, "refresh", token, used_up=self._options.k2_oauth_rotates)

    def issue_pair(self, connection: sqlite3.Connection, user: K2User, refresh_token: str | None = None) -> TokenPair:
        """An access token with a refresh token: a new one, unless one that stays good is given."""
        life, refresh_life = self._options.k2_token_life, self._options.k2_refresh_life
        access = self._issue(connection, "access", user, round(life.total_seconds() * _SECOND), {})
        refresh = refresh_token or self._issue(
            connection, "refresh", user, round(refresh_life.total_seconds() * _SECOND), {}
        )
        return TokenPair(access, refresh, int(life.total_seconds()))

    def user_of(self, connection: sqlite3.Connection, access_token: str) -> K2User | None:
        """Whose access token this is."""
        grant = self._redeem(connection, "access", access_token, used_up=False)
        return grant.user if grant else None

    def revoke(
        self, connection: sqlite3.Connection, user: K2User | None = None, kinds: frozenset[Kind] | None = None
    ) -> int:
        """Revoke what an account was given, or all accounts; the answer counts what was revoked.

        Args:
            connection: A transaction's.
            user: Whose; ``None``: everyone's.
            kinds: Which kinds; ``None``: all of them.
        """
        names: list[str] = ["code", "access", "refresh"] if kinds is None else sorted(kinds)
        marks = ", ".join("?" * len(names))
        condition, values = f"kind IN ({marks})", names
        if user is not None:
            condition, values = f"{condition} AND user = ?", [*values, user.name]
        return connection.execute(f"DELETE FROM k2_grants WHERE {condition}", values).rowcount  # noqa: S608 - marks

    def _issue(
        self, connection: sqlite3.Connection, kind: Kind, user: K2User, life: int, detail: Mapping[str, Any]
    ) -> str:
        now = self._clock()
        connection.execute("DELETE FROM k2_grants WHERE expires_at <= ?", (now,))
        text = secrets.token_urlsafe(32)
        connection.execute(
            "INSERT INTO k2_grants (digest, kind, user, detail, expires_at) VALUES (?, ?, ?, ?, ?)",
            (_digest(text), kind, user.name, json.dumps(detail), now + life),
        )
        return text

    def _redeem(self, connection: sqlite3.Connection, kind: Kind, text: str, *, used_up: bool) -> Grant | None:
        row = connection.execute(
            "SELECT user, detail FROM k2_grants WHERE digest = ? AND kind = ? AND expires_at > ?",
            (_digest(text), kind, self._clock()),
        ).fetchone()
        if row is None:
            return None
        if used_up:
            connection.execute("DELETE FROM k2_grants WHERE digest = ?", (_digest(text),))
        return Grant(self._users.known(row["user"]), json.loads(row["detail"]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
