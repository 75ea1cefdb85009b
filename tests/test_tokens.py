"""ID tokens: which are taken, and every way in which one is not Cognito's, not for us, not for this or not for now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from django_cognito_confirm import tokens
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import Unavailable
from django_cognito_confirm.tokens import InvalidToken, verify_id_token
from tests.faults.behaviours import Reply
from tests.faults.http import Handler, Server
from tests.leaks import MARK, Everything, frames, leaks

Pools = Callable[..., None]

LONG_AGO = 1_577_836_800  # 2020
FAR_AHEAD = 4_102_444_800  # 2100


def make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return make_key()


@pytest.fixture(scope="module")
def stranger() -> rsa.RSAPrivateKey:
    """A key that is not the pool's."""
    return make_key()


def public(key: rsa.RSAPrivateKey, kid: str = "first") -> dict[str, Any]:
    described: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kty": "RSA", "n": described["n"], "e": described["e"], "kid": kid, "use": "sig", "alg": "RS256"}


class _KeysHandler(Handler):
    server: KeysServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = json.dumps({"keys": self.server.keys}).encode()
        reply = self.server.reply or Reply(200, body, "application/json")
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.server.cache_control:
            self.send_header("Cache-Control", self.server.cache_control)
        BaseHTTPRequestHandler.end_headers(self)
        self.wfile.write(reply.body)


class KeysServer(Server):
    """Serves the keys of a pool, and notes who asks."""

    def __init__(self) -> None:
        super().__init__(0, _KeysHandler)
        self.keys: list[Any] = []
        self.asked: list[str] = []
        self.cache_control = "public, max-age=86400"
        self.reply: Reply | None = None


@pytest.fixture
def server(pools: Pools, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeysServer]:
    """The server of the keys, of which there is one, and a process that has none of them yet."""
    monkeypatch.setattr(tokens, "_kept", {})
    with KeysServer() as server:
        server.keys = [public(key)]
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        yield server


