"""How requests to KuFlow say who they are."""

from kurun_clients.http.auth import BasicAuth, BearerAuth, CredentialsAuth, TokenProvider

__all__ = ["Base64BearerAuth", "BasicAuth", "BearerAuth", "TokenProvider"]


class Base64BearerAuth(CredentialsAuth):
    """``Authorization: Bearer base64(id:secret)``: an application's credentials, as the published SDKs send them."""

    scheme = "Bearer"
