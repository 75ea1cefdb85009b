"""What a test does to the sandbox, and asks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from ..cognito import admin_client, public_client, secret_hash
from ..conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from ..pending import remember_sign_up
from .faults import Fault, Faults

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

PASSWORD: Final = "correct-horse-Battery-1"  # noqa: S105 - of people who are made up
"""What people are signed up with unless a test says otherwise."""

ChangeSetting = Callable[[str, Any], None]
"""Changes a setting of Django until the end of the test."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that the sandbox has sent: ``medium`` is EMAIL or SMS, ``destination`` is not masked."""

    username: str
    destination: str
    medium: str
    code: str
    body: str


class CognitoSandbox:
    """One pool of the sandbox. Made by ``sandboxed()`` and by the fixture."""

    def __init__(self, change_setting: ChangeSetting, faults: Faults, *, pool: str = DEFAULT_POOL_ALIAS) -> None:
        self.alias = pool
        self._change_setting = change_setting
        self._faults = faults

    @property
    def pool(self) -> Pool:
        """The pool's settings as they are now."""
        return get_pool(self.alias)

    def of(self, pool: str) -> CognitoSandbox:
        """Return the same for another pool."""
        return CognitoSandbox(self._change_setting, self._faults, pool=pool)

    def configure(self, **options: Any) -> None:
        """Change options of the pool, named as in ``COGNITO_POOLS``, until the end of the test."""
        pools = settings.COGNITO_POOLS
        self._change_setting("COGNITO_POOLS", {**pools, self.alias: {**pools[self.alias], **options}})

    def sign_up(
        self,
        username: str,
        *,
        password: str = PASSWORD,
        client: Client | None = None,
        user: AbstractBaseUser | None = None,
        **attributes: str,
    ) -> dict[str, Any]:
        """Sign somebody up, who is sent a code; return SignUp's reply.

        ``attributes`` are Cognito's, such as ``phone_number``; without any, an e-mail address is made up. With
        ``client``, this test client is the browser that signed up; with ``user``, this local record belongs to the
        sign-up, as after ``remember_sign_up``. With neither, the site has not heard of it.
        """
        attributes = attributes or {"email": username if "@" in username else f"{username}@example.com"}
        members: dict[str, Any] = {
            "ClientId": self.pool.client_id,
            "Username": username,
            "Password": password,
            "UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
        }
        if hashed := secret_hash(username, pool=self.alias):
            members["SecretHash"] = hashed
        reply = dict(public_client(self.alias).sign_up(**members))
        if client is not None or user is not None:
            self._remember(client or Client(), reply, username, user)
        return reply

    def _remember(self, client: Client, reply: dict[str, Any], username: str, user: AbstractBaseUser | None) -> None:
        request = HttpRequest()
        request.session = client.session
        remember_sign_up(request, reply, username=username, user=user, pool=self.alias)
        request.session.save()
        client.cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)

    def confirm_elsewhere(self, username: str) -> None:
        """Confirm somebody as another program or the AWS console does: the site hears nothing of it."""
        admin_client(self.alias).admin_confirm_sign_up(UserPoolId=self.pool.user_pool_id, Username=username)

    def is_confirmed(self, username: str) -> bool:
        """Return whether somebody is confirmed in the pool. Raises boto3's ``UserNotFoundException``."""
        found = admin_client(self.alias).admin_get_user(UserPoolId=self.pool.user_pool_id, Username=username)
        return found["UserStatus"] == "CONFIRMED"

    @property
    def messages(self) -> list[SentMessage]:
        """What was sent to people of this pool, oldest first. E-mails are in ``django.core.mail.outbox`` as well."""
        rows = _rows("Message").filter(user__user_pool_id=self.pool.user_pool_id).select_related("user")
        return [
            SentMessage(row.user.username, row.destination, row.medium, row.code, row.body)
            for row in rows.order_by("pk")
        ]

    def code(self, username: str) -> str:
        """Return the newest code that somebody was sent. Raises ``LookupError`` where there is none."""
        pool = self.pool
        names = _rows("SignInName").filter(user_pool_id=pool.user_pool_id, key=pool.username_key(username))
        newest = _rows("Message").filter(user__in=names.values("user")).order_by("pk").last()
        if newest is None:
            raise LookupError(f"The sandbox has sent {username!r} no code in pool {self.alias!r}.")
        return str(newest.code)

    def wrong_code(self, username: str) -> str:
        """Return six digits that are not the newest code."""
        return f"{(int(self.code(username)) + 1) % 10**6:06}"

    def fail_next(
        self,
        error: str | Exception = "InternalErrorException",
        *,
        operation: str = "ConfirmSignUp",
        message: str = "",
        carried_out: bool = False,
    ) -> None:
        """Let the next call of ``operation`` fail, and those after it go well again; several wait in their order.

        ``error`` is one of Cognito's codes, which is answered with ``message``, or an exception of botocore's, which is
        raised. ``carried_out``: the call has had its effect by then, and only the answer is wrong.
        """
        self._faults.add(self.alias, operation, Fault(error, message, carried_out))

    def lose_next_answer(self, *, operation: str = "ConfirmSignUp") -> None:
        """Let the next call of ``operation`` have its effect, and then time out: nobody here knows what came of it."""
        self._faults.add(self.alias, operation, Fault.lost_answer())


def _rows(model: str) -> Any:
    """Return the rows of one of the sandbox's models, which only ``cognito`` may import."""
    return apps.get_model("cognito_sandbox", model).objects.all()
