"""What goes to Cognito and comes back, as plain objects: botocore's dictionaries end here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..masking import SecretStr


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where Cognito says that it sent a code: ``CodeDeliveryDetails``."""

    destination: str = ""
    """Masked by Cognito: ``a***@e***``."""
    medium: str = ""
    """``"EMAIL"``, ``"SMS"`` or ``""``."""
    attribute: str = ""
    """``"email"``, ``"phone_number"`` or ``""``."""

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> Delivery:
        """Read it from the reply of SignUp or ResendConfirmationCode."""
        details = reply.get("CodeDeliveryDetails") or {}
        return cls(*(details.get(name, "") for name in ("Destination", "DeliveryMedium", "AttributeName")))


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as ListUsers or AdminGetUser shows them."""

    username: str
    status: str
    """``"UNCONFIRMED"``, ``"CONFIRMED"``, ``"RESET_REQUIRED"``, ``"FORCE_CHANGE_PASSWORD"`` …"""
    enabled: bool
    created_at: datetime
    attributes: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> ListedUser:
        """Read it from AdminGetUser's reply or from an item of ListUsers' (they name the attributes differently)."""
        attributes = reply.get("UserAttributes") or reply.get("Attributes") or []
        return cls(
            username=reply["Username"],
            status=reply.get("UserStatus", ""),
            enabled=reply.get("Enabled", True),
            created_at=reply["UserCreateDate"],
            attributes={attribute["Name"]: attribute.get("Value", "") for attribute in attributes},
        )

    @property
    def sub(self) -> str:
        return self.attributes.get("sub", "")

    @property
    def is_confirmed(self) -> bool:
        """Whether this is proof that the user is confirmed."""
        return self.enabled and self.status in ("CONFIRMED", "RESET_REQUIRED")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmSignUp:
    """What one call of ConfirmSignUp sends, but for ``ClientId`` and ``SecretHash``, which the pool knows.

    Its ``repr`` shows no code, session or metadata: between our functions these travel in here only.
    """

    username: str
    code: str = field(repr=False)
    session: str = field(default="", repr=False)
    force_alias_creation: bool | None = None
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)
    user_context_data: Mapping[str, str] | None = field(default=None, repr=False)
    analytics_metadata: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a sign-in gives: bearer tokens, so the ``repr`` shows none."""

    id_token: str = field(repr=False)
    """A JSON Web Token about the person; ``tokens.verify_id_token`` checks it."""
    access_token: str = field(repr=False)
    """For calls to Cognito and other services in the person's name."""
    refresh_token: str = field(default="", repr=False)
    expires_in: int = 0
    """Seconds for which the access token is good."""

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> Tokens:
        """Read them from InitiateAuth's reply. Raises ``KeyError`` where it has none: Cognito asks for more then."""
        result = reply["AuthenticationResult"]
        return cls(
            id_token=SecretStr(result["IdToken"]),
            access_token=SecretStr(result["AccessToken"]),
            refresh_token=SecretStr(result.get("RefreshToken", "")),
            expires_in=result.get("ExpiresIn", 0),
        )


@dataclass(frozen=True, slots=True)
class KeySet:
    """The public keys of a pool: its ``jwks.json``."""

    keys: tuple[Mapping[str, Any], ...]
    max_age: int = 0
    """Seconds for which they may be kept."""


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """What DescribeUserPool says that the settings must agree with."""

    case_sensitive: bool
    username_attributes: tuple[str, ...]
    alias_attributes: tuple[str, ...]

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> PoolFacts:
        """Read it from the reply. A pool that does not say so is case-sensitive: old ones are."""
        pool = reply["UserPool"]
        return cls(
            case_sensitive=pool.get("UsernameConfiguration", {}).get("CaseSensitive", True),
            username_attributes=tuple(pool.get("UsernameAttributes") or ()),
            alias_attributes=tuple(pool.get("AliasAttributes") or ()),
        )


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What DescribeUserPoolClient says of the app client; not its secret."""

    has_secret: bool
    hides_users: bool
    """Whether ``PreventUserExistenceErrors`` is ENABLED."""
    takes_addresses: bool
    """Whether ``EnablePropagateAdditionalUserContextData`` is on."""
    auth_flows: tuple[str, ...]

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> ClientFacts:
        """Read it from the reply. Without ``PreventUserExistenceErrors`` it is LEGACY, the API's default."""
        client = reply["UserPoolClient"]
        return cls(
            has_secret=bool(client.get("ClientSecret")),
            hides_users=client.get("PreventUserExistenceErrors") == "ENABLED",
            takes_addresses=bool(client.get("EnablePropagateAdditionalUserContextData")),
            auth_flows=tuple(client.get("ExplicitAuthFlows") or ()),
        )
