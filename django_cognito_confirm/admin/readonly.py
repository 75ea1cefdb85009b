"""What the ledger's two lists have in common: they are there to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from .. import ledger


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows that only functions of this app may write."""

    class Media:
        css = {"all": ("django_cognito_confirm/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # A replica may be behind what was just done.
        rows: QuerySet[Any] = super().get_queryset(request).using(ledger.database())
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def url_name(self, view: str) -> str:
        """Return the name of one of this admin's URLs, without its namespace."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"

    def url(self, view: str, *args: Any) -> str:
        """Return one of this admin's URLs."""
        return reverse(f"admin:{self.url_name(view)}", args=args, current_app=self.admin_site.name)
