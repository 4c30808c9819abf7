"""A small OAuth 2.0 server in the manner of Azure AD's first version: people log in, programs get tokens."""

from kurun_twin.k2.oauth.app import AUTHORIZE, OPERATIONS, PREFIX, TOKEN, OAuthServer

__all__ = ["AUTHORIZE", "OPERATIONS", "PREFIX", "TOKEN", "OAuthServer"]
