"""Bulk jobs in the admin: who asked for whom, how far it is, and what became of them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import bulk, ledger, tasks
from ..models import Confirmation, Job
from . import access
from .outcomes import not_confirmed, outcome_of, outcomes
from .readonly import ReadOnlyAdmin
from .running import INLINE, can_be_at_work, command, go_on, is_short
from .wording import label_of

NAMED: Final = 100
"""People of a large job who are named on its page."""

REFRESH: Final = 5
"""Seconds between two looks of the browser at a job that may go on by itself."""


class JobAdmin(ReadOnlyAdmin):
    """Bulk jobs. Whoever may confirm people sees the jobs that they have asked for; ``view_job`` shows all."""

    list_display = ("__str__", "source", "requested_by", "requested_at", "total", "skipped", "is_over", "problem")
    list_filter = ("pool", "source")
    list_select_related = ("requested_by",)
    ordering = ("-pk",)
    fields = ()  # the template shows them

    @admin.display(description=_("over"), boolean=True)
    def is_over(self, job: Any) -> bool:
        return not job.somebody_waits

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        jobs: QuerySet[Any] = super().get_queryset(request)
        if not super().has_view_permission(request):
            jobs = jobs.filter(requested_by=request.user)
        waiting = ledger.rows(job=OuterRef("pk"), queued_at__isnull=False)
        annotated: QuerySet[Any] = jobs.annotate(somebody_waits=Exists(waiting))
        return annotated

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or access.may(request, "confirm_sign_up")

    def get_urls(self) -> list[URLPattern]:
        view = access.calls_cognito(self.admin_site, self.go_on_view)
        return [path("<path:object_id>/go-on/", view, name=self.url_name("go_on")), *super().get_urls()]

    def go_on_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Confirm who still waits in a job."""
        access.require(request, "confirm_sign_up")
        job: Job | None = self.get_object(request, unquote(object_id))
        if job is None:
            raise Http404
        self.log_change(request, job, gettext("Went on."))
        go_on(request, job)
        return HttpResponseRedirect(self.url("change", job.pk))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show how far the job is; the browser looks again while a worker can be at work."""
        job: Job | None = self.get_object(request, unquote(object_id))
        context = self.get_job_context(request, job) if job else {}
        response = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        if job and not context["progress"].is_over and can_be_at_work(job):
            response.headers["Refresh"] = str(REFRESH)
        return response

    def get_job_context(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        """Return how far ``job`` is, what became of its people, and what can be done next."""
        progress = bulk.progress(job)
        counts = outcomes(job)
        return {
            "progress": progress,
            "outcomes": counts.most_common(),
            "elsewhere": max(0, progress.done - counts.total()),
            **self.get_people(request, job),
            **self.get_next_step(request, job),
        }

    def get_people(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        """Return the people to be named, each with the outcome and perhaps a link: of a large job the unlucky ones."""
        is_small = job.total <= INLINE
        rows = ledger.rows(job=job).order_by("pk") if is_small else not_confirmed(job)[:NAMED]
        confirmations: Any = self.admin_site.get_model_admin(Confirmation)
        may_view = confirmations.has_view_permission(request)
        return {
            "people": [
                (label_of(row), outcome_of(row), confirmations.url("change", row.pk) if may_view else "")
                for row in rows
            ],
            "people_are_all": is_small,
            "list_url": f"{confirmations.url('changelist')}?job={job.pk}" if may_view else "",
        }

    def get_next_step(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        """Return what can be done where somebody waits whom no worker has: a button, or a command."""
        somebody_waits = ledger.waiting(job).exists()
        can_start = tasks.can_run_in_background() or is_short(job)
        return {
            "go_on_url": self.url("go_on", job.pk) if somebody_waits and can_start else "",
            "may_go_on": access.may(request, "confirm_sign_up"),
            "command": command(job) if somebody_waits and not can_start else "",
        }
