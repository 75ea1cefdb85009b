"""The page between choosing people in a list and doing something about them: who they are, and what will happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from ..models import Confirmation
from . import access, selections
from .selections import FIELD, Selection

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES: Final = 10
"""People named on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked."""

    title: StrOrPromise
    facts: Iterable[StrOrPromise]
    """Sentences that say what will happen."""
    button: StrOrPromise
    view: str
    """Name of the view of the ledger's admin that does it; ``args`` are that view's."""
    args: tuple[str, ...] = ()


def choose(
    origin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], *, pool: str = "", most: int | None = None
) -> Selection | None:
    """Return what was chosen, or ``None``, with a message, where nothing can be done about it.

    ``most`` is how many can be chosen, ``selections.MOST`` by default.
    """
    if not access.has_ledger(origin.admin_site):
        problem = _("This admin site lacks the pages of django_cognito_confirm: register Confirmation and Job on it.")
        origin.message_user(request, problem, messages.ERROR)
        return None
    selection = Selection.of(origin, request, queryset, pool)
    if len(selection.pks) > (most or selections.MOST):
        problem = _("Choose at most %(most)d at once.") % {"most": most or selections.MOST}
        if most is None:
            problem += " " + _("More are for the command: manage.py cognito_confirm --file people.csv")
        origin.message_user(request, problem, messages.ERROR)
        return None
    return selection


def ask(request: HttpRequest, selection: Selection, queryset: QuerySet[Any], question: Question) -> TemplateResponse:
    """Return the page; nothing has happened so far."""
    origin = selection.origin
    site = origin.admin_site
    confirmations: Any = site.get_model_admin(Confirmation)
    request.current_app = site.name
    context = {
        **site.each_context(request),
        "title": question.title,
        "subtitle": None,
        "opts": origin.opts,
        "question": question,
        "count": len(selection.pks),
        "names": [str(person) for person in islice(queryset[:NAMES], NAMES)],
        "more": max(0, len(selection.pks) - NAMES),
        "email": selection.email,
        "field": FIELD,
        "selection": selection.sign(question.view, *question.args),
        "url": confirmations.url(question.view, *question.args),
        "back": selection.back,
    }
    return TemplateResponse(request, "admin/django_cognito_confirm/ask.html", context)
