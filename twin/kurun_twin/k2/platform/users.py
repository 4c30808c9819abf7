"""The accounts of K2 and the forms in which they are named."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kurun_twin.definitions.k2_models import K2Definitions, K2UserDefinition
from kurun_twin.k2.platform.patterns import matches_pattern

LABEL = "K2"
"""The security label that stands before names."""


@dataclass(frozen=True)
class K2User:
    r"""An account.

    Attributes:
        name: ``DOMAIN\user``.
        manager: The manager's ``fqn``; empty: there is none.
        password: What the account shows.
    """

    name: str
    display_name: str
    email: str
    manager: str = ""
    password: str = field(default="", repr=False)

    @property
    def fqn(self) -> str:
        r"""The name with its label: ``K2:DOMAIN\user``."""
        return f"{LABEL}:{self.name}"

    @property
    def username(self) -> str:
        """The name as K2's answers write it."""
        return self.name

    @property
    def short_name(self) -> str:
        """The name without its domain."""
        return self.name.rpartition("\\")[2]


class Users:
    """All accounts. Upper and lower case of names do not matter."""

    def __init__(self, definitions: K2Definitions, passwords: Mapping[str, str]) -> None:
        self._definitions = definitions
        self.all = tuple(_user(each, passwords) for each in definitions.users)
        self._by_name = {each.name.casefold(): each for each in self.all}

    def authenticate(self, name: str, password: str) -> K2User | None:
        """Who proves to be this account; its name is given in any form that :meth:`named` knows."""
        user = self.named(name)
        matches = hmac.compare_digest((user.password if user else "").encode(), password.encode())
        return user if user and user.password and matches else None

    def change_password(self, user: K2User, password: str) -> K2User:
        """Give an account another password, until the twin ends."""
        renewed = replace(user, password=password)
        self.all = tuple(renewed if each.name == user.name else each for each in self.all)
        self._by_name = {each.name.casefold(): each for each in self.all}
        return renewed

    def by_fqn(self, fqn: str) -> K2User | None:
        """The account with this full name; the label may be left out."""
        return self.named(fqn)

    def named(self, name: str) -> K2User | None:
        r"""The account that is meant by ``DOMAIN\user``, ``user@domain``, an e-mail address or a bare name.

        A label before it must be K2's; a bare name must fit one account only.
        """
        label, colon, rest = name.partition(":")
        if colon and label.casefold() != LABEL.casefold():
            return None
        wanted = (rest if colon else name).casefold()
        if "\\" in wanted:
            return self._by_name.get(wanted)
        if "@" in wanted:
            user, _, domain = wanted.partition("@")
            found = self._by_name.get(f"{domain}\\{user}")
            return found or next((each for each in self.all if each.email.casefold() == wanted), None)
        fitting = [each for each in self.all if each.short_name.casefold() == wanted]
        return fitting[0] if len(fitting) == 1 else None

    def known(self, name: str) -> K2User:
        """The account that a row names, even if the definitions file names it no longer."""
        return self._by_name.get(name.casefold()) or K2User(name, name.rpartition("\\")[2], "")

    def may_use_server_events(self, user: K2User) -> bool:
        """Whether the account has the Server Event right."""
        allowed = self._definitions.server_event_users
        return allowed is None or user.name in allowed

    def search(
        self,
        *,
        username: str | None = None,
        display_name: str | None = None,
        fqn: str | None = None,
        manager: str | None = None,
        email: str | None = None,
    ) -> list[K2User]:
        """The accounts that fit all that is given; ``*`` stands for any text."""
        wanted = {"username": username, "display_name": display_name, "fqn": fqn, "manager": manager, "email": email}
        given = {name: text for name, text in wanted.items() if text is not None}
        return [
            each
            for each in self.all
            if all(
                matches_pattern(getattr(each, name), text, any_number="*", any_one="") for name, text in given.items()
            )
        ]


def _user(definition: K2UserDefinition, passwords: Mapping[str, str]) -> K2User:
    return K2User(
        name=definition.name,
        display_name=definition.display_name,
        email=definition.email,
        manager=f"{LABEL}:{definition.manager}" if definition.manager else "",
        password=definition.password or passwords.get(definition.name, ""),
    )
