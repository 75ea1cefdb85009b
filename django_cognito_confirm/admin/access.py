"""Who may do what in the admin, and views that may call Cognito."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_POST

from .. import ledger
from ..models import Confirmation, Job

if TYPE_CHECKING:
    View = Callable[..., HttpResponseBase]


def may(request: HttpRequest, permission: str) -> bool:
    """Return whether the member of staff has one of the ledger's permissions, such as ``confirm_sign_up``."""
    return request.user.has_perm(f"django_cognito_confirm.{permission}")


def require(request: HttpRequest, permission: str) -> None:
    """Raise ``PermissionDenied`` for whoever lacks one of the ledger's permissions."""
    if not may(request, permission):
        raise PermissionDenied


def has_ledger(site: AdminSite) -> bool:
    """Return whether ``site`` has the pages that an action leads to."""
    return site.is_registered(Confirmation) and site.is_registered(Job)


def calls_cognito(site: AdminSite, view: View) -> View:
    """Make ``view`` one of ``site`` that takes POST only, outside the transaction of a request.

    Under ``ATOMIC_REQUESTS`` the ledger could not commit before the call to Cognito otherwise.
    """
    return transaction.non_atomic_requests(using=ledger.database())(site.admin_view(require_POST(view)))
