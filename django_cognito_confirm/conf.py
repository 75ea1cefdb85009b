"""Settings, read here and nowhere else: ``COGNITO_POOLS`` and ``COGNITO_CONFIRM``.

Both are read anew at each use, so that ``override_settings`` takes effect at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.shortcuts import resolve_url
from django.utils.module_loading import import_string

from .masking import Masked

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

DEFAULT_POOL_ALIAS = "default"

SIGN_IN_ATTRIBUTES = frozenset({"email", "phone_number"})
"""What people can sign in with instead of a username."""

THREAT_PROTECTION_REGIONS = (
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)
"""Where AWS offers the script that makes ``EncodedData``; pools elsewhere take it from one of these."""

POOL_DEFAULTS: dict[str, Any] = {
    "USER_POOL_ID": "",
    "CLIENT_ID": "",
    "CLIENT_SECRET": None,
    "REGION": None,
    "ENDPOINT_URL": None,
    "CASE_SENSITIVE": False,
    "USERNAME_ATTRIBUTES": (),
    "REVEAL_USERS": False,
    "FORCE_ALIAS_CREATION": False,
    "CLIENT_METADATA": None,
    "SEND_CLIENT_IP": False,
    "AUTO_SIGN_IN": False,
    "WEBHOOK_SECRETS": (),
    "THREAT_PROTECTION": False,
    "SANDBOX": False,
}

MIN_WEBHOOK_SECRET_LENGTH = 32
"""Characters."""

# Cognito takes 15 confirms and 5 resends for each user in an hour. Strangers together get fewer, so that the browser
# that signed up always gets in.
DEFAULT_LIMITS: dict[str, str | None] = {
    "confirm:ip": "20/hour",
    "confirm:ip+username": "3/hour",
    "confirm:username": "10/hour",
    "confirm:pool": "10000/hour",
    "resend:ip": "20/hour",
    "resend:username": "1/minute, 3/hour, 8/day",
    "resend:owner": "1/minute",
    "resend:pool": "100/hour",
    "resend:pool-owner": "1000/hour",
}
"""What each limit lets through; ``COGNITO_CONFIRM["LIMITS"]`` is merged over it, and ``None`` switches one off."""

APP_DEFAULTS: dict[str, Any] = {
    "LIMITS": {},
    "CACHE": "default",
    "CLIENT_IP": None,
    "USERNAME_FROM_USER": None,
    "SIGN_IN_URL": None,
    "SIGN_UP_URL": None,
    "TASKS_BACKEND": "default",
    "ADMIN_RATE": 10,
    "WARM_UP": True,
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What the local sandbox of one pool is told to be."""

    alias_attributes: tuple[str, ...] = ()
    prevent_user_existence_errors: bool = True
    auto_confirm: bool = False
    post_confirmation: str | Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One entry of ``COGNITO_POOLS``, with every default filled in."""

    alias: str
    user_pool_id: str
    client_id: str
    client_secret: str | Callable[[], str] | None = field(default=None, repr=False)
    region: str
    endpoint_url: str | None = None
    case_sensitive: bool = False
    username_attributes: tuple[str, ...] = ()
    reveal_users: bool = False
    force_alias_creation: bool = False
    client_metadata: Mapping[str, str] | Callable[..., Mapping[str, str]] | None = field(default=None, repr=False)
    send_client_ip: bool = False
    auto_sign_in: bool = False
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    threat_protection: bool | str = False
    sandbox: Sandbox | None = None

    @property
    def issuer(self) -> str:
        """Who issues the pool's tokens: their claim ``iss``, whichever endpoint they came by."""
        domain = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://cognito-idp.{self.region}.{domain}/{self.user_pool_id}"

    def get_client_secret(self) -> str:
        """Return the app client's secret as it is now, ``""`` for a client that has none."""
        secret = self.client_secret
        return (secret() if callable(secret) else secret) or ""

    def get_client_metadata(self, request: HttpRequest | None = None) -> Mapping[str, str] | None:
        """Return what the pool's Lambda triggers are told; a callable is asked with ``request``."""
        return self.client_metadata(request) if callable(self.client_metadata) else self.client_metadata

    @property
    def threat_protection_script(self) -> str:
        """The address of AWS's script, ``""`` where it is not wanted, or no region is named that has it."""
        region = self.region if self.threat_protection is True else self.threat_protection
        if region not in THREAT_PROTECTION_REGIONS:
            return ""
        host = f"amazon-cognito-assets.{region}.amazoncognito.com"
        return f"https://{host}/amazon-cognito-advanced-security-data.min.js"

    def username_key(self, username: str) -> str:
        """Return what identifies ``username`` in this pool: 64 hexadecimal digits.

        A digest, because collations and case folding differ between databases and bytes do not.
        """
        name = username if self.case_sensitive else username.lower()
        return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


