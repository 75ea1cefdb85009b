"""Sentences about people and rows, for staff."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Confirmation, Status

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES: Final = 10
"""People named in a message."""

EXPLANATIONS: Final[dict[Any, StrOrPromise]] = {
    Status.CONFIRMED: _(
        "Cognito has confirmed this person. The receivers of sign_up_confirmed have not completed yet; "
        "cognito_sync tries again."
    ),
    Status.UNKNOWN: _("An attempt ended without a clear answer: the person may be confirmed. cognito_sync finds out."),
    Status.STARTED: _(
        "An attempt is under way. If it has died, cognito_sync finds out what became of it, from two minutes on."
    ),
    Status.DELIVERED: _("Cognito has confirmed this person, and the receivers of sign_up_confirmed have completed."),
    Status.QUEUED: _("Waits in a bulk job."),
    Status.REJECTED: _("Cognito said no to the last attempt."),
    Status.SIGNED_UP: _("The site has told of this sign-up. Nothing was tried yet."),
}


def label_of(row: Confirmation) -> str:
    """Return the name of a person, or the beginning of the key where the name was pruned."""
    return row.username or gettext("%(key)s… (no name)") % {"key": row.username_key[:12]}


def tell(summary: StrOrPromise, names: Collection[str]) -> str:
    """Return such as "3 people: not in the user pool (ann, bob, …)"; names that are empty are not named."""
    count = ngettext("%(count)d person: %(summary)s", "%(count)d people: %(summary)s", len(names))
    said = count % {"count": len(names), "summary": summary}
    named = list(islice(filter(None, names), NAMES))
    if not named:
        return said
    return f"{said} ({', '.join(named)}{', …' if len(names) > NAMES else ''})"
