"""Signing up and in, in whichever pool ``?pool=`` names; this browser stays with it."""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.generic import FormView

from django_cognito_confirm.cognito import public_client, secret_hash
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import ConfirmSignUpError
from django_cognito_confirm.forms import ConfirmForm
from django_cognito_confirm.pending import remember_sign_up, remember_username
from django_cognito_confirm.services import resend_code

ATTRIBUTES = ("email", "phone_number", "given_name", "website")


def favicon(request: HttpRequest) -> HttpResponse:
    """Every site has one, even if it is empty."""
    return HttpResponse(status=204)


class OwnConfirmForm(ConfirmForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["placeholder"] = "Six digits"


class SignInForm(forms.Form):
    username = forms.CharField()
    password = forms.CharField(strip=False, widget=forms.PasswordInput)


class SignUpForm(SignInForm):
    email = forms.CharField(required=False)
    phone_number = forms.CharField(required=False)
    given_name = forms.CharField(required=False)
    website = forms.CharField(required=False)


class PoolView(FormView):  # type: ignore[type-arg]
    template_name = "host/form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.pool = request.session.setdefault("pool", "default")
        if "pool" in request.GET:
            self.pool = request.session["pool"] = request.GET["pool"]
        return super().dispatch(request, *args, **kwargs)


class SignUpView(PoolView):
    form_class = SignUpForm
    extra_context = {"title": "Sign up"}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = form.cleaned_data["username"]
        given = {name: form.cleaned_data[name] for name in ATTRIBUTES if form.cleaned_data[name]}
        members: dict[str, Any] = {
            "ClientId": get_pool(self.pool).client_id,
            "Username": username,
            "Password": form.cleaned_data["password"],
            "UserAttributes": [{"Name": name, "Value": value} for name, value in given.items()],
        }
        if hashed := secret_hash(username, pool=self.pool):
            members["SecretHash"] = hashed
        reply = public_client(self.pool).sign_up(**members)
        return HttpResponseRedirect(remember_sign_up(self.request, reply, username=username, pool=self.pool))


class SignInView(PoolView):
    form_class = SignInForm
    extra_context = {"title": "Sign in"}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = form.cleaned_data["username"]
        parameters = {"USERNAME": username, "PASSWORD": form.cleaned_data["password"]}
        if hashed := secret_hash(username, pool=self.pool):
            parameters["SECRET_HASH"] = hashed
        try:
            public_client(self.pool).initiate_auth(
                ClientId=get_pool(self.pool).client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "UserNotConfirmedException":
                return self.not_confirmed(username)
            form.add_error(None, f"Not now: {error.response['Error']['Code']}")
            return self.form_invalid(form)
        return render(self.request, "host/form.html", {"title": f"Hello, {username}"})

    def not_confirmed(self, username: str) -> HttpResponse:
        with contextlib.suppress(ConfirmSignUpError):
            resend_code(username, pool=self.pool, request=self.request)
        return HttpResponseRedirect(remember_username(self.request, username, pool=self.pool))