def get_pool(alias: str = DEFAULT_POOL_ALIAS) -> Pool:
    """Return the pool that ``COGNITO_POOLS`` describes under ``alias``.

    Raises ``ImproperlyConfigured``, naming the setting, when it is missing or lacks what no pool can do without.
    """
    # Masked, since an error report shows this frame.
    pools = Masked(getattr(settings, "COGNITO_POOLS", None))
    if not pools.value:
        raise ImproperlyConfigured("COGNITO_POOLS is not set.")
    if alias not in pools.value:
        raise ImproperlyConfigured(f"COGNITO_POOLS has no pool {alias!r}.")
    options = Masked({**POOL_DEFAULTS, **pools.value[alias]})
    for name in ("USER_POOL_ID", "CLIENT_ID"):
        if not options.value[name]:
            raise ImproperlyConfigured(f'COGNITO_POOLS["{alias}"]["{name}"] is not set.')
        if not isinstance(options.value[name], str):
            raise ImproperlyConfigured(f'COGNITO_POOLS["{alias}"]["{name}"] is not a string.')
    attributes = options.value["USERNAME_ATTRIBUTES"] or ()
    if not isinstance(attributes, list | tuple | set | frozenset) or not set(attributes) <= SIGN_IN_ATTRIBUTES:
        raise ImproperlyConfigured(
            f'COGNITO_POOLS["{alias}"]["USERNAME_ATTRIBUTES"] is not a sequence of "email" and "phone_number".'
        )
    region, separator, _ = options.value["USER_POOL_ID"].partition("_")
    if not options.value["REGION"] and not separator:
        raise ImproperlyConfigured(
            f'COGNITO_POOLS["{alias}"]["USER_POOL_ID"] names no region (eu-west-1_AbCdEf123) and "REGION" is not set.'
        )
    return Pool(
        alias=alias,
        user_pool_id=options.value["USER_POOL_ID"],
        client_id=options.value["CLIENT_ID"],
        client_secret=options.value["CLIENT_SECRET"],
        region=options.value["REGION"] or region,
        endpoint_url=options.value["ENDPOINT_URL"],
        case_sensitive=options.value["CASE_SENSITIVE"],
        username_attributes=tuple(attributes),
        reveal_users=options.value["REVEAL_USERS"],
        force_alias_creation=options.value["FORCE_ALIAS_CREATION"],
        client_metadata=options.value["CLIENT_METADATA"],
        send_client_ip=options.value["SEND_CLIENT_IP"],
        auto_sign_in=options.value["AUTO_SIGN_IN"],
        webhook_secrets=_webhook_secrets(alias, options),
        threat_protection=options.value["THREAT_PROTECTION"],
        sandbox=_sandbox(options.value["SANDBOX"]),
    )


def _webhook_secrets(alias: str, options: Masked[dict[str, Any]]) -> tuple[str, ...]:
    """Return the keys of the webhook. A short or an empty one would let anybody in, so it stops the site."""
    keys = Masked(options.value["WEBHOOK_SECRETS"] or ())
    if not isinstance(keys.value, list | tuple) or not all(
        isinstance(key, str) and len(key) >= MIN_WEBHOOK_SECRET_LENGTH for key in keys.value
    ):
        raise ImproperlyConfigured(
            f'COGNITO_POOLS["{alias}"]["WEBHOOK_SECRETS"] is not a list of strings of {MIN_WEBHOOK_SECRET_LENGTH} '
            "characters or more."
        )
    return tuple(keys.value)


def get_pool_aliases() -> list[str]:
    """Return the aliases of ``COGNITO_POOLS``, in its order."""
    return list(getattr(settings, "COGNITO_POOLS", None) or ())


def _sandbox(value: bool | Mapping[str, Any]) -> Sandbox | None:
    if not value:
        return None
    options = {} if value is True else value
    return Sandbox(
        alias_attributes=tuple(options.get("ALIAS_ATTRIBUTES", ())),
        prevent_user_existence_errors=options.get("PREVENT_USER_EXISTENCE_ERRORS", True),
        auto_confirm=options.get("AUTO_CONFIRM", False),
        post_confirmation=options.get("POST_CONFIRMATION"),
    )


