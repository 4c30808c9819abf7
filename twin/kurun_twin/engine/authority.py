"""Hands out what opens the gateway."""

from datetime import timedelta

from kurun_twin.authority import EngineCertificate, EngineToken
from kurun_twin.engine.certificates import CertificateAuthority
from kurun_twin.engine.tokens import TokenMint


class GatewayAuthority:
    """The :class:`~kurun_twin.authority.EngineAuthority` of the gateway: its mint and its certificate authority."""

    def __init__(
        self,
        certificates: CertificateAuthority,
        tokens: TokenMint,
        *,
        principal: str,
        namespace: str,
        certificate_life: timedelta,
    ) -> None:
        """Make an authority.

        Args:
            certificates: Signs the client certificates.
            tokens: Makes the tokens.
            principal: Common name of the client certificates.
            namespace: Temporal namespace that holders work in.
            certificate_life: How long a client certificate is valid.
        """
        self._certificates = certificates
        self._tokens = tokens
        self._principal = principal
        self._namespace = namespace
        self._certificate_life = certificate_life

    def issue_token(self) -> EngineToken:
        """A new token of the mint."""
        return self._tokens.issue()

    def issue_certificate(self) -> EngineCertificate:
        """A new client certificate with its key."""
        pair = self._certificates.client(self._principal, self._certificate_life)
        return EngineCertificate(
            namespace=self._namespace,
            server_root_ca_certificate=self._certificates.certificate.decode(),
            client_certificate=pair.certificate.decode(),
            client_private_key=pair.key.decode(),
        )
