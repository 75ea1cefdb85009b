"""The action that confirms people, for any list of users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import tasks
from ..conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from . import access, pages
from .people import email_of
from .running import INLINE


@admin.action(description=gettext_lazy("Confirm sign-up in Cognito"))
def confirm_in_cognito(
    modeladmin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Confirm people in Cognito without a code: an action for the ``ModelAdmin`` of any model of users.

    Their Cognito usernames are what ``USERNAME_FROM_USER`` makes of them; ``modeladmin.cognito_pool`` is the alias of
    their pool, ``"default"`` without it. This function only asks on a page of its own; a view of the ledger's admin,
    which must be registered on the same admin site, does the work, outside any transaction, for those who are in
    ``modeladmin.get_queryset(request)`` by then.

    Whoever sends ``request`` needs the permission ``django_cognito_confirm.confirm_sign_up``; it raises
    ``PermissionDenied`` otherwise. ``CognitoConfirmAdminMixin`` hides the action from those who lack it.
    """
    pool = getattr(modeladmin, "cognito_pool", DEFAULT_POOL_ALIAS)
    return ask_to_confirm(modeladmin, request, queryset, pool)


def ask_to_confirm(
    origin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], alias: str
) -> HttpResponse | None:
    """Ask whether the people of ``queryset`` shall be confirmed in the pool ``alias``."""
    access.require(request, "confirm_sign_up")
    selection = pages.choose(origin, request, queryset, pool=alias)
    if selection is None:
        return None
    try:
        pool = get_pool(alias)
    except ImproperlyConfigured as error:
        origin.message_user(request, str(error), messages.ERROR)
        return None
    count = len(selection.pks)
    if count == 1 and access.may(request, "verify_email"):
        selection = replace(selection, email=next(map(email_of, queryset[:1]), ""))
    question = pages.Question(
        title=_("Confirm sign-up in Cognito"),
        facts=list(_facts(pool, count)),
        button=_("Confirm in Cognito"),
        view="confirm",
    )
    return pages.ask(request, selection, queryset, question)


def _facts(pool: Pool, count: int) -> Iterator[str]:
    yield _("Cognito confirms them without a code, in the user pool %(id)s (%(alias)s).") % {
        "id": pool.user_pool_id,
        "alias": pool.alias,
    }
    yield _("It runs the post-confirmation Lambda trigger of the pool, if there is one.")
    yield _("It does not verify their e-mail addresses or phone numbers.")
    yield _("This site is told of everybody who is confirmed, as if they had entered their code.")
    if count <= INLINE:
        yield _("It is done at once, which takes some seconds.")
    elif tasks.can_run_in_background():
        yield _("More than %(most)d are confirmed in the background. The next page shows how far it is.") % {
            "most": INLINE
        }
    else:
        yield _(
            "More than %(most)d need a task backend with workers, and this site has none: they will be put in a queue, "
            "and the next page names the command that confirms them."
        ) % {"most": INLINE}
