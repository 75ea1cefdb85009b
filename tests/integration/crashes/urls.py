"""The site: its sign-up page and the pages that are tested."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path

from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.pending import remember_sign_up


def sign_up(request: HttpRequest) -> HttpResponse:
    """Sign somebody up, as a host project does, and say whether the request is one transaction."""
    username = request.POST["username"]
    client = public_client()
    try:
        reply = client.sign_up(ClientId=get_pool().client_id, Username=username, Password="Correct-horse-7")
    except client.exceptions.UsernameExistsException:
        return HttpResponse("This name is taken.", status=409)
    atomic = connection.in_atomic_block
    with transaction.atomic():
        user = User.objects.create(username=username, is_active=False)
        response = HttpResponseRedirect(remember_sign_up(request, reply, username=username, user=user))
    response.headers["In-Transaction"] = str(atomic)
    return response


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page of the host")


urlpatterns = [
    path("sign-up/", sign_up),
    path("sign-in/", page),
    path("confirm/", include("django_cognito_confirm.urls")),
]
