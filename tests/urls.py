from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page of the host")


urlpatterns = [
    path("confirm/", include("django_cognito_confirm.urls")),
    path("staff/confirm/", include("django_cognito_confirm.urls", namespace="staff"), {"pool": "staff"}),
    path("events/", include("django_cognito_confirm.webhook.urls")),
    path("staff/events/", include("django_cognito_confirm.webhook.urls", namespace="staff-events"), {"pool": "staff"}),
    path("api/confirm/", include("django_cognito_confirm.rest_framework.urls")),
    path(
        "staff/api/confirm/",
        include("django_cognito_confirm.rest_framework.urls", namespace="staff_api"),
        {"pool": "staff"},
    ),
    path("cognito/", include("django_cognito_confirm.sandbox.urls")),
    path("admin/", admin.site.urls),
    path("sign-in/", page),
    path("sign-up/", page),
    path("welcome/", page),
]
