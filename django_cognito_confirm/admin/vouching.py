"""Marks the e-mail address of one person as verified in Cognito, where staff vouch for it as they confirm."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .. import cognito, ledger, verifying
from ..conf import Pool
from ..errors import ConfirmSignUpError, Misconfigured
from ..models import Confirmation
from ..verifying import AccountDiffers
from . import access, outcomes
from .people import email_of, is_anothers, name_of, rows_of
from .selections import Selection


@dataclass(frozen=True, slots=True)
class Vouched:
    """What staff vouch for."""

    person: Model
    """As read when they said so."""
    email: str
    """As the page that asks has shown it."""
    before: Confirmation | None
    """The person's row then: what is confirmed now may be another person's account."""


def vouch(request: HttpRequest, selection: Selection, pool: Pool, person: Model) -> Vouched | None:
    """Return what staff vouch for, ``None`` where they did not tick the box or there was none.

    Call it before anybody is asked for. Raises ``PermissionDenied`` for whoever lacks the permission (by now).
    """
    if not selection.email or "verify_email" not in request.POST:
        return None
    access.require(request, "verify_email")
    return Vouched(person, selection.email, rows_of(pool, type(person), [person]).get(person.pk))


def verify(request: HttpRequest, pool: Pool, vouched: Vouched) -> None:
    """Mark the address of the local record as verified, if its owner is confirmed; say what came of it.

    Whether it was verified or not, that is in the history of the record and of the ledger's row.
    """
    row = ledger.rows_of_keys(pool, {pool.username_key(name_of(vouched.person))}).first()
    news, why = False, _objection(vouched, row)
    if not why:
        try:
            news = _verify(pool, vouched)
        except Misconfigured as error:
            why = cognito.explain(error)
        except ConfirmSignUpError as error:
            why = str(error.summary)
    facts = {"email": vouched.email, "why": why}
    if why:
        messages.error(request, said := _("%(email)s was not marked as verified: %(why)s.") % facts)
    elif news:
        messages.success(request, said := _("%(email)s is marked as verified.") % facts)
    else:
        messages.success(request, said := _("%(email)s was verified already.") % facts)
    concerned = [vouched.person, row] if row else [vouched.person]
    action = _("Confirm sign-up in Cognito")
    LogEntry.objects.log_actions(request.user.pk, concerned, CHANGE, f"{action}: {said}")


def _verify(pool: Pool, vouched: Vouched) -> bool:
    sub = vouched.before.sub if vouched.before else ""
    return verifying.verify_email(name_of(vouched.person), vouched.email, sub=sub, pool=pool.alias)


def _objection(vouched: Vouched, row: Confirmation | None) -> str:
    """Return why the account of which ``row`` speaks now is not called verified, ``""`` where nothing is against it."""
    if email_of(vouched.person) != vouched.email:
        return _("the record here has another e-mail address by now")
    if row is None or not outcomes.is_confirmed(row):
        return _("the person is not confirmed")
    if is_anothers(row, vouched.person) or _is_tied_no_more(vouched.before, row):
        return str(AccountDiffers.summary)
    return ""


def _is_tied_no_more(before: Confirmation | None, row: Confirmation) -> bool:
    """Return whether the person was tied to a sign-up, and the one that was confirmed is not known to be theirs.

    Where the account's sub was known, that decides.
    """
    return before is not None and not before.sub and before.user_id not in (None, row.user_id)
