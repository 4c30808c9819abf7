"""Who calls K2."""

import base64
import binascii

from kurun_twin.k2.platform import K2Platform, K2User

CHALLENGE = 'Basic realm="K2"'
"""What a request without valid credentials is answered with."""


async def caller(k2: K2Platform, authorization: str) -> K2User | None:
    """The account that an ``Authorization`` header proves: by its password, or by an access token."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        return basic(k2, value.strip())
    if scheme.lower() == "bearer":
        return await k2.database.run(k2.tokens.user_of, value.strip())
    return None


def basic(k2: K2Platform, encoded: str) -> K2User | None:
    """The account of a Basic header's value."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    # A password may hold colons; a name holds one only after its label.
    start = len("K2:") if text[:3].upper() == "K2:" else 0
    name, _, password = text[start:].partition(":")
    return k2.users.authenticate(name, password)