def get_option(name: str) -> Any:
    """Return ``COGNITO_CONFIRM[name]`` or its default; a dotted path to a callable is imported."""
    value = {**APP_DEFAULTS, **getattr(settings, "COGNITO_CONFIRM", {})}[name]
    if name in ("CLIENT_IP", "USERNAME_FROM_USER") and isinstance(value, str):
        return import_string(value)
    return value


def get_username(user: AbstractBaseUser) -> str:
    """Return the Cognito username of a local user: ``USERNAME_FROM_USER``, else ``user.get_username()``."""
    username_of = get_option("USERNAME_FROM_USER")
    username: str = username_of(user) if username_of else user.get_username()
    return username


def get_limit(name: str) -> str | None:
    """Return what the limit called ``name`` lets through, such as ``"20/hour"``; ``None`` where it is off."""
    limits: dict[str, str | None] = {**DEFAULT_LIMITS, **get_option("LIMITS")}
    return limits[name]


def get_sign_in_url() -> str:
    """Return where people sign in: ``SIGN_IN_URL``, else Django's ``LOGIN_URL``."""
    return resolve_url(get_option("SIGN_IN_URL") or settings.LOGIN_URL)


def get_signed_in_url() -> str:
    """Return where people go who have just been signed in: Django's ``LOGIN_REDIRECT_URL``."""
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def get_sign_up_url() -> str | None:
    """Return where people sign up, ``None`` where the site does not say."""
    url = get_option("SIGN_UP_URL")
    return resolve_url(url) if url else None


def pool_from_env(prefix: str = "COGNITO_") -> dict[str, Any]:
    """Return one pool's dictionary for ``COGNITO_POOLS``, read from environment variables by django-environ.

    With the default ``prefix``: ``COGNITO_USER_POOL_ID``, ``COGNITO_CLIENT_ID``, ``COGNITO_CLIENT_SECRET``,
    ``COGNITO_REGION``, ``COGNITO_ENDPOINT_URL``, ``COGNITO_CASE_SENSITIVE``, ``COGNITO_USERNAME_ATTRIBUTES`` (comma
    separated), ``COGNITO_REVEAL_USERS``, ``COGNITO_FORCE_ALIAS_CREATION``, ``COGNITO_SEND_CLIENT_IP``,
    ``COGNITO_AUTO_SIGN_IN``, ``COGNITO_WEBHOOK_SECRETS`` (comma separated), ``COGNITO_THREAT_PROTECTION`` (or a
    region) and ``COGNITO_SANDBOX``. What is not in the environment keeps its default.
    """
    import environ

    env = environ.Env()
    pool: dict[str, Any] = {
        "USER_POOL_ID": env.str(prefix + "USER_POOL_ID", default=""),
        "CLIENT_ID": env.str(prefix + "CLIENT_ID", default=""),
        "CLIENT_SECRET": env.str(prefix + "CLIENT_SECRET", default="") or None,
        "REGION": env.str(prefix + "REGION", default="") or None,
        "ENDPOINT_URL": env.str(prefix + "ENDPOINT_URL", default="") or None,
        "USERNAME_ATTRIBUTES": tuple(env.list(prefix + "USERNAME_ATTRIBUTES", default=[])),
        "REVEAL_USERS": env.bool(prefix + "REVEAL_USERS", default=False),
        "FORCE_ALIAS_CREATION": env.bool(prefix + "FORCE_ALIAS_CREATION", default=False),
        "SEND_CLIENT_IP": env.bool(prefix + "SEND_CLIENT_IP", default=False),
        "AUTO_SIGN_IN": env.bool(prefix + "AUTO_SIGN_IN", default=False),
        "WEBHOOK_SECRETS": tuple(env.list(prefix + "WEBHOOK_SECRETS", default=[])),
        "THREAT_PROTECTION": _flag_or_region(env, prefix + "THREAT_PROTECTION"),
        "SANDBOX": env.bool(prefix + "SANDBOX", default=False),
    }
    if prefix + "CASE_SENSITIVE" in env.ENVIRON:  # a check asks who does not say it
        pool["CASE_SENSITIVE"] = env.bool(prefix + "CASE_SENSITIVE")
    return pool


def _flag_or_region(env: Any, name: str) -> bool | str:
    value: str = env.str(name, default="")
    return value if value in THREAT_PROTECTION_REGIONS else bool(env.bool(name, default=False))
