"""What staff have chosen in a list, on its way through the page that asks whether they mean it.

It travels in one signed field of a form, for Django takes no more than a thousand fields. The signature only spares
whoever reads it the nonsense, such as what was chosen for something else: the people are looked up again through the
list that they were chosen from, so that nobody can reach whom they could not list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.apps import apps
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.exceptions import NotRegistered
from django.core import signing
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

FIELD: Final = "selection"
"""Name of the form's field."""

MOST: Final = 10_000
"""People chosen at once: they are put in the queue while the browser waits, which takes some ten seconds."""

CHUNK: Final = 500
"""People looked up with one statement."""

MAX_AGE: Final = timedelta(days=1)
"""How long the page that asks may be left open."""

SALT: Final = "django_cognito_confirm.admin"


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects that were chosen in a list of the admin."""

    origin: ModelAdmin[Any]
    pool: str
    """Alias of the pool, ``""`` where the objects say it themselves."""
    pks: list[int | str]
    back: str
    """Path of the list, with its filters."""
    email: str = ""
    """Address of the only one who was chosen, where staff may vouch for it: they do for none but the one they saw."""

    @classmethod
    def of(cls, origin: ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any], pool: str = "") -> Selection:
        """Return the selection of ``queryset``, of at most one more than ``MOST``."""
        pks = queryset.values_list("pk", flat=True)[: MOST + 1]
        return cls(origin, pool, [pk if isinstance(pk, int) else str(pk) for pk in pks], request.get_full_path())

    @classmethod
    def read(cls, site: AdminSite, request: HttpRequest, *purpose: str) -> Selection:
        """Return what a form brings back that was signed for ``purpose``.

        Raises ``BadRequest`` when it is none of ours, for another purpose or too old, ``Http404`` when the list is
        gone, and ``PermissionDenied`` for whoever may not see the list (any more).
        """
        try:
            label, *facts = signing.loads(request.POST.get(FIELD, ""), salt=_salt(purpose), max_age=MAX_AGE)
            origin = site.get_model_admin(apps.get_model(label))
        except signing.BadSignature:
            raise BadRequest("Choose the people in the list again, please.") from None
        except (LookupError, NotRegistered):
            raise Http404 from None
        if not origin.has_view_or_change_permission(request):
            raise PermissionDenied
        return cls(origin, *facts)

    def sign(self, *purpose: str) -> str:
        """Return the form's field, for the view that ``purpose`` names and its arguments."""
        facts = [self.origin.opts.label_lower, self.pool, self.pks, self.back, self.email]
        return signing.dumps(facts, salt=_salt(purpose), compress=True)

    def chunks(self, request: HttpRequest) -> Iterator[list[Model]]:
        """Yield those of the chosen who are in the list of this member of staff now, some hundred at a time."""
        for start in range(0, len(self.pks), CHUNK):
            found = self.origin.get_queryset(request).filter(pk__in=self.pks[start : start + CHUNK])
            # A list that joins other tables may show one person twice.
            if chunk := list({item.pk: item for item in found}.values()):
                yield chunk


def _salt(purpose: tuple[str, ...]) -> str:
    return ":".join((SALT, *purpose))