class Clock:
    """Time as this process measures it, moved by hand."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return 1000 + self.passed

    def time(self) -> float:
        return time.time()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tokens, "time", clock)
    return clock


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a good ID token; ``None`` leaves one out."""
    now = int(time.time())
    good = {
        "sub": "0a1b2c3d-0000-4000-8000-000000000000",
        "iss": get_pool().issuer,
        "aud": get_pool().client_id,
        "token_use": "id",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "email": f"{MARK}@example.com",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def sign(key: Any, *, kid: str | None = "first", algorithm: str = "RS256", **changed: Any) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode(claims(**changed), key, algorithm, headers=headers)


def by_hand(header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Return a token that no library would make."""
    parts = [json.dumps(part).encode() for part in (header, claims())]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return b".".join([signed, base64.urlsafe_b64encode(sign(signed)).rstrip(b"=")]).decode()


# --- taken ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
def test_a_token_of_the_pool_for_this_client_is_taken(key: rsa.RSAPrivateKey) -> None:
    assert verify_id_token(sign(key))["email"] == f"{MARK}@example.com"


@pytest.mark.usefixtures("server")
def test_clocks_may_differ_by_some_seconds(key: rsa.RSAPrivateKey) -> None:
    now = int(time.time())
    assert verify_id_token(sign(key, iat=now + 30, exp=now + 3600))
    assert verify_id_token(sign(key, iat=now - 3600, exp=now - 30))


@pytest.mark.django_db
def test_a_token_of_the_sandbox_is_taken() -> None:
    from django_cognito_confirm.cognito import public_client
    from tests.sandbox import people

    client = public_client()
    sub = people.sign_up(client)["UserSub"]
    people.confirm(client)
    assert verify_id_token(people.sign_in(client)["AuthenticationResult"]["IdToken"])["sub"] == sub


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another1"}, "InvalidIssuerError"),
        ({"iss": "https://evil.example/eu-west-1_Sandbox01"}, "InvalidIssuerError"),
        ({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_"}, "InvalidIssuerError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"aud": "anotherclient"}, "InvalidAudienceError"),
        ({"aud": ["sandboxclient1example", "anotherclient"]}, "InvalidAudienceError"),
        ({"aud": None, "client_id": "sandboxclient1example"}, "MissingRequiredClaimError"),
        ({"token_use": "access"}, "NotAnIdToken"),
        ({"token_use": None}, "MissingRequiredClaimError"),
        ({"exp": LONG_AGO}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": FAR_AHEAD}, "ImmatureSignatureError"),
        ({"iat": None}, "MissingRequiredClaimError"),
        ({"nbf": FAR_AHEAD}, "ImmatureSignatureError"),
        ({"sub": None}, "MissingRequiredClaimError"),
    ],
    ids=str,
)
def test_a_token_is_refused_with(key: rsa.RSAPrivateKey, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidToken, match=f"^{reason}$"):
        verify_id_token(sign(key, **changed))


@pytest.mark.usefixtures("server")
def test_a_token_signed_with_another_key_is_refused(stranger: rsa.RSAPrivateKey) -> None:
    with pytest.raises(InvalidToken, match="InvalidSignatureError"):
        verify_id_token(sign(stranger))


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_a_token_that_nobody_signed_is_refused(algorithm: str) -> None:
    with pytest.raises(InvalidToken):
        verify_id_token(by_hand({"alg": algorithm, "kid": "first"}, lambda signed: b""))


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
@pytest.mark.parametrize("secret", [Encoding.PEM, Encoding.DER], ids=["pem", "der"])
def test_the_public_key_used_as_a_secret_is_refused(key: rsa.RSAPrivateKey, algorithm: str, secret: Encoding) -> None:
    known = key.public_key().public_bytes(secret, PublicFormat.SubjectPublicKeyInfo)
    forged = by_hand(
        {"alg": algorithm, "kid": "first", "typ": "JWT"}, lambda signed: hmac.digest(known, signed, hashlib.sha256)
    )
    with pytest.raises(InvalidToken):
        verify_id_token(forged)


@pytest.mark.usefixtures("server")
def test_other_algorithms_of_the_right_key_are_refused(key: rsa.RSAPrivateKey) -> None:
    for algorithm in ("RS384", "RS512", "PS256"):
        with pytest.raises(InvalidToken, match="InvalidAlgorithmError"):
            verify_id_token(sign(key, algorithm=algorithm))


@pytest.mark.usefixtures("server")
def test_a_key_that_comes_with_the_token_is_not_looked_at(stranger: rsa.RSAPrivateKey) -> None:
    smuggled = {"kid": "smuggled", "jwk": public(stranger, "smuggled"), "jku": "https://evil.example/jwks.json"}
    with pytest.raises(InvalidToken, match="UnknownKey"):
        verify_id_token(jwt.encode(claims(), stranger, "RS256", headers=smuggled))


@pytest.mark.usefixtures("server")
def test_a_token_that_was_changed_is_refused(key: rsa.RSAPrivateKey) -> None:
    header, _, signature = sign(key).split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(sub="somebody else")).encode()).rstrip(b"=").decode()
    with pytest.raises(InvalidToken, match="InvalidSignatureError"):
        verify_id_token(f"{header}.{payload}.{signature}")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("nonsense", ["", "x", "a.b.c", "....", "\ud800.x.y", "é.é.é", "eyJhbGciOiJSUzI1NiJ9.e30."])
def test_what_is_no_token_is_refused(nonsense: str) -> None:
    with pytest.raises(InvalidToken):
        verify_id_token(nonsense)


@pytest.mark.usefixtures("server")
def test_a_token_without_the_id_of_a_key_is_refused(key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(InvalidToken, match="UnknownKey"):
        verify_id_token(sign(key, kid=None))


def test_a_key_that_is_not_for_signing_is_not_used(server: KeysServer, key: rsa.RSAPrivateKey) -> None:
    server.keys = [{**public(key), "use": "enc"}]
    with pytest.raises(InvalidToken, match="UnknownKey"):
        verify_id_token(sign(key))


# --- the keys ---------------------------------------------------------------------------------------------------------


def test_the_keys_are_fetched_once(server: KeysServer, key: rsa.RSAPrivateKey) -> None:
    for _ in range(3):
        verify_id_token(sign(key))
    assert server.asked == ["/eu-west-1_Sandbox01/.well-known/jwks.json"]


def test_the_keys_are_kept_for_as_long_as_cognito_says(
    server: KeysServer, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    server.cache_control = "public, max-age=600"
    for clock.passed, asked in ((0, 1), (599, 1), (600, 2), (1199, 2), (1200, 3)):
        verify_id_token(sign(key))
        assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("cache_control", "seconds"), [("no-store, max-age=0", 60), ("", 3600), ("max-age=999999999", 86400)]
)
def test_the_keys_are_kept_for_a_minute_at_least_and_a_day_at_most(
    server: KeysServer, key: rsa.RSAPrivateKey, clock: Clock, cache_control: str, seconds: int
) -> None:
    server.cache_control = cache_control
    for clock.passed, asked in ((0, 1), (seconds - 1, 1), (seconds, 2)):
        verify_id_token(sign(key))
        assert len(server.asked) == asked


def test_a_new_key_is_found_within_a_minute(
    server: KeysServer, key: rsa.RSAPrivateKey, stranger: rsa.RSAPrivateKey, clock: Clock
) -> None:
    verify_id_token(sign(key))
    server.keys.append(public(stranger, "second"))
    clock.passed = 60
    verify_id_token(sign(stranger, kid="second"))
    verify_id_token(sign(key))
    assert len(server.asked) == 2


def test_unknown_keys_are_asked_for_at_most_once_a_minute(
    server: KeysServer, key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    verify_id_token(sign(key))
    for clock.passed in range(0, 180, 10):
        with pytest.raises(InvalidToken, match="UnknownKey"):
            verify_id_token(sign(key, kid="made up"))
    assert len(server.asked) == 3


def test_a_key_that_was_withdrawn_is_no_longer_taken(
    server: KeysServer, key: rsa.RSAPrivateKey, stranger: rsa.RSAPrivateKey, clock: Clock
) -> None:
    verify_id_token(sign(key))
    server.keys = [public(stranger, "second")]
    clock.passed = 86400
    with pytest.raises(InvalidToken, match="UnknownKey"):
        verify_id_token(sign(key))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"", "text/plain"),
        Reply(200, b"<html>", "text/html"),
        Reply(200, b"[]", "application/json"),
        Reply(200, b'{"keys": [1]}', "application/json"),
        Reply(302, b"", "text/plain"),
    ],
    ids=["500", "html", "an array", "no key", "redirect"],
)
def test_nonsense_in_place_of_the_keys_is_no_key(server: KeysServer, key: rsa.RSAPrivateKey, reply: Reply) -> None:
    server.reply = reply
    with pytest.raises(Unavailable):
        verify_id_token(sign(key))
    server.reply = None
    assert verify_id_token(sign(key))


def test_keys_that_are_broken_refuse_the_token(server: KeysServer, key: rsa.RSAPrivateKey) -> None:
    server.keys = [{"kid": "first", "kty": "RSA", "n": "!", "e": None}]
    with pytest.raises(InvalidToken):
        verify_id_token(sign(key))


def test_each_pool_has_keys_of_its_own(
    server: KeysServer, pools: Pools, key: rsa.RSAPrivateKey, stranger: rsa.RSAPrivateKey
) -> None:
    verify_id_token(sign(key))
    pools("staff", USER_POOL_ID="eu-west-1_Staff0001")
    server.keys = [public(stranger)]
    staff = sign(stranger, iss=get_pool("staff").issuer)
    assert verify_id_token(staff, pool="staff")
    with pytest.raises(InvalidToken):
        verify_id_token(staff)


def test_the_issuer_is_aws_whatever_the_endpoint(pools: Pools) -> None:
    pools(ENDPOINT_URL="https://vpce-1.example")
    assert get_pool().issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Sandbox01"
    pools(USER_POOL_ID="cn-north-1_AbCdEf123")
    assert get_pool().issuer == "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbCdEf123"


# --- secrecy ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("server")
def test_nothing_of_a_token_is_logged_or_left_in_a_frame(key: rsa.RSAPrivateKey, stranger: rsa.RSAPrivateKey) -> None:
    refused = [
        sign(stranger),
        sign(key, aud=MARK),
        sign(key, token_use="access"),
        sign(key, kid=f"{MARK}kid"),
        by_hand({"alg": "none"}, lambda signed: b""),
    ]
    secrets = [part for token in refused for part in token.split(".") if part]
    with Everything().everywhere() as logged:
        for token in refused:
            with pytest.raises(InvalidToken) as caught:
                verify_id_token(token)
            assert leaks(frames(caught.value, skip=1), MARK, *secrets) == []
        assert MARK not in repr(verify_id_token(sign(key)))
    assert leaks(logged.shown(), MARK, *secrets) == []
