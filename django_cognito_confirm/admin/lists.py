"""The ledger's list, of ten rows or of ten millions: nothing here reads or counts them all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from .. import ledger
from ..conf import get_pool, get_pool_aliases
from ..models import Confirmation, Job, Status

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

COUNTED: Final = 100_000
"""Rows that are counted and paged; the rest is reached by search and filters."""

NEWEST: Final = 1000
"""Rows whose sources the filter offers."""

JOBS: Final = 10
"""Newest jobs that the filter offers."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ``COUNTED``."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[:COUNTED].count()
        return counted


class LedgerChangeList(ChangeList):
    """Leaves the hierarchy of dates out where it would read too many rows, or where the database cannot make it."""

    is_capped = False

    def get_filters_params(self, params: Any = None) -> dict[str, list[str]]:
        found: dict[str, list[str]] = super().get_filters_params(params)
        if any("\0" in value for values in found.values() for value in values):
            raise IncorrectLookupParameters  # PostgreSQL would refuse the statement
        return found

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.is_capped = self.result_count >= COUNTED
        # MySQL and MariaDB need their tables of time zones for it.
        if self.is_capped or not connections[ledger.database()].features.has_zoneinfo_database:
            self.date_hierarchy = None


class StatusFilter(SimpleListFilter):
    """Rows in one status, by the index that sync uses."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, StrOrPromise]]:
        choices: list[tuple[str, StrOrPromise]] = Status.choices
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> QuerySet[Confirmation]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class PoolFilter(SimpleListFilter):
    """Rows of one pool, where there are several."""

    title = _("pool")
    parameter_name = "pool"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, StrOrPromise]]:
        aliases = get_pool_aliases()
        return [(alias, alias) for alias in aliases] if len(aliases) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> QuerySet[Confirmation]:
        return queryset.filter(pool=self.value()) if self.value() else queryset


class SourceFilter(SimpleListFilter):
    """Rows of one source: any that hosts name, so those of the newest rows are offered."""

    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, StrOrPromise]]:
        newest = ledger.rows().order_by("-pk").values_list("source", flat=True)[:NEWEST]
        return [(source, source) for source in sorted({*newest, self.used_parameters.get("source", "")} - {""})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> QuerySet[Confirmation]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class JobFilter(SimpleListFilter):
    """Rows of one bulk job: one of the newest, or one that a link names."""

    title = _("bulk job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, StrOrPromise]]:
        jobs = Job.objects.using(ledger.database()).order_by("-pk")[:JOBS]
        names = {
            str(job.pk): f"#{job.pk}, {date_format(localtime(job.requested_at), 'SHORT_DATE_FORMAT')}" for job in jobs
        }
        asked_for = self.used_parameters.get("job")
        return (({asked_for: f"#{asked_for}"} if asked_for else {}) | names).items()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> QuerySet[Confirmation]:
        if not self.value():
            return queryset
        found: QuerySet[Confirmation] = queryset.none()
        with suppress(Job.DoesNotExist, ValueError):
            found = queryset.filter(job=Job.objects.using(ledger.database()).get(pk=self.value()))
        return found


def search(queryset: QuerySet[Confirmation], term: str) -> QuerySet[Confirmation]:
    """Return the rows of a whole username, sub or username key, in any pool: each is found by an index."""
    keys = {get_pool(alias).username_key(term) for alias in get_pool_aliases()} | {term.lower()}
    either = ledger.rows(username_key__in=keys).union(ledger.rows(sub=term))
    found: QuerySet[Confirmation] = queryset.filter(pk__in=[row.pk for row in either])
    return found
