"""A user pool of some service, as a rule sees it: a client in the shape of boto3's, and the codes that were sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

PASSWORD = "Correct-horse-7"  # as the strictest default policy wants it


@dataclass(frozen=True)
class Kind:
    """What a rule needs of its user pool and app client. Every service has one pool of each kind."""

    name: str
    alias_attributes: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    verified_attributes: tuple[str, ...] = ("email",)
    is_case_sensitive: bool = False
    has_secret: bool = False
    hides_unknown_users: bool = False
    allows_user_auth: bool = False


PLAIN = Kind("plain")
CASE_SENSITIVE = Kind("case-sensitive", is_case_sensitive=True)
ALIASES = Kind("aliases", alias_attributes=("email",))
BY_EMAIL = Kind("by-email", username_attributes=("email",))
BY_PHONE_TOO = Kind("by-phone-too", verified_attributes=("email", "phone_number"))
SECRET = Kind("secret", has_secret=True)
DISCREET = Kind("discreet", hides_unknown_users=True)
SESSIONS = Kind("sessions", allows_user_auth=True)
SMALL = Kind("small")  # few people, for listings of all of them
KINDS = (PLAIN, CASE_SENSITIVE, ALIASES, BY_EMAIL, BY_PHONE_TOO, SECRET, DISCREET, SESSIONS, SMALL)


@dataclass(frozen=True)
class Person:
    """Somebody who has signed up."""

    name: str
    email: str
    sub: str
    reply: Any

    @property
    def session(self) -> str:
        """What SignUp has given for a sign-in later on."""
        session: str = self.reply["Session"]
        return session


@dataclass(frozen=True)
class UserPool:
    """A pool and its app client.

    ``cognito`` is boto3's client, or something in its shape, and ``stranger`` one that does not sign its calls.
    ``codes`` returns the codes that were sent to an address or number, oldest first.
    """

    cognito: Any
    stranger: Any
    pool_id: str
    client_id: str
    client_secret: str
    codes: Callable[[str], list[str]]

    def sign_up(self, name: str = "", *, password: str = PASSWORD, **attributes: str) -> Person:
        """Sign somebody up, under a name that nobody had, with an address that nobody had; ``email=""``: with none."""
        name = name or new_name()
        if attributes.setdefault("email", f"{name}@example.com".lower()) == "":
            del attributes["email"]
        reply = self.cognito.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password=password,
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            **self.secret_hash(name),
        )
        return Person(name, attributes.get("email", ""), reply["UserSub"], reply)

    def sign_up_by_email(self, email: str = "") -> Person:
        """Sign somebody up where addresses are the names."""
        email = email or new_email()
        reply = self.cognito.sign_up(ClientId=self.client_id, Username=email, Password=PASSWORD)
        return Person(email, email, reply["UserSub"], reply)

    def confirm(self, name: str, code: str, **members: Any) -> Any:
        return self.cognito.confirm_sign_up(
            ClientId=self.client_id, Username=name, ConfirmationCode=code, **{**self.secret_hash(name), **members}
        )

    def confirmed(self, **attributes: str) -> Person:
        """Sign somebody up and confirm them by their code."""
        person = self.sign_up(**attributes)
        self.confirm(person.name, self.code(person.email))
        return person

    def resend(self, name: str) -> Any:
        return self.cognito.resend_confirmation_code(ClientId=self.client_id, Username=name, **self.secret_hash(name))

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        secret_hash = self.secret_hash(name).get("SecretHash")
        proof = {"SECRET_HASH": secret_hash} if secret_hash else {}
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password, **proof},
        )

    def confirm_as_staff(self, name: str) -> None:
        self.cognito.admin_confirm_sign_up(UserPoolId=self.pool_id, Username=name)

    def look_up(self, name: str) -> Any:
        return self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=name)

    def status(self, name: str) -> str:
        status: str = self.look_up(name)["UserStatus"]
        return status

    def attributes(self, name: str) -> dict[str, str]:
        return {item["Name"]: item["Value"] for item in self.look_up(name)["UserAttributes"]}

    def is_verified(self, name: str, attribute: str = "email") -> bool:
        return self.attributes(name).get(f"{attribute}_verified") == "true"

    def listed(self, condition: str = "", **members: Any) -> Any:
        if condition:
            members["Filter"] = condition
        return self.cognito.list_users(UserPoolId=self.pool_id, **members)

    def found(self, condition: str) -> list[str]:
        """Return the usernames of those whom a filter finds."""
        return [user["Username"] for user in self.listed(condition)["Users"]]

    def code(self, destination: str) -> str:
        """Return the newest code that was sent to an address or number."""
        codes = self.codes(destination)
        assert codes, f"Nothing was sent to {destination}"
        return codes[-1]

    def wrong_code(self, destination: str) -> str:
        """Return six digits that were never sent there."""
        sent = self.codes(destination)
        return next(code for code in ("000000", "000001", "000002") if code not in sent)

    def secret_hash(self, name: str) -> dict[str, str]:
        if not self.client_secret:
            return {}
        digest = hmac.digest(self.client_secret.encode(), (name + self.client_id).encode(), hashlib.sha256)
        return {"SecretHash": base64.b64encode(digest).decode()}


def new_name() -> str:
    """Return a name that nobody has."""
    return f"ann-{secrets.token_hex(6)}"


def new_email() -> str:
    return f"{new_name()}@example.com"


def new_number() -> str:
    """Return a number out of those that are for films and tests."""
    return f"+1555{secrets.randbelow(10**7):07}"


@contextmanager
def answered_or_refused(code: str) -> Iterator[None]:
    """Allow for a refusal with one of Cognito's error codes, and for no other."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise


@contextmanager
def refused(*codes: str, because: str = "") -> Iterator[None]:
    """Expect a refusal with one of Cognito's error codes, and with this in its text."""
    try:
        yield
    except ClientError as error:
        answer = error.response["Error"]
        assert answer["Code"] in codes, f"{answer} instead of {codes}"
        assert because in answer["Message"]
    else:
        raise AssertionError(f"It was not refused with {codes}")
