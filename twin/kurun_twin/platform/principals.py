"""Who may call the API, and what they show to prove it."""

import hmac
import time
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from kurun_twin.definitions import Definitions, PrincipalDefinition, PrincipalKind
from kurun_twin.platform.credentials import Credentials, with_new_secret
from kurun_twin.platform.refusals import Invalid


@dataclass(frozen=True)
class Principal:
    """Someone known, with the credentials that were made for them.

    Attributes:
        definition: Id, kind, name and e-mail address.
        credentials: What opens the API.
    """

    definition: PrincipalDefinition
    credentials: Credentials = field(repr=False)

    @property
    def id(self) -> str:
        """The principal's id as the API writes it."""
        return str(self.definition.id)

    @property
    def is_application(self) -> bool:
        """Whether this is a program, not a person."""
        return self.definition.kind is PrincipalKind.APPLICATION


class Principals:
    """All principals of the tenant."""

    def __init__(self, definitions: Definitions, credentials: dict[UUID, Credentials]) -> None:
        self.all = tuple(Principal(each, credentials[each.id]) for each in definitions.principals)
        self.system_id = str(uuid5(definitions.tenant.id, "system"))
        self._old_secrets: dict[str, tuple[str, float]] = {}
        self._index()

    def _index(self) -> None:
        self._by_id = {each.id: each for each in self.all}
        self._by_email = {each.definition.email.lower(): each for each in self.all if each.definition.email}
        self._by_client = {each.credentials.client_id: each for each in self.all}

    @property
    def applications(self) -> tuple[Principal, ...]:
        """The programs, in the order of the definitions file."""
        return tuple(each for each in self.all if each.is_application)

    @property
    def users(self) -> tuple[Principal, ...]:
        """The people, in the order of the definitions file."""
        return tuple(each for each in self.all if not each.is_application)

    def with_secret(self, client_id: str, secret: str) -> Principal | None:
        """Who proves to be this client."""
        principal = self._by_client.get(client_id)
        expected = principal.credentials.client_secret if principal else ""
        matches = hmac.compare_digest(expected.encode(), secret.encode())
        old, until = self._old_secrets.get(client_id, ("", 0.0))
        matches |= bool(old) and time.monotonic() < until and hmac.compare_digest(old.encode(), secret.encode())
        return principal if principal and matches else None

    def rotate(self, principal: Principal, keep_old: float) -> Principal:
        """Give a principal another secret.

        Args:
            principal: Whom.
            keep_old: Seconds for which the secret before it stays good too.
        """
        old = principal.credentials
        self._old_secrets[old.client_id] = old.client_secret, time.monotonic() + keep_old
        renewed = replace(principal, credentials=with_new_secret(old))
        self.all = tuple(renewed if each.id == principal.id else each for each in self.all)
        self._index()
        return renewed

    def with_token(self, token: str) -> Principal | None:
        """Whose access token this is."""
        found = None
        for principal in self.all:
            if hmac.compare_digest(principal.credentials.access_token.encode(), token.encode()):
                found = principal
        return found

    def named(self, principal_id: UUID | None, email: str | None, field_name: str) -> Principal | None:
        """The principal that a request names by id or by e-mail address; ``None`` if it names nobody.

        Raises:
            Invalid: There is no such principal, or the id and the address belong to two.
        """
        if principal_id is None and email is None:
            return None
        by_id = self._by_id.get(str(principal_id)) if principal_id else None
        by_email = self._by_email.get(email.lower()) if email else None
        if principal_id is not None and by_id is None:
            raise Invalid(f"no principal has the id {principal_id}", location=f"{field_name}Id")
        if email is not None and by_email is None:
            raise Invalid(f"no user has the e-mail address {email}", location=f"{field_name}Email")
        if by_id and by_email and by_id is not by_email:
            raise Invalid(f"{field_name}Id and {field_name}Email name two principals", location=f"{field_name}Id")
        return by_id or by_email

    def ids_of(self, emails: list[str]) -> list[str]:
        """The ids of those users among the addresses that exist."""
        return [found.id for email in emails if (found := self._by_email.get(email.lower()))]
