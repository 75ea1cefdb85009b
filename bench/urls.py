"""The site that is measured: our pages, the rivals' views, and what the settings point at."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from bench import rivals


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page of the site")


def client_ip(request: HttpRequest) -> str:
    """Return the address that a person gives, so that each has one of their own."""
    address: str = request.META.get("HTTP_X_FORWARDED_FOR", "127.0.0.1")
    return address


urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", page),
    path("by-hand/", rivals.ByHandView.as_view()),
    path("common/", rivals.CommonView.as_view()),
    path("pycognito/", rivals.PycognitoView.as_view()),
]


def activate(confirmation: Any, **kwargs: Any) -> None:
    """Activate the local record that was made for this sign-up, else the one that has its name."""
    who = {"pk": confirmation.user_id} if confirmation.user_id else {"username": confirmation.username}
    User.objects.filter(**who).update(is_active=True)


if apps.is_installed("django_cognito_confirm"):
    from django_cognito_confirm.signals import sign_up_confirmed

    sign_up_confirmed.connect(activate, dispatch_uid="bench")
    urlpatterns.append(path("confirm/", include("django_cognito_confirm.urls")))
