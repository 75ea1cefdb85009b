"""How the ledger is shown: the list of its rows, and all that is known of one person on one page."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import get_pool_aliases
from ..models import Confirmation, Status
from . import lists
from .outcomes import error_in_words
from .readonly import ReadOnlyAdmin
from .wording import EXPLANATIONS, label_of

HISTORY: Final = 20
"""Newest entries of the history on the page of one person."""


class LedgerAdmin(ReadOnlyAdmin):
    """Rows of the ledger, to look at."""

    date_hierarchy = "started_at"
    list_display = (
        "person",
        "status_label",
        "last_error_label",
        "source",
        "pool",
        "open_attempts",
        "started_at",
        "confirmed_at",
        "delivered_at",
    )
    list_filter = (lists.StatusFilter, lists.PoolFilter, lists.SourceFilter, lists.JobFilter)
    ordering = ("-pk",)
    paginator = lists.CappedPaginator
    search_fields = ("username_key", "sub")
    search_help_text = _("A whole username, sub or username key.")
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()  # of ten million rows, only the order of the primary key is at hand
    readonly_fields = ("status_label", "status_explained", "last_error_explained", "how_they_ended", "is_owed")
    fieldsets = (
        (None, {"fields": ("status_label", "status_explained", "last_error_explained", "source", "job")}),
        (_("Person"), {"fields": (("username", "pool"), ("user", "sub"), "username_key")}),
        (_("Times"), {"fields": (("created_at", "started_at"), ("confirmed_at", "delivered_at"), "queued_at")}),
        (_("Attempts"), {"fields": (("open_attempts", "how_they_ended", "epoch"),)}),
        (_("Delivery"), {"fields": (("is_owed", "delivery_attempts", "delivery_error"),)}),
    )

    @admin.display(description=_("username"))
    def person(self, row: Confirmation) -> str:
        return label_of(row)

    @admin.display(description=_("status"))
    def status_label(self, row: Confirmation) -> str:
        return str(Status(row.status).label)

    @admin.display(description=_("what it means"))
    def status_explained(self, row: Confirmation) -> str:
        return str(EXPLANATIONS[row.status])

    @admin.display(description=_("last error"))
    def last_error_label(self, row: Confirmation) -> str:
        return error_in_words(row.status, row.last_error_kind) or row.last_error

    @admin.display(description=_("last error"))
    def last_error_explained(self, row: Confirmation) -> str:
        words = filter(
            None, (error_in_words(row.status, row.last_error_kind), row.last_error and f"({row.last_error})")
        )
        return " ".join(words) or self.get_empty_value_display()

    @admin.display(description=_("how they ended"))
    def how_they_ended(self, row: Confirmation) -> str:
        return gettext("one without a clear answer") if row.unclear else self.get_empty_value_display()

    @admin.display(description=_("owed"))
    def is_owed(self, row: Confirmation) -> str:
        return gettext("yes") if row.owed else gettext("no")

    def get_list_display(self, request: HttpRequest) -> Any:
        several = len(get_pool_aliases()) > 1
        return [column for column in self.list_display if several or column != "pool"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return lists.LedgerChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return lists.search(queryset, term) if term else queryset, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the newest of the history as well, so that all that happened to one person is on one page."""
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(self.model), object_id=unquote(object_id)
        )
        newest = entries.select_related("user").order_by("-action_time", "-pk")[:HISTORY]
        return super().change_view(request, object_id, form_url, {"entries": newest, **(extra_context or {})})
