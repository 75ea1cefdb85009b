"""The views that ours is measured against: the best by hand, the common one, and one on pycognito.

Each takes the same form, asks Cognito, activates the local user and redirects.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse, HttpResponseRedirect
from django.views.generic import FormView

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

POOL: dict[str, Any] = settings.COGNITO_POOLS["default"]
WHERE = {"region_name": "eu-west-1", "endpoint_url": POOL["ENDPOINT_URL"]}


class CodeForm(forms.Form):
    """What the rivals ask for."""

    username = forms.CharField(max_length=128)
    code = forms.CharField(max_length=2048)


class ConfirmView(FormView):  # type: ignore[type-arg]
    """What they have in common."""

    form_class = CodeForm
    template_name = "django_cognito_confirm/confirm.html"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username, code = form.cleaned_data["username"], form.cleaned_data["code"]
        try:
            self.confirm(username, code)
        except self.refusals():
            form.add_error("code", "The code was not accepted.")
            return self.form_invalid(form)
        User.objects.filter(username=username).update(is_active=True)
        return HttpResponseRedirect("/")

    def confirm(self, username: str, code: str) -> None:
        raise NotImplementedError

    def refusals(self) -> type[Exception]:
        from botocore.exceptions import ClientError

        return ClientError


@functools.cache
def shared_client() -> CognitoIdentityProviderClient:
    """Return the one client of a process; a function, for this module is imported with the URLconf."""
    return new_client()


def new_client() -> CognitoIdentityProviderClient:
    import boto3

    return boto3.client("cognito-idp", **WHERE)


def secret_hash(username: str) -> str:
    message = (username + POOL["CLIENT_ID"]).encode()
    return base64.b64encode(hmac.digest(POOL["CLIENT_SECRET"].encode(), message, hashlib.sha256)).decode()


def confirm_with(client: CognitoIdentityProviderClient, username: str, code: str) -> None:
    client.confirm_sign_up(
        ClientId=POOL["CLIENT_ID"], SecretHash=secret_hash(username), Username=username, ConfirmationCode=code
    )


class ByHandView(ConfirmView):
    """The best that one can write without this app."""

    def confirm(self, username: str, code: str) -> None:
        confirm_with(shared_client(), username, code)


class CommonView(ConfirmView):
    """As most sites have it: a client for each request."""

    def confirm(self, username: str, code: str) -> None:
        confirm_with(new_client(), username, code)


class PycognitoView(ConfirmView):
    """As pycognito's README says."""

    def confirm(self, username: str, code: str) -> None:
        from pycognito import Cognito

        user = Cognito(
            POOL["USER_POOL_ID"],
            POOL["CLIENT_ID"],
            client_secret=POOL["CLIENT_SECRET"],
            username=username,  # for the secret hash
            boto3_client_kwargs={"endpoint_url": POOL["ENDPOINT_URL"]},
        )
        user.confirm_sign_up(code, username=username)
