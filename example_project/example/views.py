from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.views import RedirectURLMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.generic import FormView, TemplateView

from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import ConfirmSignUpError
from django_cognito_confirm.pending import remember_sign_up, remember_username
from django_cognito_confirm.services import resend_code
from django_cognito_confirm.throttling import take
from django_cognito_confirm.tokens import InvalidToken

from . import cognito
from .forms import SignInForm, SignUpForm
from .models import Profile

NOT_AVAILABLE = "Cognito cannot be reached just now. Please try again in a minute."


class HomeView(TemplateView):
    template_name = "example/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pool = get_pool()
        endpoint = self.request.build_absolute_uri("/cognito/") if pool.sandbox else ""
        return super().get_context_data(endpoint=endpoint, **kwargs)


class MailboxView(TemplateView):
    template_name = "example/mailbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        from django_cognito_confirm.sandbox.models import Message

        newest_first = Message.objects.select_related("user").order_by("-pk")[:50]
        return super().get_context_data(mailbox=newest_first, **kwargs)


class SignUpView(FormView):  # type: ignore[type-arg]
    template_name = "example/sign_up.html"
    form_class = SignUpForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Limit by address: each sign-up sends a message, which costs money."""
        limit = getattr(settings, "EXAMPLE_SIGN_UPS_BY_ADDRESS", "20/hour")
        wait = take("example:sign-up", request.META["REMOTE_ADDR"], limit)
        if wait is None:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.errors.clear()
        form.add_error(None, f"Too many sign-ups from your address. Please try again in {-(-wait // 60)} min.")
        return self.render_to_response(self.get_context_data(form=form), status=429, headers={"Retry-After": str(wait)})

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        username, email = form.cleaned_data["username"], form.cleaned_data["email"]
        try:
            reply = cognito.sign_up(username, email, form.cleaned_data["password"])
        except ClientError as error:
            return self.refused(form, error.response["Error"]["Code"])
        except BotoCoreError:
            form.add_error(None, NOT_AVAILABLE)
            return self.render_to_response(self.get_context_data(form=form), status=503)
        # All or nothing: the user, inactive until Cognito has confirmed them, and whose account and sign-up that is.
        with transaction.atomic():
            user = User.objects.create_user(username, email, is_active=False)
            Profile.objects.create(user=user, sub=reply["UserSub"])
            url = remember_sign_up(self.request, reply, username=username, user=user)
        return HttpResponseRedirect(url)

    def refused(self, form: SignUpForm, code: str) -> HttpResponse:
        """Say what Cognito's error code means for the person who signs up."""
        if code in ("CodeDeliveryFailureException", "LimitExceededException"):
            # The account may exist all the same, with its code not sent: the confirm page can ask for another.
            messages.warning(self.request, "The code could not be sent. Ask for a new one in a while.")
            return HttpResponseRedirect(remember_username(self.request, form.cleaned_data["username"]))
        match code:
            case "UsernameExistsException":
                form.add_error("username", "This username is taken. If it is yours, sign in.")
            case "InvalidPasswordException":
                form.add_error("password", "This password does not meet the rules below.")
            case "InvalidParameterException":
                form.add_error(None, "Cognito does not take these details. Check them, please.")
            case _:
                form.add_error(None, NOT_AVAILABLE)
        return self.form_invalid(form)


class FrontEndView(TemplateView):
    """A page in plain JavaScript, which talks to this site in JSON."""

    template_name = "example/spa.html"
    extra_context = {"form": SignUpForm()}


class FrontEndSignUpView(SignUpView):
    """The same sign-up, told in JSON."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        return JsonResponse({"next": response["Location"]}) if "Location" in response else response

    def render_to_response(self, context: dict[str, Any], **response: Any) -> HttpResponse:
        return JsonResponse({"errors": context["form"].errors.get_json_data()}, **{"status": 400, **response})


class SignInView(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    template_name = "example/sign_in.html"
    form_class = SignInForm
    next_page = "home"

    def form_valid(self, form: SignInForm) -> HttpResponse:
        username = form.cleaned_data["username"].strip()
        try:
            sub = cognito.sign_in(username, form.cleaned_data["password"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "UserNotConfirmedException":
                return self.not_confirmed(username)
            return self.refused(form, error.response["Error"]["Code"])
        except (BotoCoreError, ConfirmSignUpError, InvalidToken):
            return self.refused(form, "")
        user = local_user(sub) if sub else None
        if not sub:
            form.add_error(None, "Your account needs another step to sign in, which this site does not offer.")
        elif user is None:
            form.add_error(None, "Cognito knows you, but this account was not signed up here, so this site does not.")
        elif not user.is_active:
            form.add_error(None, "Your account on this site is not active.")
        else:
            login(self.request, user, backend="django.contrib.auth.backends.ModelBackend")
            return HttpResponseRedirect(self.get_success_url())
        return self.form_invalid(form)

    def not_confirmed(self, username: str) -> HttpResponse:
        """Send a new code and lead to the page that takes it."""
        with contextlib.suppress(ConfirmSignUpError):
            resend_code(username, request=self.request)
        messages.info(self.request, "Your account is not confirmed yet. Enter the code from the newest message.")
        return HttpResponseRedirect(remember_username(self.request, username))

    def refused(self, form: SignInForm, code: str) -> HttpResponse:
        match code:
            case "NotAuthorizedException" | "UserNotFoundException" | "InvalidParameterException":
                form.add_error(None, "Username or password is wrong.")
            case "PasswordResetRequiredException":
                form.add_error(None, "Your password must be reset before you can sign in.")
            case _:
                form.add_error(None, NOT_AVAILABLE)
        return self.form_invalid(form)


def local_user(sub: str) -> User | None:
    """Return the user who was made here for the Cognito account of the person who has just signed in.

    Never a user with an equal name: in the pool, anybody may sign up as "admin".
    """
    user: User | None = User.objects.filter(profile__sub=sub).first()
    return user
