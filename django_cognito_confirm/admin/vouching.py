"""Marks the e-mail address of one person as verified in Cognito, where staff vouch for it as they confirm."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .. import cognito, verifying
from ..conf import Pool
from ..errors import ConfirmSignUpError, Misconfigured
from . import access, outcomes
from .people import email_of, name_of, rows_of
from .selections import Selection


@dataclass(frozen=True, slots=True)
class Vouched:
    """What staff vouch for."""

    person: Model
    """As read when they said so."""
    email: str
    """As the page that asks has shown it."""


def vouch(request: HttpRequest, selection: Selection, person: Model) -> Vouched | None:
    """Return what staff vouch for, ``None`` where they did not tick the box or there was none.

    Raises ``PermissionDenied`` for whoever lacks the permission (by now).
    """
    if not selection.email or "verify_email" not in request.POST:
        return None
    access.require(request, "verify_email")
    return Vouched(person, selection.email)


def verify(request: HttpRequest, pool: Pool, vouched: Vouched) -> None:
    """Mark the address of the local record as verified, if its owner is confirmed."""
    person, email = vouched.person, vouched.email
    if email_of(person) != email:
        _refuse(request, email, _("the record here has another e-mail address by now"))
        return
    row = rows_of(pool, type(person), [person]).get(person.pk)
    if row is None or not outcomes.is_confirmed(row):
        _refuse(request, email, _("the person is not confirmed"))
        return
    try:
        news = verifying.verify_email(name_of(person), email, pool=pool.alias)
    except ConfirmSignUpError as error:
        _refuse(request, email, cognito.explain(error) if isinstance(error, Misconfigured) else str(error.summary))
        return
    said = _("%(email)s is marked as verified.") if news else _("%(email)s was verified already.")
    messages.success(request, said % {"email": email})
    if news:
        LogEntry.objects.log_actions(
            request.user.pk,
            [person],
            CHANGE,
            _("E-mail address marked as verified in Cognito: %(email)s") % {"email": email},
        )


def _refuse(request: HttpRequest, email: str, why: str) -> None:
    messages.error(request, _("%(email)s was not marked as verified: %(why)s.") % {"email": email, "why": why})
