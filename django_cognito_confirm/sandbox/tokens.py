"""The tokens of a sign-in, signed as Cognito's are, and the keys that they are checked with.

Without PyJWT (extra ``sign-in``) they are random characters, which nothing accepts, and there are no keys.
"""

from __future__ import annotations

import secrets
import time
import uuid
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from . import attributes
from .models import SigningKey

if TYPE_CHECKING:
    from django_cognito_confirm.conf import Pool

    from .models import SandboxUser

VALID_FOR: Final = 3600
"""Seconds, for both the ID token and the access token."""

ALGORITHM: Final = "RS256"


def issue(pool: Pool, user: SandboxUser) -> dict[str, str]:
    """Return the tokens of ``user`` as InitiateAuth names them. The refresh token is random: no operation takes it."""
    made_up = {name: secrets.token_urlsafe(64) for name in ("AccessToken", "IdToken", "RefreshToken")}
    if not _can_sign():
        return made_up
    common = _common_claims(pool, user)
    key = _newest_key(pool.user_pool_id)
    return {
        **made_up,
        "IdToken": _sign(key, {**common, **_id_claims(pool, user)}),
        "AccessToken": _sign(
            key,
            {
                **common,
                "token_use": "access",
                "client_id": pool.client_id,
                "username": user.username,
                "scope": "aws.cognito.signin.user.admin",
            },
        ),
    }


def key_set(user_pool_id: str) -> dict[str, Any]:
    """Return the public keys of a pool as its ``jwks.json`` has them."""
    if not _can_sign():
        return {"keys": []}
    from jwt.algorithms import RSAAlgorithm

    keys = []
    for key in SigningKey.objects.filter(user_pool_id=user_pool_id).order_by("pk"):
        private: Any = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(key.private_key)
        public: dict[str, Any] = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        keys.append({"alg": ALGORITHM, "e": public["e"], "kid": key.kid, "kty": "RSA", "n": public["n"], "use": "sig"})
    return {"keys": keys}


def rotate(user_pool_id: str) -> SigningKey:
    """Make a new key, which signs from now on."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made: SigningKey = SigningKey.objects.create(
        user_pool_id=user_pool_id, kid=secrets.token_urlsafe(32), private_key=pem.decode()
    )
    return made


def _can_sign() -> bool:
    return find_spec("jwt") is not None and find_spec("cryptography") is not None


def _newest_key(user_pool_id: str) -> SigningKey:
    key: SigningKey | None = SigningKey.objects.filter(user_pool_id=user_pool_id).order_by("pk").last()
    return key or rotate(user_pool_id)


def _common_claims(pool: Pool, user: SandboxUser) -> dict[str, Any]:
    now = int(time.time())
    return {
        "sub": user.sub,
        "iss": pool.issuer,
        "origin_jti": str(uuid.uuid4()),
        "event_id": str(uuid.uuid4()),
        "auth_time": now,
        "iat": now,
        "exp": now + VALID_FOR,
    }


def _id_claims(pool: Pool, user: SandboxUser) -> dict[str, Any]:
    claims: dict[str, Any] = {**attributes.of(user)}
    for name in claims.keys() & {"email_verified", "phone_number_verified"}:
        claims[name] = claims[name] == "true"
    return {
        **claims,
        "token_use": "id",
        "aud": pool.client_id,
        "cognito:username": user.username,
    }


def _sign(key: SigningKey, claims: dict[str, Any]) -> str:
    import jwt

    return jwt.encode({"jti": str(uuid.uuid4()), **claims}, key.private_key, ALGORITHM, headers={"kid": key.kid})
