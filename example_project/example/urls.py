from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from django_cognito_confirm.conf import get_pool

from . import views

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("sign-up/", views.SignUpView.as_view(), name="sign_up"),
    path("spa/", views.FrontEndView.as_view(), name="spa"),
    path("spa/sign-up/", views.FrontEndSignUpView.as_view(), name="spa_sign_up"),
    path("confirm/", include("django_cognito_confirm.urls")),
    path("cognito/events/", include("django_cognito_confirm.webhook.urls")),
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(next_page="home"), name="sign_out"),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("example/logo.svg"))),
]

if get_pool().sandbox:
    urlpatterns += [
        path("mailbox/", views.MailboxView.as_view(), name="mailbox"),
        path("cognito/", include("django_cognito_confirm.sandbox.urls")),
    ]
