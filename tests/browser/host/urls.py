"""The pages once for each pool; and once more with texts of the host's own."""

from __future__ import annotations

from django.urls import include, path

from django_cognito_confirm.views import ConfirmView, DoneView, ResendView

from . import views

own = [
    path("", ConfirmView.as_view(template_name="host/confirm.html", form_class=views.OwnConfirmForm), name="confirm"),
    path("resend/", ResendView.as_view(), name="resend"),
    path("done/", DoneView.as_view(), name="done"),
]

urlpatterns = [
    path("confirm/", include("django_cognito_confirm.urls")),
    *(
        path(f"{pool}/confirm/", include("django_cognito_confirm.urls", namespace=pool), {"pool": pool})
        for pool in ("email", "phone", "aliases", "secret", "auto", "faults")
    ),
    path("own/", include((own, "cognito_confirm"), namespace="own")),
    path("sign-up/", views.SignUpView.as_view()),
    path("sign-in/", views.SignInView.as_view()),
    path("favicon.ico", views.favicon),
]
